package paymentsimulator

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed pages/*.html pages/style.css
var pageFiles embed.FS

func (s *Simulator) routePages() {
	s.mux.HandleFunc("GET /pay/{session}", s.payPage)
	s.mux.HandleFunc("POST /pay/{session}", s.payForm)
	s.mux.HandleFunc("GET /{$}", s.ledgerPage)
	s.mux.HandleFunc("GET /ledger", s.ledgerJSON)
	s.mux.HandleFunc("POST /simulator/sessions/{session}", s.actionForm)
	s.mux.HandleFunc("GET /simulator/faults", s.showFaults)
	s.mux.HandleFunc("POST /simulator/faults", s.changeFaults)
	s.mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "pages/style.css")
	})
}

// payView is what the payment page shows.
type payView struct {
	Session  string
	Product  string
	Amount   string
	Status   string
	Paid     bool
	Declined bool
	Until    string
	Success  string
	Cancel   string
}

func (s *Simulator) payPage(w http.ResponseWriter, r *http.Request) {
	view, ok := s.payView(r.PathValue("session"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	view.Declined = r.URL.Query().Has("declined")
	status := http.StatusOK
	if view.Status == statusExpired {
		status = http.StatusGone
	}
	page(w, status, "pay.html", view)
}

func (s *Simulator) payView(id string) (payView, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expirePages()
	found, ok := s.state.Sessions.get(id)
	if !ok {
		return payView{}, false
	}
	return payView{
		Session: found.ID, Product: found.Product, Amount: dollars(found.total()), Status: found.Status,
		Paid: found.PaymentStatus == paymentPaid, Until: minute(found.ExpiresAt),
		Success: afterPaying(found), Cancel: found.CancelURL,
	}, true
}

// afterPaying is the success address with Stripe's placeholder filled in.
func afterPaying(found *session) string {
	return strings.ReplaceAll(found.SuccessURL, "{CHECKOUT_SESSION_ID}", found.ID)
}

// payForm does what a button of the payment page says, and sends the person on.
func (s *Simulator) payForm(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("session")
	view, ok := s.payView(id)
	if !ok {
		http.NotFound(w, r)
		return
	}
	action := Action(r.PostFormValue("action"))
	switch action {
	case "back":
		http.Redirect(w, r, view.Cancel, http.StatusSeeOther)
		return
	case Pay, Decline, PayByBank:
	default:
		http.Error(w, "No such action.", http.StatusBadRequest)
		return
	}
	err := s.Act(id, action)
	switch {
	case errors.Is(err, ErrNotPossible) && view.Status == statusComplete && action != Decline:
		http.Redirect(w, r, view.Success, http.StatusSeeOther) // pressed twice
	case errors.Is(err, ErrNotPossible):
		http.Redirect(w, r, "/pay/"+id, http.StatusSeeOther) // the page says what happened to it
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case action == Decline:
		http.Redirect(w, r, "/pay/"+id+"?declined", http.StatusSeeOther)
	default:
		http.Redirect(w, r, view.Success, http.StatusSeeOther)
	}
}

// Entry is one payment page in the ledger.
type Entry struct {
	SessionID     string            `json:"session_id"`
	CustomerID    string            `json:"customer_id"`
	IntentID      string            `json:"payment_intent_id,omitempty"`
	Status        string            `json:"status"`
	PaymentStatus string            `json:"payment_status"`
	IntentStatus  string            `json:"payment_intent_status,omitempty"`
	Product       string            `json:"product"`
	AmountCents   int64             `json:"amount_cents"`
	CapturedCents int64             `json:"captured_cents"`
	RefundedCents int64             `json:"refunded_cents"`
	Disputed      bool              `json:"disputed"`
	Dispute       string            `json:"dispute,omitempty"` // its status at Stripe: "needs_response", "won" or "lost"
	Currency      string            `json:"currency"`
	Metadata      map[string]string `json:"metadata"`
	CreatedAt     time.Time         `json:"created_at"`
	ExpiresAt     time.Time         `json:"expires_at"`
	URL           string            `json:"url,omitempty"`
}

// Ledger lists every payment page, newest first.
func (s *Simulator) Ledger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expirePages()
	rows := s.state.Sessions.Rows
	entries := make([]Entry, 0, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		entries = append(entries, s.entry(rows[i]))
	}
	return entries
}

func (s *Simulator) entry(row *session) Entry {
	e := Entry{
		SessionID: row.ID, CustomerID: row.Customer, IntentID: row.Intent, Status: row.Status, PaymentStatus: row.PaymentStatus,
		Product: row.Product, AmountCents: row.total(), Currency: row.Currency, Metadata: row.Metadata,
		CreatedAt: utc(row.Created), ExpiresAt: utc(row.ExpiresAt),
	}
	if row.Status == statusOpen {
		e.URL = row.PageURL
	}
	if payment, ok := s.state.Intents.get(row.Intent); ok {
		e.IntentStatus = payment.Status
		if paid, ok := s.state.Charges.get(payment.Charge); ok && paid.Status == chargeSucceeded {
			e.CapturedCents, e.RefundedCents, e.Disputed = paid.Amount, paid.Refunded, paid.Disputed
			if found, is := s.disputeOf(paid); is {
				e.Dispute = found.status()
			}
		}
	}
	return e
}

func (s *Simulator) ledgerJSON(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"sessions": s.Ledger(), "undelivered": s.Undelivered()})
}

func (s *Simulator) ledgerPage(w http.ResponseWriter, _ *http.Request) {
	page(w, http.StatusOK, "ledger.html", map[string]any{"Sessions": s.Ledger(), "Undelivered": s.Undelivered()})
}

// Can says whether the ledger offers an action for the entry.
func (e Entry) Can(action Action) bool {
	switch action {
	case Settle, Bounce:
		return e.IntentStatus == intentProcessing
	case Refund:
		return e.CapturedCents > e.RefundedCents && (!e.Disputed || e.Dispute == disputeWon)
	case Dispute:
		return e.CapturedCents > 0 && !e.Disputed
	case Win, Lose:
		return e.Dispute == disputeOpen
	}
	return false
}

// State says in words where the entry stands.
func (e Entry) State() string {
	switch {
	case e.Dispute == disputeOpen:
		return "in dispute"
	case e.Dispute == disputeLost:
		return "lost in a dispute"
	case e.RefundedCents > 0 && e.RefundedCents == e.CapturedCents:
		return "refunded"
	case e.RefundedCents > 0:
		return dollars(e.RefundedCents) + " refunded"
	case e.PaymentStatus == paymentPaid:
		return "paid"
	case e.IntentStatus == intentProcessing:
		return "waiting for the bank"
	case e.Status == statusComplete:
		return "declined by the bank"
	}
	return e.Status
}

// actionForm does what a button of the ledger says.
func (s *Simulator) actionForm(w http.ResponseWriter, r *http.Request) {
	err := s.Act(r.PathValue("session"), Action(r.PostFormValue("action")))
	switch {
	case errors.Is(err, ErrNotPossible):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (s *Simulator) showFaults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Faults())
}

// changeFaults takes JSON, or a form with the same names.
func (s *Simulator) changeFaults(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	faults, err := readFaults(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetFaults(faults)
	writeJSON(w, http.StatusOK, faults)
}

func readFaults(r *http.Request) (Faults, error) {
	var faults Faults
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		if err := r.ParseForm(); err != nil {
			return Faults{}, fmt.Errorf("read the form: %w", err)
		}
		numbers := map[string]int{}
		for name := range r.PostForm {
			number, err := strconv.Atoi(r.PostForm.Get(name))
			if err != nil {
				return Faults{}, fmt.Errorf("%s is not a whole number", name)
			}
			numbers[name] = number
		}
		data, err := json.Marshal(numbers)
		if err != nil {
			return Faults{}, err
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&faults); err != nil {
		return Faults{}, fmt.Errorf("read the faults: %w", err)
	}
	return faults, nil
}

func minute(seconds int64) string { return utc(seconds).Format("2006-01-02 15:04 UTC") }

func page(w http.ResponseWriter, status int, name string, data any) {
	functions := template.FuncMap{
		"dollars": dollars,
		"minute":  func(at time.Time) string { return minute(at.Unix()) },
	}
	var body bytes.Buffer
	parsed, err := template.New(name).Funcs(functions).ParseFS(pageFiles, "pages/"+name)
	if err == nil {
		err = parsed.Execute(&body, data)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	// No form-action: the forms lead on to the product's own address.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
