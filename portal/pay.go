package portal

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"peercert/cases"
	"peercert/certification"
	back "peercert/payments"
	"peercert/web"
)

func (p *portal) payRoutes() []route {
	return []route{
		{get, "/:language/cases/:case/pay", owner, (*visit).askFee},
		{post, "/:language/cases/:case/pay", owner, (*visit).payFee},
		{get, "/:language/cases/:case/pay/done", owner, (*visit).paid},
		{get, "/:language/cases/:case/payments", owner, (*visit).payments},
		{get, "/:language/cases/:case/payments/:payment", owner, (*visit).receipt},
		// Where the payment page leads back to: it knows neither language nor case.
		{get, "/payments/:payment/:outcome", signedIn, (*visit).backFromPaying},
		{get, "/:language/payments/:payment/:outcome", signedIn, (*visit).backFromPaying},
	}
}

// Pay is the page before the payment page.
type Pay struct {
	Question
	Fee, Amount string
	What        string // what the fee is for
	DueBy       string
	Continue    string // address of a payment page that is open already
	Opening     string // it is being opened, and whether this page asks again by itself
	Help        string // address of the page about help with the fee
}

func (v *visit) askFee() error {
	return v.payQuestion(web.NewForm(v.words, nil))
}

func (v *visit) payQuestion(form *web.Form) error {
	fee, due := v.view.FeeDue()
	if !due || !slices.Contains(v.view.Available, certification.SignalPayFee) {
		v.redirect(v.casePath("")) // which says why: nothing is due, or the case is on hold
		return nil
	}
	v.sessions.Put(v.Request.Context(), sessionLanguage, v.words.Language())
	frame := v.frame("pay."+string(fee)+".title", nil)
	frame.Back = frame.Link(v.casePath(""))
	frame.Problems = form.Problems()
	content := payContent(frame, form, v.view, fee)
	content.Key = v.key()
	if v.view.Payment != nil {
		if v.open() {
			content.Continue = v.view.CheckoutURL
		} else if v.Query("opening") != "" {
			content.Opening = v.words.Say("pay.opening_slow", nil)
			if v.lookAgain("opening") {
				content.Opening = v.words.Say("pay.opening", nil)
			}
		}
	}
	return show(v, http.StatusOK, "pay", frame, content)
}

// payContent is the page before the payment page, as it is first shown.
func payContent(frame web.Frame, form *web.Form, view cases.View, fee certification.Fee) Pay {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	return Pay{
		Fee: say("fee." + string(fee)), Amount: frame.Money(view.Policy.AmountCents(fee)), What: say("pay." + string(fee) + ".what"),
		DueBy: frame.By(view.DueAt()), Help: frame.Link("/help-with-the-fee"),
		Question: Question{
			Action: frame.Link("/cases/" + view.ID + "/pay"), Button: say("pay.button"),
			Inputs: []web.Input{form.Input(web.Input{
				Kind: web.InputCheckboxes, Name: "not_refunded", Options: []web.Option{{Value: view.Policy.NotRefundableVersion, Label: say("pay.not_refunded")}},
			}, "pay.not_refunded_label", "")},
		},
	}
}

// open says whether there is a payment page that still takes the fee.
func (v *visit) open() bool {
	return v.view.CheckoutURL != "" && v.Now().Before(v.view.CheckoutExpiresAt)
}

func (v *visit) payFee() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	if !slices.Contains(v.view.Available, certification.SignalPayFee) {
		v.afterNoPayment()
		return nil
	}
	if !form.Checked("not_refunded", v.view.Policy.NotRefundableVersion) {
		form.Refuse("not_refunded", "pay.not_refunded_missing", nil)
		return v.payQuestion(form)
	}
	asked, err := v.send(&certification.PayFee{NotRefundableVersion: v.view.Policy.NotRefundableVersion})
	if _, is := refusedWith(err, certification.RefusedWrongStage); is {
		// It changed since this visit began: what it is now decides where to go.
		if v.view, err = v.Cases.Case(v.Request.Context(), v.actor, v.Param("case")); err != nil {
			return err
		}
		v.afterNoPayment()
		return nil
	}
	if err != nil {
		return err
	}
	v.view = asked
	if v.open() {
		v.Redirect(http.StatusSeeOther, v.view.CheckoutURL)
		return nil
	}
	v.redirect(v.casePath("/pay") + "?opening=0")
	return nil
}

// afterNoPayment leads on who could not ask for a payment page: to the home while the fee
// is still due, because that says why (a hold), and otherwise to what became of the fee,
// which was paid in another window or waived.
func (v *visit) afterNoPayment() {
	page := "/pay/done"
	if _, due := v.view.FeeDue(); due {
		page = ""
	}
	v.redirect(v.casePath(page))
}

// backFromPaying finds the case of a payment and leads to what became of it, in the
// language that the person left in.
func (v *visit) backFromPaying() error {
	if left := v.sessions.GetString(v.Request.Context(), sessionLanguage); left != "" && v.Param("language") == "" {
		v.words = web.Words(left)
	}
	list, err := v.Cases.CasesOf(v.Request.Context(), v.actor)
	if err != nil {
		return err
	}
	for _, view := range list {
		payments, err := v.Cases.Payments(v.Request.Context(), v.actor, view.ID)
		if err != nil {
			return err
		}
		for _, payment := range payments {
			if payment.ID == v.Param("payment") {
				v.redirect("/cases/" + view.ID + "/pay/done?" + url.Values{"payment": {payment.ID}, "outcome": {v.Param("outcome")}}.Encode())
				return nil
			}
		}
	}
	return certification.NotFound()
}

