package paymentsimulator

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The statuses of Stripe's objects that we use.
const (
	statusOpen     = "open"
	statusComplete = "complete"
	statusExpired  = "expired"

	paymentUnpaid = "unpaid"
	paymentPaid   = "paid"

	intentNeedsMethod = "requires_payment_method"
	intentProcessing  = "processing"
	intentSucceeded   = "succeeded"

	chargeSucceeded = "succeeded"
	chargePending   = "pending"
	chargeFailed    = "failed"
)

// state is everything the simulator knows. Times are Unix seconds, as on the wire.
type state struct {
	Customers  table[*customer]    `json:"customers"`
	Sessions   table[*session]     `json:"sessions"`
	Intents    table[*intent]      `json:"payment_intents"`
	Charges    table[*charge]      `json:"charges"`
	Refunds    table[*refund]      `json:"refunds"`
	Disputes   table[*dispute]     `json:"disputes"`
	Events     table[*event]       `json:"events"`
	Deliveries table[*delivery]    `json:"deliveries"`
	Keys       map[string]savedKey `json:"keys"`
}

type customer struct {
	ID       string            `json:"id"`
	Created  int64             `json:"created"`
	Metadata map[string]string `json:"metadata"`
}

type session struct {
	ID              string            `json:"id"`
	Created         int64             `json:"created"`
	ExpiresAt       int64             `json:"expires_at"`
	Customer        string            `json:"customer"`
	ClientReference string            `json:"client_reference"`
	Product         string            `json:"product"`
	Amount          int64             `json:"amount"` // cents, one piece
	Quantity        int64             `json:"quantity"`
	Currency        string            `json:"currency"`
	SuccessURL      string            `json:"success_url"`
	CancelURL       string            `json:"cancel_url"`
	SubmitType      string            `json:"submit_type"`
	Status          string            `json:"status"`
	PaymentStatus   string            `json:"payment_status"`
	Intent          string            `json:"payment_intent"`
	Metadata        map[string]string `json:"metadata"`
	IntentMetadata  map[string]string `json:"payment_intent_metadata"`
	PageURL         string            `json:"page_url"`
}

func (s *session) total() int64 { return s.Amount * s.Quantity }

type intent struct {
	ID       string            `json:"id"`
	Created  int64             `json:"created"`
	Session  string            `json:"session"`
	Customer string            `json:"customer"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Method   string            `json:"method"` // "card" or "us_bank_account"
	Status   string            `json:"status"`
	Charge   string            `json:"latest_charge"`
	Metadata map[string]string `json:"metadata"`
}

type charge struct {
	ID       string            `json:"id"`
	Created  int64             `json:"created"`
	Intent   string            `json:"payment_intent"`
	Customer string            `json:"customer"`
	Amount   int64             `json:"amount"`
	Refunded int64             `json:"refunded"`
	Currency string            `json:"currency"`
	Status   string            `json:"status"`
	Disputed bool              `json:"disputed"`
	Metadata map[string]string `json:"metadata"`
}

type refund struct {
	ID       string            `json:"id"`
	Created  int64             `json:"created"`
	Charge   string            `json:"charge"`
	Intent   string            `json:"payment_intent"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Reason   string            `json:"reason"`
	Metadata map[string]string `json:"metadata"`
}

type dispute struct {
	ID       string `json:"id"`
	Created  int64  `json:"created"`
	Charge   string `json:"charge"`
	Intent   string `json:"payment_intent"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	DueBy    int64  `json:"due_by"`
	Status   string `json:"status,omitempty"` // empty in files of before disputes ended
}

// What a dispute can be.
const (
	disputeOpen = "needs_response"
	disputeWon  = "won"
	disputeLost = "lost"
)

func (d *dispute) status() string { return cmp.Or(d.Status, disputeOpen) }

// event is a snapshot: Object stays as it was when the event happened.
type event struct {
	ID      string          `json:"id"`
	Created int64           `json:"created"`
	Type    string          `json:"type"`
	Object  json.RawMessage `json:"object"`
}

func (c *customer) identity() (string, int64) { return c.ID, c.Created }
func (s *session) identity() (string, int64)  { return s.ID, s.Created }
func (i *intent) identity() (string, int64)   { return i.ID, i.Created }
func (c *charge) identity() (string, int64)   { return c.ID, c.Created }
func (r *refund) identity() (string, int64)   { return r.ID, r.Created }
func (d *dispute) identity() (string, int64)  { return d.ID, d.Created }
func (e *event) identity() (string, int64)    { return e.ID, e.Created }
func (d *delivery) identity() (string, int64) { return d.ID, d.CreatedAt.Unix() }

// row is anything with an id and a second in which it was made.
type row interface{ identity() (string, int64) }

// table keeps rows in the order they were made.
type table[T row] struct {
	Rows []T
	byID map[string]T
}

func (t *table[T]) add(r T) {
	if t.byID == nil {
		t.byID = map[string]T{}
	}
	id, _ := r.identity()
	t.Rows, t.byID[id] = append(t.Rows, r), r
}

func (t *table[T]) get(id string) (T, bool) {
	r, found := t.byID[id]
	return r, found
}

// MarshalJSON writes the rows.
func (t table[T]) MarshalJSON() ([]byte, error) { return json.Marshal(t.Rows) }

// UnmarshalJSON reads the rows.
func (t *table[T]) UnmarshalJSON(data []byte) error {
	var rows []T
	if err := json.Unmarshal(data, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		t.add(r)
	}
	return nil
}

// loadState reads the file, or begins anew if there is none.
func loadState(file string) (*state, error) {
	s := &state{Keys: map[string]savedKey{}}
	if file == "" {
		return s, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("payment simulator: read its state: %w", err)
	}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("payment simulator: its state in %s is damaged: %w", file, err)
	}
	if s.Keys == nil {
		s.Keys = map[string]savedKey{}
	}
	return s, nil
}

// save replaces the file as a whole: a killed simulator leaves the old or the new.
func (s *state) save(file string) error {
	if file == "" {
		return nil
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("payment simulator: write its state: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("payment simulator: write its state: %w", err)
	}
	if err := os.WriteFile(file+".new", data, 0o600); err != nil {
		return fmt.Errorf("payment simulator: write its state: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("payment simulator: write its state: %w", err)
	}
	return nil
}

// newID makes an id of Stripe's shape, such as cus_ and sixteen or so characters.
func newID(prefix string) string { return prefix + "_" + rand.Text() }

// newRequestID is shorter, as Stripe's are.
func newRequestID() string { return "req_" + strings.ToLower(rand.Text()[:14]) }

func utc(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
