package portal

import (
	"net/url"

	"peercert/cases"
	"peercert/certification"
	"peercert/web"
)

// trainingExamples are the pages of training and exam.
func trainingExamples(policy certification.Policy) []example {
	draft := func(values certification.TrainingValues, files []certification.Document, open ...certification.Part) trainingDraft {
		return trainingDraft{
			draft:  cases.Draft{Form: certification.FormTraining, Revision: 3, OpenParts: open, Findings: values.Check(policy, exampleNow)},
			values: values, files: files,
		}
	}
	told := certification.TrainingValues{ProviderID: "bay-peer-academy", CompletedOn: "2026-01-31", Hours: 80, DocumentIDs: []string{"d"}}
	stale := certification.TrainingValues{ProviderID: "sierra-peer-collective", CompletedOn: "2023-01-31", Hours: 40}
	clean := exampleFile(certification.DocumentTrainingCertificate, certification.DocumentClean)
	checking := exampleFile(certification.DocumentTrainingCertificate, certification.DocumentChecking)
	refused := exampleFile(certification.DocumentTrainingCertificate, certification.DocumentRefused)
	page := func(name string, stage certification.Stage, t trainingDraft, change func(*cases.View)) example {
		return example{Name: "training " + name, Page: "training", Title: "training.title", SignedIn: true, Content: func(frame web.Frame) any {
			return trainingPage(frame, exampleCaseUnder(policy, stage, change), t, exampleNow)
		}}
	}
	open := certification.PartTraining
	returned := func(v *cases.View) {
		v.Returned = []certification.ReasonCode{"TRAINING_UNREADABLE", "OTHER"}
		v.Notes = map[certification.ReasonCode]string{"OTHER": "The second page is missing."}
	}
	view := exampleCaseUnder(policy, certification.StageTraining, nil)
	again := draft(told, clean, open)
	again.returned = []certification.ReasonCode{"TRAINING_UNREADABLE"}
	anything := draft(told, clean, open)
	anything.returned = []certification.ReasonCode{"OTHER"}
	sentAnew := draft(told, clean, open)
	sentAnew.returned, sentAnew.draft.Answered = again.returned, []string{"document_ids"}
	question := func(name string, known url.Values, refuse func(form *web.Form)) example {
		return asks(name, "question", "training.details_title", true, known, refuse, func(frame web.Frame, form *web.Form) any {
			return trainingQuestion(frame, form, view)
		})
	}
	return []example{
		page("to do", certification.StageTraining, draft(certification.TrainingValues{}, nil, open), nil),
		page("half done", certification.StageTraining, draft(told, nil, open), nil),
		page("against the rules", certification.StageTraining, draft(stale, refused, open), nil),
		page("ready to send", certification.StageTraining, draft(told, clean, open), nil),
		page("early", certification.StageApplication, draft(certification.TrainingValues{}, nil, open), nil),
		page("sent early", certification.StageApplicationReview, draft(told, clean), nil),
		page("returned", certification.StageTrainingReturned, again, returned),
		page("returned and sent anew", certification.StageTrainingReturned, sentAnew, returned),
		question("training details", nil, nil),
		question("training details empty", nil, func(form *web.Form) {
			refuseFindings(form, form.Words(), []certification.Finding{
				{Field: "provider_id", Code: "required"}, {Field: "completed_on", Code: "required"}, {Field: "hours", Code: "too_few"},
			}, nil, policy)
		}),
		question("training details stale", url.Values{"completed_on-month": {"1"}, "completed_on-day": {"31"}, "completed_on-year": {"2023"}, "hours": {"80"}}, func(form *web.Form) {
			refuseFindings(form, form.Words(), []certification.Finding{{Field: "completed_on", Code: "stale"}}, nil, policy)
		}),
		question("training details too early", nil, func(form *web.Form) {
			refuseFindings(form, form.Words(), []certification.Finding{{Field: "completed_on", Code: "too_early"}}, nil, policy)
		}),
		question("training details, no date", url.Values{"completed_on-month": {"13"}, "completed_on-day": {"31"}, "completed_on-year": {"2023"}, "hours": {"80"}}, refusing("completed_on", "finding.not_a_date", nil)),
		reads("training check", "training.check_title", true, func(frame web.Frame) any { return trainingAnswers(frame, view, draft(told, clean, open)) }),
		reads("training check with the file that came back", "training.check_title", true, func(frame web.Frame) any { return trainingAnswers(frame, view, again) }),
		reads("training check with nothing changed", "training.check_title", true, func(frame web.Frame) any { return trainingAnswers(frame, view, anything) }),
		reads("training check waits for the file", "training.check_title", true, func(frame web.Frame) any { return trainingAnswers(frame, view, draft(told, checking, open)) }),
	}
}

func examExamples(policy certification.Policy) []example {
	booking := func(exam *certification.Exam, url string) func(*cases.View) {
		return func(v *cases.View) { v.Exam, v.BookingURL = exam, url }
	}
	choose := func(name string, cancelled bool, change func(*cases.View), refuse func(form *web.Form)) example {
		return asks("exam "+name, "reading", "exam.choose.title", true, nil, refuse, func(frame web.Frame, form *web.Form) any {
			return examChoice(frame, form, exampleCaseUnder(policy, certification.StageExamBooking, change), cancelled)
		})
	}
	show := func(name string, stage certification.Stage, cancelled bool, change func(*cases.View)) example {
		view := exampleCaseUnder(policy, stage, change)
		return reads("exam "+name, "exam."+examState(view)+".title", true, func(frame web.Frame) any { return examReading(frame, view, cancelled) })
	}
	asked := &certification.Exam{AuthorizationID: "a", Language: "es", Place: certification.ExamOnline}
	known := &certification.Exam{AuthorizationID: "a", Language: "es", Place: certification.ExamOnline, Authorized: true}
	const page = "https://exams.example.test/book"
	return []example{
		choose("to choose", false, nil, nil),
		choose("nothing chosen", false, nil, func(form *web.Form) {
			form.Refuse("language", "exam.language_missing", nil)
			form.Refuse("place", "exam.place_missing", nil)
		}),
		choose("refused", false, booking(&certification.Exam{AuthorizationID: "a", Refused: true}, ""), nil),
		choose("to choose after a cancelled one", true, nil, nil),
		show("asking the vendor", certification.StageExamBooking, false, booking(asked, "")),
		show("waits on hold", certification.StageExamBooking, false, func(v *cases.View) { v.OnHold = true }),
		show("to book", certification.StageExamBooking, false, booking(known, page)),
		show("to book after a cancelled one", certification.StageExamBooking, true, booking(known, page)),
		show("booked", certification.StageExamBooked, false, func(v *cases.View) { v.BookingURL = page }),
		show("booked online", certification.StageExamBooked, false, func(v *cases.View) { v.Exam.Place, v.BookingURL = certification.ExamOnline, page }),
		show("scoring", certification.StageExamScoring, false, nil),
		show("again", certification.StageExamFee, false, func(v *cases.View) { v.AttemptsUsed = 1 }),
		show("again for the last time", certification.StageExamFee, false, func(v *cases.View) { v.AttemptsUsed = 2 }),
	}
}

// exampleFile is one document of a kind.
func exampleFile(kind certification.DocumentKind, status certification.DocumentStatus) []certification.Document {
	file := certification.Document{ID: "d", Kind: kind, Status: status, MediaType: "application/pdf", Bytes: 340_000, FileName: "certificate.pdf", UploadedAt: exampleNow}
	if status == certification.DocumentRefused {
		file.RefusalCode = certification.DocumentEncrypted
	}
	return []certification.Document{file}
}
