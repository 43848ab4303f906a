package certification

import "time"

// Checkout is a fee to be paid: the payment row, as the payment processor's
// adapter needs it. The row exists before the processor is asked (design: row first).
type Checkout struct {
	PaymentID   string // UUIDv7; business identity of every key sent to the processor
	CaseID      string
	ApplicantID string
	CustomerID  string // the processor's id of the applicant, empty the first time
	Fee         Fee
	AmountCents int64
	Currency    string // "usd"
	// PreviousSessionID is a page opened earlier for the same fee that must be
	// expired before a new one opens; empty if there is none.
	PreviousSessionID string
	// AskedAt is when the fee was asked for. The processor forgets keys after 24
	// hours: past 20 the adapter looks before it asks again.
	AskedAt time.Time
}

// CheckoutSession is an open payment page.
type CheckoutSession struct {
	SessionID  string
	CustomerID string
	URL        string
	ExpiresAt  time.Time
	// AlreadyPaid is true when the previous page turned out to be paid, so that no
	// new one was opened; SessionID is then that page.
	AlreadyPaid bool
}

// Incoming is a message from outside as it was received and verified, stored in
// the inbox before it is answered, processed after.
type Incoming struct {
	Source     string // "stripe", "exam_vendor", "documents"
	ExternalID string // the sender's id of the message; with Source, unique
	Kind       string // the sender's name for what happened
	Payload    []byte // JSON, ids and codes only
}
