package cases

import (
	"context"
	"encoding/json"
	"time"

	"peercert/certification"
	"peercert/store/queries"
)

// Export is everything that is kept about a person, as one JSON value, for themselves. Its
// members have the names and the codes of the API, times are RFC 3339 in UTC, and absent
// is what there is not. What documents hold is beside it: see WriteExport.
// Staff are told by their role. Not in it are copies that go by themselves within a month:
// the answers that are kept so that a request may be repeated, and sessions.
type Export struct {
	MadeAt time.Time      `json:"made_at"`
	Person ExportedPerson `json:"person"`
	// Codes are those that were mailed to the address in the last month.
	Codes  []ExportedCode  `json:"codes"`
	Tokens []ExportedToken `json:"tokens"` // that stand for the person; never the token itself
	Cases  []ExportedCase  `json:"cases"`  // the newest first
}

// ExportedPerson is what the records know of a person.
type ExportedPerson struct {
	ID          string             `json:"id"`
	CandidateID string             `json:"candidate_id"` // what the exam vendor knows them by
	CustomerID  string             `json:"customer_id,omitempty"`
	FirstName   string             `json:"first_name"`
	MiddleName  string             `json:"middle_name,omitempty"`
	LastName    string             `json:"last_name"`
	Called      string             `json:"called,omitempty"`
	Email       string             `json:"email"`
	Phone       string             `json:"phone,omitempty"`
	Address     ExportedAddress    `json:"address"`
	CountyPlan  string             `json:"county_plan"`
	Language    string             `json:"language"`
	DateOfBirth certification.Date `json:"date_of_birth,omitempty"`
	CreatedAt   time.Time          `json:"created_at"`
	ClosedAt    time.Time          `json:"closed_at,omitzero"`
	// SignedOutAt is when they last signed out everywhere.
	SignedOutAt time.Time `json:"signed_out_at,omitzero"`
}

// ExportedAddress is a postal address.
type ExportedAddress struct {
	Line1 string `json:"line1"`
	Line2 string `json:"line2,omitempty"`
	City  string `json:"city"`
	State string `json:"state"`
	ZIP   string `json:"zip"`
}