// Paid is what became of a payment.
type Paid struct {
	Text    string
	Waiting bool   // the payment processor has not told us yet
	Again   string // address of this page, once it does not ask again by itself any more
	Button  web.Button
	Receipt string
}

func (v *visit) paid() error {
	payments, err := v.Cases.Payments(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return err
	}
	id := v.Query("payment")
	payments = slices.DeleteFunc(payments, func(p cases.Payment) bool {
		// Of what was done in another window, or by us, only these are certain.
		return id != "" && p.ID != id || id == "" && p.Status != "paid" && p.Status != "waived"
	})
	if len(payments) == 0 {
		v.redirect(v.casePath("")) // which says where things stand
		return nil
	}
	last := payments[len(payments)-1]
	status := last.Status
	name := "done"
	content := Paid{Button: web.Button{Label: v.words.Say("pay.to_case", nil), Address: "/" + v.words.Language() + v.casePath("")}}
	switch {
	case status == "open" && v.Query("outcome") == back.ReturnPaid:
		name, content.Waiting = "waiting", true
		if err := v.Cases.LookAtPayment(v.Request.Context(), v.actor, v.view.ID, last.ID); err != nil {
			return err
		}
		if !v.lookAgain("look") {
			content.Again = v.Request.URL.Path + "?" + url.Values{"payment": {id}, "outcome": {v.Query("outcome")}}.Encode() // where it begins anew
		}
	case status == "waived", status == "refunded", status == certification.PaymentSurplus, status == certification.PaymentCredit:
		name = status
	case status == "open":
		name = "not_paid"
		content.Button = web.Button{Label: v.words.Say("pay.try_again", nil), Address: "/" + v.words.Language() + v.casePath("/pay")}
	case status == "failed":
		name = "failed"
		content.Button = web.Button{Label: v.words.Say("pay.try_again", nil), Address: "/" + v.words.Language() + v.casePath("/pay")}
	}
	content.Text = v.words.Say("pay."+name+".text", nil)
	if content.Again != "" {
		content.Text = v.words.Say("pay.waiting.text_slow", nil)
	}
	frame := v.frame("pay."+name+".title", nil)
	if name == "done" {
		content.Receipt = frame.Link(v.casePath("/payments"))
	}
	return show(v, http.StatusOK, "paid", frame, content)
}

func (v *visit) payments() error {
	payments, err := v.Cases.Payments(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return err
	}
	frame := v.frame("payments.title", nil)
	frame.Back = frame.Link(v.casePath(""))
	return show(v, http.StatusOK, "lines", frame, paymentLines(frame, v.view.ID, payments))
}

// paymentLines list the payments of a case, the newest first.
func paymentLines(frame web.Frame, caseID string, payments []cases.Payment) Lines {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	content := Lines{Intro: say("payments.intro"), Empty: say("payments.empty")}
	for i := len(payments) - 1; i >= 0; i-- {
		payment := payments[i]
		line := web.Line{
			When: frame.Moment(payment.AskedAt), What: frame.Money(payment.AmountCents) + " · " + say("fee."+string(payment.Fee)),
			Detail: say("payments.status_" + payment.Status),
		}
		if _, has := refundWords[payment.Status]; has {
			line.Address = frame.Link("/cases/" + caseID + "/payments/" + payment.ID)
		}
		content.Lines = append(content.Lines, line)
	}
	return content
}

// refundWords are the statuses that have a receipt, since money arrived, and what it says
// about giving it back.
var refundWords = map[string]string{
	certification.PaymentPaid: "payments.not_refunded", certification.PaymentCredit: "payments.kept", certification.PaymentSurplus: "payments.to_refund", certification.PaymentRefundedWhole: "payments.refunded",
}

// Receipt is money that arrived, to print.
type Receipt struct{ Rows []web.Row }

func (v *visit) receipt() error {
	payments, err := v.Cases.Payments(v.Request.Context(), v.actor, v.view.ID)
	if err != nil {
		return err
	}
	for _, payment := range payments {
		refund, has := refundWords[payment.Status]
		if payment.ID != v.Param("payment") || !has {
			continue
		}
		frame := v.frame("payments.receipt_title", nil)
		frame.Back = frame.Link(v.casePath("/payments"))
		return show(v, http.StatusOK, "receipt", frame, receipt(frame, payment.Fee, payment.AmountCents, payment.SettledAt, v.view.Number, payment.ID, refund))
	}
	return certification.NotFound()
}

func receipt(frame web.Frame, fee certification.Fee, cents int64, paidAt time.Time, caseNumber, number, refund string) Receipt {
	say := func(key string) string { return frame.Localizer.Say(key, nil) }
	row := func(key, value string) web.Row {
		return web.Row{Label: say("payments." + key), Values: []string{value}}
	}
	return Receipt{Rows: []web.Row{
		row("receipt_fee", say("fee."+string(fee))), row("receipt_amount", frame.Money(cents)), row("receipt_paid", frame.Moment(paidAt)),
		row("receipt_case", caseNumber), row("receipt_number", number), row("receipt_operator", frame.Operator),
		row("receipt_refund", say(refund)),
	}}
}
