package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"peercert/api/wire"
	"peercert/cases"
	"peercert/certification"
)

// plain is the request's own context. The generated code hands over Gin's, which
// is used again for other requests, so it must not reach the core.
func plain(ctx context.Context) context.Context {
	if c, ok := ctx.(*gin.Context); ok {
		return c.Request.Context()
	}
	return ctx
}

func (s *server) Register(ctx context.Context, r wire.RegisterRequestObject) (wire.RegisterResponseObject, error) {
	b := r.Body
	registration := cases.Registration{
		FirstName: b.FirstName, MiddleName: value(b.MiddleName), LastName: b.LastName, Called: value(b.Called),
		Email: string(b.Email), Phone: value(b.Phone), CountyPlan: b.CountyPlan, Language: b.Language,
		Address: cases.Address{
			Line1: b.Address.Line1, Line2: value(b.Address.Line2), City: b.Address.City, State: b.Address.State, ZIP: b.Address.Zip,
		},
	}
	if b.DateOfBirth != nil {
		registration.DateOfBirth = b.DateOfBirth.Time
	}
	if c, is := ctx.(*gin.Context); is {
		registration.Asker = s.machine(c.Request)
	}
	opened, err := s.registrations.Register(plain(ctx), r.Params.IdempotencyKey, registration)
	return wire.Register202JSONResponse{
		RegistrationID: opened.ID, ExpiresAt: opened.ExpiresAt.UTC(), ResendAfter: opened.ResendAfter.UTC(),
	}, err
}

func (s *server) ConfirmRegistration(ctx context.Context, r wire.ConfirmRegistrationRequestObject) (wire.ConfirmRegistrationResponseObject, error) {
	confirmed, err := s.registrations.Confirm(plain(ctx), r.Params.IdempotencyKey, r.RegistrationID, r.Body.Code)
	owner := certification.Actor{Role: certification.RoleApplicant, ID: confirmed.Case.ApplicantID}
	return wire.ConfirmRegistration201JSONResponse{
		Case: caseOf(confirmed.Case, owner), Token: confirmed.Token, TokenExpiresAt: confirmed.TokenExpiresAt.UTC(),
	}, err
}

// defaultLimit is how many items a part has when nobody says.
const defaultLimit = 50

func pageOf(cursor *string, limit *int) cases.Page {
	page := cases.Page{Cursor: value(cursor), Limit: value(limit)}
	if page.Limit == 0 {
		page.Limit = defaultLimit
	}
	return page
}

func (s *server) ListCases(ctx context.Context, r wire.ListCasesRequestObject) (wire.ListCasesResponseObject, error) {
	actor, p := requestOf(ctx).actor, r.Params
	list, err := s.cases.List(plain(ctx), actor, cases.Filter{
		Stage: certification.Stage(value(p.Stage)), WaitsOn: certification.Party(value(p.WaitsOn)), Assignee: value(p.Assignee),
		Overdue: p.Overdue, Attention: value(p.Attention), CountyPlan: value(p.CountyPlan), DueBefore: value(p.DueBefore),
		Page: pageOf(p.Cursor, p.Limit),
	})
	return wire.ListCases200JSONResponse{
		Items:      each(list.Cases, func(view cases.View) wire.Case { return caseOf(view, actor) }),
		NextCursor: optional(list.Next),
	}, err
}

func (s *server) GetCase(ctx context.Context, r wire.GetCaseRequestObject) (wire.GetCaseResponseObject, error) {
	actor := requestOf(ctx).actor
	view, err := s.cases.Case(plain(ctx), actor, r.CaseID)
	return wire.GetCase200JSONResponse{CaseJSONResponse: wire.CaseJSONResponse(caseOf(view, actor))}, err
}

