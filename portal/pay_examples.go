package portal

import (
	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// notAccepted is the form of a fee that was sent without the tick.
func notAccepted(frame web.Frame) *web.Form {
	form := web.SentForm(frame.Localizer, nil)
	form.Refuse("not_refunded", "pay.not_refunded_missing", nil)
	return form
}

func payExamples(policy certification.Policy) []example {
	pay := func(name string, fee certification.Fee, change func(web.Frame, *Pay)) example {
		return example{Name: "pay " + name, Page: "pay", Title: "pay." + string(fee) + ".title", SignedIn: true, Content: func(frame web.Frame) any {
			view := exampleCaseUnder(policy, certification.StageApplicationFee, nil)
			content := payContent(frame, web.NewForm(frame.Localizer, nil), view, fee)
			if change != nil {
				change(frame, &content)
			}
			return content
		}}
	}
	var all []example
	for _, fee := range []certification.Fee{
		certification.FeeApplication, certification.FeeExam, certification.FeeRetake, certification.FeeRenewal, certification.FeeLateRenewal,
	} {
		all = append(all, pay(string(fee), fee, nil))
	}
	all = append(all,
		pay("open already", certification.FeeApplication, func(_ web.Frame, p *Pay) { p.Continue = "https://payments.example/page" }),
		pay("being opened", certification.FeeApplication, func(frame web.Frame, p *Pay) { p.Opening = frame.Localizer.Say("pay.opening", nil) }),
		pay("being opened, slowly", certification.FeeApplication, func(frame web.Frame, p *Pay) { p.Opening = frame.Localizer.Say("pay.opening_slow", nil) }),
		example{
			Name: "pay without accepting", Page: "pay", Title: "pay.application.title", SignedIn: true,
			Content: func(frame web.Frame) any {
				return payContent(frame, notAccepted(frame), exampleCaseUnder(policy, certification.StageApplicationFee, nil), certification.FeeApplication)
			},
			Problems: func(frame web.Frame) []web.Problem {
				form := notAccepted(frame)
				payContent(frame, form, exampleCaseUnder(policy, certification.StageApplicationFee, nil), certification.FeeApplication)
				return form.Problems()
			},
		},
		example{Name: "payments", Page: "lines", Title: "payments.title", SignedIn: true, Content: func(frame web.Frame) any {
			var payments []cases.Payment
			for i, status := range []string{"open", "failed", "waived", "paid", certification.PaymentCredit, certification.PaymentSurplus, certification.PaymentRefundedWhole} {
				payments = append(payments, cases.Payment{
					ID: "0195f3a0-0000-7000-8000-00000000000a", Fee: certification.FeeApplication, AmountCents: policy.ApplicationFeeCents, Status: status, AskedAt: exampleNow.AddDate(0, 0, -i),
				})
			}
			return paymentLines(frame, exampleCase, payments)
		}},
		example{Name: "payments none", Page: "lines", Title: "payments.title", SignedIn: true, Content: func(frame web.Frame) any {
			return paymentLines(frame, exampleCase, nil)
		}},
		example{Name: "paid waiting, for long", Page: "paid", Title: "pay.waiting.title", SignedIn: true, Content: func(frame web.Frame) any {
			return Paid{Text: frame.Localizer.Say("pay.waiting.text_slow", nil), Waiting: true, Again: "/", Button: web.Button{Label: frame.Localizer.Say("pay.to_case", nil), Address: "/"}}
		}},
	)
	for _, name := range []string{"done", "waiting", "not_paid", "failed", "waived", "credit", "surplus", "refunded"} {
		all = append(all, example{Name: "paid " + name, Page: "paid", Title: "pay." + name + ".title", SignedIn: true, Content: func(frame web.Frame) any {
			content := Paid{Text: frame.Localizer.Say("pay."+name+".text", nil), Waiting: name == "waiting", Button: web.Button{Label: frame.Localizer.Say("pay.to_case", nil), Address: "/"}}
			if name == "done" {
				content.Receipt = "/"
			}
			return content
		}})
	}
	for _, status := range []string{certification.PaymentPaid, certification.PaymentCredit, certification.PaymentSurplus, certification.PaymentRefundedWhole} {
		all = append(all, example{Name: "receipt " + status, Page: "receipt", Title: "payments.receipt_title", SignedIn: true, Content: func(frame web.Frame) any {
			return receipt(frame, certification.FeeApplication, policy.ApplicationFeeCents, exampleNow, "PC-7K3M-92QX", "0195f3a0-0000-7000-8000-00000000000a", refundWords[status])
		}})
	}
	return all
}
