package portal

import (
	"slices"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

func (p *portal) leavingRoutes() []route {
	return []route{
		{get, "/:language/cases/:case/withdraw", owner, func(v *visit) error { return v.askLeave(withdrawing) }},
		{post, "/:language/cases/:case/withdraw", owner, func(v *visit) error { return v.leave(withdrawing) }},
		{get, "/:language/cases/:case/surrender", owner, func(v *visit) error { return v.askLeave(surrendering) }},
		{post, "/:language/cases/:case/surrender", owner, func(v *visit) error { return v.leave(surrendering) }},
	}
}

// leaving is a way to end a case: before there is a certificate, or by giving it back.
type leaving string

const (
	withdrawing  leaving = "withdraw"
	surrendering leaving = "surrender"
)

func (l leaving) signal() certification.Signal {
	if l == surrendering {
		return certification.SignalSurrender
	}
	return certification.SignalWithdraw
}

func (l leaving) message() certification.Message {
	if l == surrendering {
		return &certification.Surrender{}
	}
	return &certification.Withdraw{}
}

func (v *visit) askLeave(way leaving) error {
	return v.leaveQuestion(way, web.NewForm(v.words, nil))
}

func (v *visit) leaveQuestion(way leaving, form *web.Form) error {
	if !slices.Contains(v.view.Available, way.signal()) {
		v.redirect(v.casePath(""))
		return nil
	}
	frame := v.frame(string(way)+".title", nil)
	frame.Back = frame.Link(v.casePath(""))
	frame.Problems = form.Problems()
	return v.reading(frame, leaveReading(frame, form, v.view, way))
}

// leaveReading says what is lost and what stays, and asks once more.
func leaveReading(frame web.Frame, form *web.Form, view cases.View, way leaving) Reading {
	key := string(way)
	reading := Reading{
		Lead: plain(frame, key+".lead"),
		Sections: []Section{
			{ID: "lost", Heading: plain(frame, key+".lost_heading"), Items: paragraphs(frame, key+".lost", 3)},
			{ID: "stays", Heading: plain(frame, key+".stays_heading"), Items: paragraphs(frame, key+".stays", 2)},
		},
		Question: &Question{
			Action: frame.Link("/cases/" + view.ID + "/" + key), Button: plain(frame, "leave.button"),
			Inputs: []web.Input{form.Input(web.Input{Kind: web.InputRadios, Name: "sure", Options: []web.Option{
				{Value: "no", Label: plain(frame, key+".no")}, {Value: "yes", Label: plain(frame, key+".yes")},
			}}, key+".question", "")},
		},
	}
	if way == withdrawing && slices.Contains(view.Available, certification.SignalAppeal) {
		reading.Notices = append(reading.Notices, noticeOf(frame, "info", "withdraw.denied", "DueBy", frame.By(view.DueAt())))
	}
	return reading
}

func (v *visit) leave(way leaving) error {
	form, err := v.sent()
	if err != nil {
		return err
	}
	switch form.Value("sure") {
	case "no":
		v.redirect(v.casePath(""))
		return nil
	case "yes":
	default:
		form.Refuse("sure", "leave.missing", nil)
		return v.leaveQuestion(way, form)
	}
	if !slices.Contains(v.view.Available, way.signal()) {
		v.redirect(v.casePath("")) // done in another window, or decided meanwhile
		return nil
	}
	if _, err := v.send(way.message()); err != nil {
		return err
	}
	v.redirect(v.casePath(""))
	return nil
}