func (s *server) ListEvents(ctx context.Context, r wire.ListEventsRequestObject) (wire.ListEventsResponseObject, error) {
	actor := requestOf(ctx).actor
	events, err := s.records.Events(plain(ctx), actor, r.CaseID, pageOf(r.Params.Cursor, r.Params.Limit))
	items := make([]wire.Event, 0, len(events.Events))
	for _, event := range events.Events {
		if event.Void && !staff(actor) {
			continue
		}
		items = append(items, eventOf(event, actor))
	}
	return wire.ListEvents200JSONResponse{Items: items, NextCursor: optional(events.Next)}, err
}

func (s *server) ListPromises(ctx context.Context, r wire.ListPromisesRequestObject) (wire.ListPromisesResponseObject, error) {
	actor := requestOf(ctx).actor
	promises, err := s.records.Promises(plain(ctx), actor, r.CaseID)
	slices.Reverse(promises) // they come oldest first
	return wire.ListPromises200JSONResponse{
		Items: each(promises, func(p cases.Promise) wire.Promise { return promiseOf(p, actor) }),
	}, err
}

func (s *server) ListLetters(ctx context.Context, r wire.ListLettersRequestObject) (wire.ListLettersResponseObject, error) {
	actor := requestOf(ctx).actor
	letters, err := s.records.LettersPart(plain(ctx), actor, r.CaseID, pageOf(r.Params.Cursor, r.Params.Limit))
	return wire.ListLetters200JSONResponse{
		Items:      each(letters.Items, func(l cases.Letter) wire.Letter { return letterOf(l, actor) }),
		NextCursor: optional(letters.Next),
	}, err
}

func (s *server) ListPayments(ctx context.Context, r wire.ListPaymentsRequestObject) (wire.ListPaymentsResponseObject, error) {
	actor := requestOf(ctx).actor
	payments, err := s.records.PaymentsPart(plain(ctx), actor, r.CaseID, pageOf(r.Params.Cursor, r.Params.Limit))
	return wire.ListPayments200JSONResponse{
		Items:      each(payments.Items, func(p cases.Payment) wire.Payment { return paymentOf(p, actor) }),
		NextCursor: optional(payments.Next),
	}, err
}

// purposeOf is why an actor reads. Owners need not say; staff must.
func purposeOf(actor certification.Actor, said *string) (cases.Purpose, error) {
	if said == nil && staff(actor) {
		return "", certification.Invalid(certification.Finding{
			Field: "Purpose", Code: "required", Detail: "Say in the header Purpose why you read personal data.",
		})
	}
	if !staff(actor) {
		return "", nil
	}
	return cases.Purpose(*said), nil
}

// readDraft is what reading the four drafts has in common.
func readDraft[T any](ctx context.Context, s *server, caseID string, form certification.Form, said *string) (T, error) {
	var none T
	actor := requestOf(ctx).actor
	purpose, err := purposeOf(actor, said)
	if err != nil {
		return none, err
	}
	draft, err := s.drafts.Draft(plain(ctx), actor, caseID, form, purpose)
	if err != nil {
		return none, err
	}
	return draftAs[T](draft)
}

// saveDraft is what saving them has in common. The changes are taken from the body
// as it was sent, because a typed one does not tell null from absent.
func saveDraft[T any](ctx context.Context, s *server, caseID string, form certification.Form, revision int) (T, error) {
	var none T
	r := requestOf(ctx)
	var body struct {
		Values json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		return none, fmt.Errorf("reading the changes of a draft of form %s failed after they were checked", form)
	}
	draft, err := s.drafts.SaveDraft(plain(ctx), r.actor, cases.SaveDraft{CaseID: caseID, Form: form, Revision: revision, Changes: body.Values})
	if err != nil {
		return none, err
	}
	return draftAs[T](draft)
}

func (s *server) GetApplicationDraft(ctx context.Context, r wire.GetApplicationDraftRequestObject) (wire.GetApplicationDraftResponseObject, error) {
	return readDraft[wire.GetApplicationDraft200JSONResponse](ctx, s, r.CaseID, certification.FormApplication, r.Params.Purpose)
}

