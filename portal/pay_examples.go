package portal

import (
	"peercert/certification"
	"peercert/web"
)

func payExamples() []example {
	pay := func(name string, fee certification.Fee, change func(web.Frame, *Pay)) example {
		return example{Name: "pay " + name, Page: "pay", Title: "pay." + string(fee) + ".title", SignedIn: true, Content: func(frame web.Frame) any {
			view := exampleView(certification.StageApplicationFee, nil)
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
		example{Name: "paid waiting, for long", Page: "paid", Title: "pay.waiting.title", SignedIn: true, Content: func(frame web.Frame) any {
			return Paid{Text: frame.Localizer.Say("pay.waiting.text_slow", nil), Waiting: true, Again: "/", Button: web.Button{Label: frame.Localizer.Say("pay.to_case", nil), Address: "/"}}
		}},
	)
	for _, name := range []string{"done", "waiting", "not_paid", "failed", "waived", "surplus", "refunded", "disputed"} {
		all = append(all, example{Name: "paid " + name, Page: "paid", Title: "pay." + name + ".title", SignedIn: true, Content: func(frame web.Frame) any {
			content := Paid{Text: frame.Localizer.Say("pay."+name+".text", nil), Waiting: name == "waiting", Button: web.Button{Label: frame.Localizer.Say("pay.to_case", nil), Address: "/"}}
			if name == "done" {
				content.Receipt = "/"
			}
			return content
		}})
	}
	for _, status := range []string{certification.PaymentPaid, certification.PaymentSurplus, certification.PaymentRefundedWhole} {
		all = append(all, example{Name: "receipt " + status, Page: "receipt", Title: "payments.receipt_title", SignedIn: true, Content: func(frame web.Frame) any {
			return receipt(frame, certification.FeeApplication, 100_00, exampleNow, "PC-7K3M-92QX", "0195f3a0-0000-7000-8000-00000000000a", refundWords[status])
		}})
	}
	return all
}
