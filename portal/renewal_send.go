package portal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (v *visit) askEthicsAgain() error {
	r, err := v.signing()
	if err != nil {
		return err
	}
	known := url.Values{}
	if r.signed() {
		known = url.Values{"ethics.read": {"yes"}, "ethics.typed_name": {r.values.Ethics.TypedName}}
	}
	return v.ethicsAgain(r, web.NewForm(v.words, known))
}

// signing is renewing for the page of the code of ethics.
func (v *visit) signing() (renewalDraft, error) {
	r, err := v.renewing()
	if err == nil && !r.open(certification.PartEthics) {
		v.redirect(v.casePath("/renewal"))
		err = errElsewhere
	}
	return r, err
}

func (v *visit) ethicsAgain(r renewalDraft, form *web.Form) error {
	frame := v.frame("renewal.ethics_title", nil)
	frame.Back = frame.Link(v.casePath("/renewal"))
	frame.Problems = form.Problems()
	return show(v, http.StatusOK, "ethics", frame, codeOfEthics(v.words, r.policy.EthicsVersion, Question{
		Key: v.key(), Action: frame.Link(v.casePath("/renewal/code-of-ethics")), Button: plain(frame, "renewal.ethics_button"),
		Intro: []string{plain(frame, "renewal.ethics_intro")}, Inputs: signatureInputs(form),
	}))
}

func (v *visit) signEthicsAgain() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	r, err := v.signing()
	if err != nil {
		return err
	}
	signature := readSignature(form, r.policy.EthicsVersion)
	if form.Refused() {
		return v.ethicsAgain(r, form)
	}
	if _, err := saveDraft(v, certification.FormRenewal, func(certification.RenewalValues) map[string]any {
		return map[string]any{"ethics": signature}
	}); err != nil {
		return err
	}
	v.redirect(v.casePath("/renewal"))
	return nil
}

// checkable is renewing for the page that sends: with something missing it leads to the
// page that says what.
func (v *visit) sendable() (renewalDraft, error) {
	r, err := v.renewing()
	if err == nil && (!r.enough() || !r.signed()) {
		v.redirect(v.casePath("/renewal"))
		err = errElsewhere
	}
	return r, err
}

func (v *visit) checkRenewal() error {
	r, err := v.sendable()
	if err != nil {
		return err
	}
	return v.renewalAnswers(r, web.NewForm(v.words, nil), v.key())
}

func (v *visit) renewalAnswers(r renewalDraft, form *web.Form, key string) error {
	frame := v.frame("renewal.check_title", nil)
	frame.Back = frame.Link(v.casePath("/renewal"))
	frame.Problems = form.Problems()
	answers := renewalAnswers(frame, form, v.view, r)
	answers.Question.Key = key
	return v.reading(frame, answers)
}