func (s *server) SaveApplicationDraft(ctx context.Context, r wire.SaveApplicationDraftRequestObject) (wire.SaveApplicationDraftResponseObject, error) {
	return saveDraft[wire.SaveApplicationDraft200JSONResponse](ctx, s, r.CaseID, certification.FormApplication, r.Body.Revision)
}

func (s *server) GetTrainingDraft(ctx context.Context, r wire.GetTrainingDraftRequestObject) (wire.GetTrainingDraftResponseObject, error) {
	return readDraft[wire.GetTrainingDraft200JSONResponse](ctx, s, r.CaseID, certification.FormTraining, r.Params.Purpose)
}

func (s *server) SaveTrainingDraft(ctx context.Context, r wire.SaveTrainingDraftRequestObject) (wire.SaveTrainingDraftResponseObject, error) {
	return saveDraft[wire.SaveTrainingDraft200JSONResponse](ctx, s, r.CaseID, certification.FormTraining, r.Body.Revision)
}

func (s *server) GetRenewalDraft(ctx context.Context, r wire.GetRenewalDraftRequestObject) (wire.GetRenewalDraftResponseObject, error) {
	return readDraft[wire.GetRenewalDraft200JSONResponse](ctx, s, r.CaseID, certification.FormRenewal, r.Params.Purpose)
}

func (s *server) SaveRenewalDraft(ctx context.Context, r wire.SaveRenewalDraftRequestObject) (wire.SaveRenewalDraftResponseObject, error) {
	return saveDraft[wire.SaveRenewalDraft200JSONResponse](ctx, s, r.CaseID, certification.FormRenewal, r.Body.Revision)
}

func (s *server) GetAppealDraft(ctx context.Context, r wire.GetAppealDraftRequestObject) (wire.GetAppealDraftResponseObject, error) {
	return readDraft[wire.GetAppealDraft200JSONResponse](ctx, s, r.CaseID, certification.FormAppeal, r.Params.Purpose)
}

func (s *server) SaveAppealDraft(ctx context.Context, r wire.SaveAppealDraftRequestObject) (wire.SaveAppealDraftResponseObject, error) {
	return saveDraft[wire.SaveAppealDraft200JSONResponse](ctx, s, r.CaseID, certification.FormAppeal, r.Body.Revision)
}

func (s *server) GetVideoProgress(ctx context.Context, r wire.GetVideoProgressRequestObject) (wire.GetVideoProgressResponseObject, error) {
	progress, err := s.videos.VideoProgress(plain(ctx), requestOf(ctx).actor, r.CaseID)
	return wire.GetVideoProgress200JSONResponse(progressOf(progress)), err
}

func (s *server) RecordVideoProgress(ctx context.Context, r wire.RecordVideoProgressRequestObject) (wire.RecordVideoProgressResponseObject, error) {
	progress, err := s.videos.Watch(plain(ctx), requestOf(ctx).actor, cases.Watch{
		CaseID: r.CaseID, Key: r.Params.IdempotencyKey, Chapter: r.Body.Chapter, Event: string(r.Body.Event),
	})
	return wire.RecordVideoProgress200JSONResponse(progressOf(progress)), err
}

func (s *server) GetPolicy(_ context.Context, r wire.GetPolicyRequestObject) (wire.GetPolicyResponseObject, error) {
	now := s.now()
	p := certification.CurrentPolicy(now)
	if r.Params.Version != nil {
		var known bool
		if p, known = certification.PolicyOf(*r.Params.Version, now); !known {
			return nil, certification.NotFound()
		}
	}
	fees := []certification.Fee{
		certification.FeeApplication, certification.FeeExam, certification.FeeRetake, certification.FeeRenewal, certification.FeeLateRenewal,
	}
	return wire.GetPolicy200JSONResponse{
		Version: p.Version, InForceFrom: p.InForceFrom.UTC(), Currency: p.Currency,
		Fees: each(fees, func(fee certification.Fee) wire.Price {
			return wire.Price{Fee: string(fee), AmountCents: p.AmountCents(fee)}
		}),
		ReviewDays: p.ReviewDays, ReturnedDays: p.ReturnedDays, WindowMonths: p.WindowMonths, MaxExamAttempts: p.MaxExamAttempts,
		ResultsNoticeDays: p.ResultsNoticeDays, TermYears: p.TermYears, RenewalOpensDays: p.RenewalOpensDays,
		RenewalReminderDays: each(p.RenewalReminderDays, func(days int) int { return days }), LateRenewalMonths: p.LateRenewalMonths,
		ContinuingHours: p.ContinuingHours, LawAndEthicsHours: p.LawAndEthicsHours, TrainingHours: p.TrainingHours,
		TrainingValidYears: p.TrainingValidYears, TrainingFrom: string(p.FirstTrainingDay()), AppealDays: p.AppealDays, DraftDays: p.DraftDays, MinimumAgeYears: p.MinimumAgeYears,
		EthicsVersion: p.EthicsVersion, NotRefundableVersion: p.NotRefundableVersion,
	}, nil
}

