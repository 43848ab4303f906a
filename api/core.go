package api

import (
	"context"

	"peercert/cases"
	"peercert/certification"
)

// What the API needs from the core. Errors that callers can act on are
// *certification.Refusal, anywhere in the chain; any other error is answered with
// 500, and its text goes to the log, so it must not carry personal data. A case
// that the actor may not see is refused with certification.NotFound, exactly like
// one that does not exist.

// Tokens tells who sends a token.
type Tokens interface {
	// Authenticate gives the actor of a token. Any refusal of type unauthenticated is
	// shown in the same words.
	Authenticate(ctx context.Context, token string) (certification.Actor, error)
}

// Registrations takes people in.
type Registrations interface {
	// Register sends a code to the address, and does the same, in the same time, for
	// an address that is known.
	Register(ctx context.Context, key string, registration cases.Registration) (cases.OpenedRegistration, error)
	// Confirm begins a case. A wrong code is refused like an unknown registration.
	Confirm(ctx context.Context, key, registrationID, code string) (cases.Confirmation, error)
}

// Cases are read and moved.
type Cases interface {
	List(ctx context.Context, actor certification.Actor, filter cases.Filter) (cases.List, error)
	Case(ctx context.Context, actor certification.Actor, caseID string) (cases.View, error)
	// Send gives a signal to a case and answers with the case as it then is. The same
	// key and signal answer the same; a key used for something else is refused.
	Send(ctx context.Context, actor certification.Actor, signal cases.Send) (cases.View, error)
}

// Records are what happened to a case.
type Records interface {
	Events(ctx context.Context, actor certification.Actor, caseID string, page cases.Page) (cases.Events, error)
	Promises(ctx context.Context, actor certification.Actor, caseID string) ([]cases.Promise, error)
	LettersPart(ctx context.Context, actor certification.Actor, caseID string, page cases.Page) (cases.PartOf[cases.Letter], error)
	PaymentsPart(ctx context.Context, actor certification.Actor, caseID string, page cases.Page) (cases.PartOf[cases.Payment], error)
}

// Drafts are forms that are being filled in.
type Drafts interface {
	// Draft reads a draft. From staff the purpose is never empty, and the reading is
	// recorded before anything is answered.
	Draft(ctx context.Context, actor certification.Actor, caseID string, form certification.Form, purpose cases.Purpose) (cases.Draft, error)
	SaveDraft(ctx context.Context, actor certification.Actor, save cases.SaveDraft) (cases.Draft, error)
}

// Documents are the evidence of a case.
type Documents interface {
	Upload(ctx context.Context, actor certification.Actor, upload cases.Upload) (certification.Document, error)
	// DocumentsPart lists those of one kind, or of all if kind is empty.
	DocumentsPart(ctx context.Context, actor certification.Actor, caseID string, kind certification.DocumentKind, page cases.Page) (cases.PartOf[certification.Document], error)
	Document(ctx context.Context, actor certification.Actor, caseID, documentID string) (certification.Document, error)
	// Content opens the original for the owner and the view for staff. From staff the
	// purpose is never empty, and the reading is recorded before anything is answered.
	Content(ctx context.Context, actor certification.Actor, caseID, documentID string, purpose cases.Purpose) (cases.Content, error)
}

// Videos keep how far somebody came with the introduction video.
type Videos interface {
	VideoProgress(ctx context.Context, actor certification.Actor, caseID string) (cases.VideoProgress, error)
	Watch(ctx context.Context, actor certification.Actor, watch cases.Watch) (cases.VideoProgress, error)
}

// Reference is what forms need to know beyond package certification.
type Reference interface {
	TrainingProviders(ctx context.Context) ([]cases.TrainingProvider, error)
	Video(ctx context.Context) (cases.Video, error)
	// Certificate finds a certificate by its number in the usual form.
	Certificate(ctx context.Context, number string) (cases.PublicCertificate, error)
}

// Webhooks verify, store and only then return nil. What was stored before is
// nothing new, and nil. A bad signature is refused with bad-signature.
type Webhooks interface {
	Stripe(ctx context.Context, body []byte, signature string) error
	ExamVendor(ctx context.Context, body []byte, signature string) error
}

// Health says how the parts are doing that the API needs.
type Health interface {
	Ready(ctx context.Context) []cases.Part
}