// seenRenewal stands for what a person saw of a renewal, and nobody can read it from that.
// It is not the revision: that they attest it is saved as they send it.
func seenRenewal(values certification.RenewalValues) string {
	values.Attested = false
	encoded, err := json.Marshal(values)
	if err != nil {
		panic(fmt.Sprintf("portal: a form of strings and numbers cannot be encoded: %v", err))
	}
	sum := sha256.Sum256(encoded)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// renewalChanged shows what would be handed in as it is now: what is handed in is what
// the person saw. What they attested was about other courses.
func (v *visit) renewalChanged() error {
	r, err := v.sendable()
	if err != nil {
		return err
	}
	form := web.SentForm(v.words, nil)
	form.Refuse("answers", "form.changed_elsewhere", nil)
	return v.renewalAnswers(r, form, uuid.NewString())
}

// renewalAnswers shows what is handed in, and asks to attest it.
func renewalAnswers(frame web.Frame, form *web.Form, view cases.View, r renewalDraft) Reading {
	link := func(page string) string { return frame.Link("/cases/" + view.ID + "/renewal" + page) }
	all, ethics := sums(frame, r)
	rows := []web.Row{{Label: plain(frame, "renewal.sum"), Values: []string{all.Words, ethics.Words}, Change: link(""), Words: plain(frame, "renewal.change_courses")}}
	for i, course := range r.values.Courses {
		line := courseLine(frame, course, strconv.Itoa(i+1))
		row := web.Row{Label: plain(frame, "renewal.course_number", "Number", i+1), Values: []string{line.Title, line.Provider, line.Detail}}
		if course.LawAndEthics {
			row.Values = append(row.Values, line.Status)
		}
		rows = append(rows, row)
	}
	signed := web.Row{Label: plain(frame, "renewal.sign"), Values: []string{r.values.Ethics.TypedName}}
	if r.open(certification.PartEthics) {
		signed.Change, signed.Words = link("/code-of-ethics"), plain(frame, "renewal.change_signature")
	}
	reading := Reading{
		Lead:     plain(frame, "renewal.check_lead"),
		Sections: []Section{{ID: "answers", Heading: plain(frame, "renewal.check_heading"), Rows: append(rows, signed)}},
		Question: &Question{Action: link("/check"), Button: plain(frame, "renewal.check_button"), Seen: seenRenewal(r.values)},
	}
	if r.asks("courses") {
		reading.Notices = append(reading.Notices, noticeOf(frame, "warning", "renewal.unanswered_courses"))
	}
	if r.asks("ethics") {
		reading.Notices = append(reading.Notices, noticeOf(frame, "warning", "renewal.unanswered_ethics"))
	}
	switch {
	case view.Stage == certification.StageRenewalReturned:
		reading.Question.Intro = []string{plain(frame, "renewal.check_no_fee")}
	case view.RenewalSettled(r.policy):
		reading.Question.Intro = []string{plain(frame, "renewal.check_paid")}
	default:
		reading.Question.Intro = []string{plain(frame, "renewal.check_fee", "Fee", frame.Money(r.policy.AmountCents(view.RenewalFee())))}
	}
	if r.open(certification.PartContinuing) {
		reading.Question.Inputs = []web.Input{form.Input(web.Input{Kind: web.InputCheckboxes, Name: "attested", Options: []web.Option{
			{Value: "yes", Label: plain(frame, "renewal.attest")},
		}}, "renewal.attest_label", "renewal.attest_hint")}
	}
	return reading
}

// sendRenewal hands the renewal in, as the person saw it.
func (v *visit) sendRenewal() error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	r, err := v.sendable()
	if err != nil {
		return err
	}
	draft, seen := r.draft, form.Value("seen")
	if seenRenewal(r.values) != seen {
		return v.renewalChanged()
	}
	if r.open(certification.PartContinuing) {
		if !form.Checked("attested", "yes") {
			form.Refuse("attested", "renewal.attest_missing", nil)
			return v.renewalAnswers(r, form, v.key())
		}
		changed := false
		if draft, err = saveDraft(v, certification.FormRenewal, func(values certification.RenewalValues) map[string]any {
			if changed = seenRenewal(values) != seen; changed || values.Attested {
				return nil
			}
			return map[string]any{"attested": true}
		}); err != nil {
			return err
		}
		if changed {
			return v.renewalChanged()
		}
	}
	var message certification.Message = &certification.SubmitRenewal{DraftRevision: draft.Revision, EthicsVersion: r.policy.EthicsVersion}
	if v.view.Stage == certification.StageRenewalReturned {
		message = &certification.ResubmitRenewal{DraftRevision: draft.Revision}
	}
	after, err := v.send(message)
	switch {
	case errors.Is(err, certification.StaleRevision()), errors.Is(err, certification.KeyReused()):
		return v.renewalChanged()
	case outdated(err):
		v.redirect(v.casePath("/renewal")) // a rule is against it by now: the page says which
		return nil
	case err != nil:
		return err
	}
	if _, due := after.FeeDue(); due {
		v.redirect(v.casePath("/pay"))
		return nil
	}
	v.redirect(v.casePath(""))
	return nil
}