func (s *server) ListReasons(context.Context, wire.ListReasonsRequestObject) (wire.ListReasonsResponseObject, error) {
	return wire.ListReasons200JSONResponse{
		Items: each(certification.Reasons, func(rule certification.ReasonRule) wire.Reason {
			return wire.Reason{
				Code: string(rule.Code), Part: string(rule.Part), CanBePutRight: rule.CanBePutRight, NeedsNote: rule.NeedsNote,
				Reviews: each(rule.Reviews, text[certification.Review]),
			}
		}),
	}, nil
}

func (s *server) ListCountyPlans(context.Context, wire.ListCountyPlansRequestObject) (wire.ListCountyPlansResponseObject, error) {
	return wire.ListCountyPlans200JSONResponse{Items: certification.CountyPlans()}, nil
}

func (s *server) ListExamLanguages(context.Context, wire.ListExamLanguagesRequestObject) (wire.ListExamLanguagesResponseObject, error) {
	return wire.ListExamLanguages200JSONResponse{Items: certification.ExamLanguages}, nil
}

func (s *server) ListTrainingProviders(ctx context.Context, _ wire.ListTrainingProvidersRequestObject) (wire.ListTrainingProvidersResponseObject, error) {
	providers, err := s.reference.TrainingProviders(plain(ctx))
	return wire.ListTrainingProviders200JSONResponse{
		Items: each(providers, func(p cases.TrainingProvider) wire.TrainingProvider {
			provider := wire.TrainingProvider{
				ID: p.ID, Name: p.Name, Languages: each(p.Languages, text[string]), ApprovedFrom: dayOf(p.ApprovedFrom),
			}
			if !p.ApprovedUntil.IsZero() {
				until := dayOf(p.ApprovedUntil)
				provider.ApprovedUntil = &until
			}
			return provider
		}),
	}, err
}

func (s *server) GetVideo(ctx context.Context, _ wire.GetVideoRequestObject) (wire.GetVideoResponseObject, error) {
	video, err := s.reference.Video(plain(ctx))
	answer := wire.GetVideo200JSONResponse{Version: video.Version, Chapters: []wire.Chapter{}}
	for _, chapter := range video.Chapters {
		answer.Seconds += chapter.Seconds
		answer.Chapters = append(answer.Chapters, wire.Chapter{Chapter: chapter.ID, Title: chapter.Title, Seconds: chapter.Seconds})
	}
	return answer, err
}

func (s *server) GetCertificate(ctx context.Context, r wire.GetCertificateRequestObject) (wire.GetCertificateResponseObject, error) {
	if err := s.looked(ctx); err != nil {
		return nil, err
	}
	number, ok := certification.ParseNumber(r.CertificateNumber)
	if !ok {
		return nil, certification.NotFound()
	}
	found, err := s.reference.Certificate(plain(ctx), number)
	return wire.GetCertificate200JSONResponse{
		Number: found.Number, Name: optional(found.Name), Status: found.Status,
		IssuedAt: found.IssuedAt.UTC(), ExpiresAt: found.ExpiresAt.UTC(),
	}, err
}