// ExportedCode is a code that was mailed.
type ExportedCode struct {
	Purpose     string    `json:"purpose"`
	MailedAt    time.Time `json:"mailed_at"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
}

// ExportedToken is a token of the API.
type ExportedToken struct {
	Label     string    `json:"label"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

// ExportedCase is a case with all that belongs to it.
type ExportedCase struct {
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// State is the case as it stands.
	State          certification.Case      `json:"state"`
	Events         []ExportedEvent         `json:"events"` // the newest first
	Promises       []ExportedPromise       `json:"promises"`
	Letters        []ExportedLetter        `json:"letters"`
	Payments       []ExportedPayment       `json:"payments"`
	Authorizations []ExportedAuthorization `json:"authorizations"`
	Drafts         []ExportedDraft         `json:"drafts"`
	Documents      []ExportedDocument      `json:"documents"`
	Notes          []ExportedNote          `json:"notes"`
	Video          []ExportedChapter       `json:"video"`
	Reads          []Read                  `json:"reads"`
	// Erased says what was erased because it was kept for its time, oldest first.
	Erased []Erasure `json:"erased"`
}

// ExportedEvent is one line of the log of a case.
type ExportedEvent struct {
	certification.Event
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	Void   bool      `json:"void,omitempty"` // never took effect
}

// ExportedPromise is a promise of a case, open or not.
type ExportedPromise struct {
	certification.Promise
	EndedAt time.Time `json:"ended_at,omitzero"`
	Kept    bool      `json:"kept,omitempty"`
}

// ExportedLetter is a letter as it was sent.
type ExportedLetter struct {
	ID        string               `json:"id"`
	Letter    certification.Letter `json:"letter"`
	Language  string               `json:"language"`
	CreatedAt time.Time            `json:"created_at"`
	SentAt    time.Time            `json:"sent_at,omitzero"`
	Subject   string               `json:"subject"`
	Text      string               `json:"text"`
	ErasedAt  time.Time            `json:"erased_at,omitzero"`
}

// ExportedPayment is a fee that was asked for.
type ExportedPayment struct {
	ID          string            `json:"id"`
	Fee         certification.Fee `json:"fee"`
	AmountCents int64             `json:"amount_cents"`
	Currency    string            `json:"currency"`
	Status      string            `json:"status"`
	AskedAt     time.Time         `json:"asked_at"`
	SettledAt   time.Time         `json:"settled_at,omitzero"`
}

// ExportedAuthorization is what the exam vendor was sent, beside names and address.
type ExportedAuthorization struct {
	ID            string    `json:"id"`
	Attempt       int       `json:"attempt"`
	Language      string    `json:"language"`
	Place         string    `json:"place"`
	EligibleFrom  time.Time `json:"eligible_from"`
	EligibleUntil time.Time `json:"eligible_until"`
	SentAt        time.Time `json:"sent_at,omitzero"`
}

// ExportedDraft is a form as it was filled in last.
type ExportedDraft struct {
	Form     certification.Form `json:"form"`
	Revision int                `json:"revision"`
	Values   json.RawMessage    `json:"values"`
	// HandedIn says that it is out of the person's hands now.
	HandedIn bool `json:"handed_in"`
	// Sent is what it said each time it was handed in, the oldest first.
	Sent     []json.RawMessage `json:"handed_in_values"`
	SavedAt  time.Time         `json:"saved_at"`
	ErasedAt time.Time         `json:"erased_at,omitzero"`
}

// ExportedDocument is a document without what it holds.
type ExportedDocument struct {
	ID          string                       `json:"id"`
	Kind        certification.DocumentKind   `json:"kind"`
	Status      certification.DocumentStatus `json:"status"`
	RefusalCode string                       `json:"refusal_code,omitempty"`
	FileName    string                       `json:"file_name,omitempty"`
	MediaType   string                       `json:"media_type"`
	Bytes       int64                        `json:"bytes"`
	SHA256      string                       `json:"sha256"`
	UploadedAt  time.Time                    `json:"uploaded_at"`
	CheckedAt   time.Time                    `json:"checked_at,omitzero"`
	// File is its name in an export with files; NoFile says why there is none, or not all
	// of it, such as NoFileNotChecked.
	File   string `json:"file,omitempty"`
	NoFile string `json:"no_file,omitempty"`
}

// ExportedNote is what a reviewer wrote to the person about a reason.
type ExportedNote struct {
	Reason certification.ReasonCode `json:"reason"`
	Note   string                   `json:"note"`
	At     time.Time                `json:"at"`
}

// ExportedChapter is how far the person came with a chapter of the video.
type ExportedChapter struct {
	Chapter    string    `json:"chapter"`
	OpenedAt   time.Time `json:"opened_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
}

// mostEvents bounds what is read of one log; a certification has some dozens a term.
const mostEvents = 10_000

// Export gives everything that is kept about whoever asks.
func (c *Cases) Export(ctx context.Context, actor certification.Actor) (Export, error) {
	person, err := c.Person(ctx, actor)
	if err != nil {
		return Export{}, err
	}
	row, err := c.Store.ReadApplicant(ctx, actor.ID)
	if err != nil {
		return Export{}, failed(err, "reading a person")
	}
	export := Export{
		MadeAt: c.now().UTC(), Codes: []ExportedCode{}, Tokens: []ExportedToken{}, Cases: []ExportedCase{},
		Person: ExportedPerson{
			ID: person.ID, CandidateID: row.CandidateID, CustomerID: row.CustomerID, FirstName: person.FirstName, MiddleName: person.MiddleName,
			LastName: person.LastName, Called: person.Called, Email: person.Email, Phone: person.Phone, Address: ExportedAddress(person.Address),
			CountyPlan: person.CountyPlan, Language: person.Language, DateOfBirth: person.DateOfBirth, CreatedAt: person.CreatedAt,
			ClosedAt: person.ClosedAt, SignedOutAt: row.SessionsFrom,
		},
	}
	codes, err := c.Store.CodesOf(ctx, row.EmailFolded)
	if err != nil {
		return Export{}, failed(err, "reading the codes of a person")
	}
	for _, code := range codes {
		export.Codes = append(export.Codes, ExportedCode{code.Purpose, code.CreatedAt, at(code.ConfirmedAt)})
	}
	tokens, err := c.Store.TokensOf(ctx, queries.TokensOfParams{Role: string(actor.Role), ActorID: actor.ID})
	if err != nil {
		return Export{}, failed(err, "reading the tokens of a person")
	}
	for _, token := range tokens {
		export.Tokens = append(export.Tokens, ExportedToken{token.Label, token.CreatedAt, token.ExpiresAt, at(token.RevokedAt)})
	}
	views, err := c.CasesOf(ctx, actor)
	if err != nil {
		return Export{}, err
	}
	for _, view := range views {
		exported, err := c.exportCase(ctx, actor, view)
		if err != nil {
			return Export{}, err
		}
		export.Cases = append(export.Cases, exported)
	}
	return export, nil
}

// exportCase gathers all that belongs to a case.
func (c *Cases) exportCase(ctx context.Context, actor certification.Actor, view View) (ExportedCase, error) {
	exported := ExportedCase{
		CreatedAt: view.CreatedAt, UpdatedAt: view.UpdatedAt, State: view.Case, Events: []ExportedEvent{}, Promises: []ExportedPromise{},
		Letters: []ExportedLetter{}, Payments: []ExportedPayment{},
	}
	events, err := c.Events(ctx, actor, view.ID, Page{Limit: mostEvents})
	if err != nil {
		return ExportedCase{}, err
	}
	for _, event := range events.Events {
		exported.Events = append(exported.Events, ExportedEvent(event))
	}
	promises, err := c.Promises(ctx, actor, view.ID)
	if err != nil {
		return ExportedCase{}, err
	}
	for _, promise := range promises {
		exported.Promises = append(exported.Promises, ExportedPromise(promise))
	}
	letters, err := c.Letters(ctx, actor, view.ID)
	if err != nil {
		return ExportedCase{}, err
	}
	for _, letter := range letters {
		exported.Letters = append(exported.Letters, ExportedLetter{
			letter.ID, letter.Letter, letter.Language, letter.CreatedAt, letter.SentAt, letter.Subject, letter.Text, letter.ErasedAt,
		})
	}
	payments, err := c.Payments(ctx, actor, view.ID)
	if err != nil {
		return ExportedCase{}, err
	}
	for _, payment := range payments {
		exported.Payments = append(exported.Payments, ExportedPayment{
			payment.ID, payment.Fee, payment.AmountCents, payment.Currency, payment.Status, payment.AskedAt, payment.SettledAt,
		})
	}
	if exported.Reads, err = c.readsOf(ctx, view.ID); err != nil {
		return ExportedCase{}, err
	}
	return exported, c.exportForms(ctx, view.ID, &exported)
}

// exportForms gathers what a person typed and sent, and what was written to them.
func (c *Cases) exportForms(ctx context.Context, caseID string, into *ExportedCase) error {
	doing := "reading what a person handed in"
	drafts, err := c.Store.DraftsOf(ctx, caseID)
	if err != nil {
		return failed(err, doing)
	}
	handedIn, err := c.Store.HandedInValues(ctx, caseID)
	if err != nil {
		return failed(err, doing)
	}
	into.Drafts = mapped(drafts, func(d queries.DraftsOfRow) ExportedDraft {
		sent := []json.RawMessage{}
		for _, values := range handedIn {
			if values.Form == d.Form {
				sent = append(sent, values.HandedInValues)
			}
		}
		return ExportedDraft{certification.Form(d.Form), d.Revision, d.DraftValues, d.SubmittedRevision != nil, sent, d.SavedAt, at(d.ErasedAt)}
	})
	documents, err := c.Store.DocumentsOf(ctx, caseID)
	if err != nil {
		return failed(err, doing)
	}
	into.Documents = mapped(documents, func(d queries.Document) ExportedDocument {
		return ExportedDocument{
			d.ID, certification.DocumentKind(d.Kind), certification.DocumentStatus(d.Status), d.RefusalCode, d.FileName, d.MediaType,
			d.Bytes, d.Sha256, d.UploadedAt, at(d.CheckedAt), "", "",
		}
	})
	notes, err := c.Store.NotesOfCase(ctx, caseID)
	if err != nil {
		return failed(err, doing)
	}
	into.Notes = mapped(notes, func(n queries.NotesOfCaseRow) ExportedNote {
		return ExportedNote{certification.ReasonCode(n.Code), n.Note, n.At}
	})
	authorizations, err := c.Store.AuthorizationsOf(ctx, caseID)
	if err != nil {
		return failed(err, doing)
	}
	into.Authorizations = mapped(authorizations, func(a queries.AuthorizationsOfRow) ExportedAuthorization {
		return ExportedAuthorization{a.ID, a.Attempt, a.Language, a.Place, a.EligibleFrom, a.EligibleUntil, at(a.SentAt)}
	})
	chapters, err := c.Store.VideoProgress(ctx, caseID)
	if err != nil {
		return failed(err, doing)
	}
	erasures, err := c.Store.ErasuresOf(ctx, caseID)
	if err != nil {
		return failed(err, doing)
	}
	into.Erased = mapped(erasures, func(e queries.ErasuresOfRow) Erasure {
		return Erasure{Class: certification.RecordClass(e.Class), Items: e.Items, At: e.At}
	})
	into.Video = mapped(chapters, func(v queries.VideoProgressRow) ExportedChapter {
		return ExportedChapter{v.Chapter, v.OpenedAt, at(v.FinishedAt)}
	})
	return nil
}

// mapped gives each row another shape; no rows are an empty list, not none.
func mapped[A, B any](rows []A, to func(A) B) []B {
	all := make([]B, 0, len(rows))
	for _, row := range rows {
		all = append(all, to(row))
	}
	return all
}
