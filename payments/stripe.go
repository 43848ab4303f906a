package payments

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
	"github.com/stripe/stripe-go/v76/webhook"

	"peercert/certification"
)

// callTimeout bounds one call. stripe-go's own default is 80 seconds, three times.
const callTimeout = 20 * time.Second

// codeKeyReused is the type of the error for a key that came with other parameters.
const codeKeyReused = string(stripe.ErrorTypeIdempotency)

// The metadata on everything we create: opaque ids only. They are on the page and
// on its payment, because refunds and disputes know only the payment.
const (
	metaPayment   = "payment_id"
	metaCase      = "case_id"
	metaFee       = "fee"
	metaApplicant = "applicant_id"
)

// processor is Stripe. It is the only part that knows stripe-go.
type processor struct {
	api     *client.API
	live    bool
	secrets []string
}

func newProcessor(key, address string, live bool, secrets []string) *processor {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	httpClient := &http.Client{
		Timeout:   callTimeout,
		Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the API does not redirect, and our key goes nowhere else
		},
	}
	backend := func(kind stripe.SupportedBackend) stripe.Backend {
		config := &stripe.BackendConfig{
			HTTPClient:        httpClient,
			MaxNetworkRetries: stripe.Int64(0), // the caller retries, with the same key
			EnableTelemetry:   stripe.Bool(false),
			// Its messages repeat bodies; what went wrong comes back as an error.
			LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		}
		if address != "" {
			config.URL = stripe.String(address)
		}
		return stripe.GetBackendWithConfig(kind, config)
	}
	return &processor{
		api: client.New(key, &stripe.Backends{
			API: backend(stripe.APIBackend), Connect: backend(stripe.ConnectBackend), Uploads: backend(stripe.UploadsBackend),
		}),
		live:    live,
		secrets: secrets,
	}
}

func (s *processor) createCustomer(ctx context.Context, applicantID, key string) (string, error) {
	params := &stripe.CustomerParams{Metadata: map[string]string{metaApplicant: applicantID}}
	params.Context, params.IdempotencyKey = ctx, stripe.String(key)
	customer, err := s.api.Customers.New(params)
	if err != nil {
		return "", explain("create a customer", err)
	}
	return customer.ID, nil
}

// findCustomer gives the oldest customer of the applicant created since then, or "".
// Stripe can search metadata, but only minutes behind; lists are always right.
func (s *processor) findCustomer(ctx context.Context, applicantID string, since time.Time) (string, error) {
	params := &stripe.CustomerListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}}
	params.Context, params.Limit = ctx, stripe.Int64(100)
	found := ""
	customers := s.api.Customers.List(params)
	for customers.Next() {
		if customer := customers.Customer(); customer.Metadata[metaApplicant] == applicantID {
			found = customer.ID
		}
	}
	if err := customers.Err(); err != nil {
		return "", explain("look for a customer", err)
	}
	return found, nil
}

// pageRequest is everything a new page is made of.
type pageRequest struct {
	try
	checkout         certification.Checkout
	customer         string
	productName      string
	paidURL, backURL string
}

func (s *processor) createPage(ctx context.Context, request pageRequest) (page, error) {
	checkout := request.checkout
	metadata := map[string]string{metaPayment: checkout.PaymentID, metaCase: checkout.CaseID, metaFee: string(checkout.Fee)}
	params := &stripe.CheckoutSessionParams{
		Mode:              stripe.String(string(stripe.CheckoutSessionModePayment)),
		Customer:          stripe.String(request.customer),
		ClientReferenceID: stripe.String(checkout.PaymentID),
		SuccessURL:        stripe.String(request.paidURL),
		CancelURL:         stripe.String(request.backURL),
		ExpiresAt:         stripe.Int64(request.expiresAt.Unix()),
		SubmitType:        stripe.String(string(stripe.CheckoutSessionSubmitTypePay)),
		LineItems: []*stripe.CheckoutSessionLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency:    stripe.String(checkout.Currency),
				UnitAmount:  stripe.Int64(checkout.AmountCents),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(request.productName)},
			},
		}},
		Metadata:          metadata,
		PaymentIntentData: &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: metadata},
	}
	params.Context, params.IdempotencyKey = ctx, stripe.String(request.key)
	session, err := s.api.CheckoutSessions.New(params)
	if err != nil {
		return page{}, explain("create a payment page", err)
	}
	return pageOf(session), nil
}

// page gives a page as it is now, with what is known of its payment.
func (s *processor) page(ctx context.Context, id string) (page, error) {
	params := &stripe.CheckoutSessionParams{}
	params.Context = ctx
	params.AddExpand("payment_intent.latest_charge")
	session, err := s.api.CheckoutSessions.Get(id, params)
	if err != nil {
		return page{}, explain("look at payment page "+id, err)
	}
	return pageOf(session), nil
}

func (s *processor) expirePage(ctx context.Context, id, key string) (page, error) {
	params := &stripe.CheckoutSessionExpireParams{}
	params.Context, params.IdempotencyKey = ctx, stripe.String(key)
	session, err := s.api.CheckoutSessions.Expire(id, params)
	if err != nil {
		return page{}, explain("close payment page "+id, err)
	}
	return pageOf(session), nil
}

// pagesOf gives the ids of the customer's pages that were made for the payment.
func (s *processor) pagesOf(ctx context.Context, customer, paymentID string) ([]string, error) {
	params := &stripe.CheckoutSessionListParams{Customer: stripe.String(customer)}
	params.Context, params.Limit = ctx, stripe.Int64(100)
	var ids []string
	sessions := s.api.CheckoutSessions.List(params)
	for sessions.Next() {
		if session := sessions.CheckoutSession(); session.Metadata[metaPayment] == paymentID {
			ids = append(ids, session.ID)
		}
	}
	if err := sessions.Err(); err != nil {
		return nil, explain("look through the customer's payment pages", err)
	}
	return ids, nil
}

// charge is what a refund changes.
type charge struct {
	PaymentID, CaseID          string
	AmountCents, RefundedCents int64
}

func (s *processor) charge(ctx context.Context, id string) (charge, error) {
	params := &stripe.ChargeParams{}
	params.Context = ctx
	params.AddExpand("payment_intent")
	found, err := s.api.Charges.Get(id, params)
	if err != nil {
		return charge{}, explain("look at charge "+id, err)
	}
	payment, caseID := ours(found.PaymentIntent)
	return charge{PaymentID: payment, CaseID: caseID, AmountCents: found.Amount, RefundedCents: found.AmountRefunded}, nil
}

// dispute is a payment that a bank took back, for now or for good.
type dispute struct {
	PaymentID, CaseID string
	EvidenceDueAt     time.Time // zero if the bank takes no evidence
	Outcome           string    // certification.DisputeWon or DisputeLost; empty while it is open
	AmountCents       int64     // what is in dispute
	KeptCents         int64     // what of the payment was not refunded
}

func (s *processor) dispute(ctx context.Context, id string) (dispute, error) {
	params := &stripe.DisputeParams{}
	params.Context = ctx
	params.AddExpand("payment_intent")
	params.AddExpand("charge")
	found, err := s.api.Disputes.Get(id, params)
	if err != nil {
		return dispute{}, explain("look at dispute "+id, err)
	}
	result := dispute{AmountCents: found.Amount, KeptCents: found.Amount}
	if found.Charge != nil && found.Charge.Amount != 0 {
		result.KeptCents = found.Charge.Amount - found.Charge.AmountRefunded
	}
	switch found.Status {
	case stripe.DisputeStatusWon, stripe.DisputeStatusWarningClosed: // a bank that only asked took nothing
		result.Outcome = certification.DisputeWon
	case stripe.DisputeStatusLost:
		result.Outcome = certification.DisputeLost
	}
	result.PaymentID, result.CaseID = ours(found.PaymentIntent)
	if found.EvidenceDetails != nil && found.EvidenceDetails.DueBy != 0 {
		result.EvidenceDueAt = time.Unix(found.EvidenceDetails.DueBy, 0).UTC()
	}
	return result, nil
}

func ours(intent *stripe.PaymentIntent) (paymentID, caseID string) {
	if intent == nil {
		return "", ""
	}
	return intent.Metadata[metaPayment], intent.Metadata[metaCase]
}

func pageOf(session *stripe.CheckoutSession) page {
	p := page{
		ID:          session.ID,
		URL:         session.URL,
		CreatedAt:   time.Unix(session.Created, 0).UTC(),
		ExpiresAt:   time.Unix(session.ExpiresAt, 0).UTC(),
		PaymentID:   session.Metadata[metaPayment],
		CaseID:      session.Metadata[metaCase],
		Fee:         certification.Fee(session.Metadata[metaFee]),
		Status:      string(session.Status),
		Paid:        session.PaymentStatus == stripe.CheckoutSessionPaymentStatusPaid || session.PaymentStatus == stripe.CheckoutSessionPaymentStatusNoPaymentRequired,
		AmountCents: session.AmountTotal,
	}
	p.PaidAt = p.CreatedAt
	if session.Customer != nil {
		p.CustomerID = session.Customer.ID
	}
	if intent := session.PaymentIntent; intent != nil {
		p.Declined = p.Status == "complete" && !p.Paid &&
			(intent.Status == stripe.PaymentIntentStatusRequiresPaymentMethod || intent.Status == stripe.PaymentIntentStatusCanceled)
		if intent.LatestCharge != nil && intent.LatestCharge.Created != 0 {
			p.PaidAt = time.Unix(intent.LatestCharge.Created, 0).UTC()
			p.RefundedCents = intent.LatestCharge.AmountRefunded
		}
	}
	if session.LastResponse != nil {
		p.Replayed = session.LastResponse.Header.Get("Idempotent-Replayed") == "true"
	}
	return p
}

// event checks the signature, the API version and the mode of a webhook.
func (s *processor) event(body []byte, header string) (notice, error) {
	// Time and version are checked by us: stripe-go has no typed error for the
	// version, and knows only the machine's clock.
	options := webhook.ConstructEventOptions{IgnoreTolerance: true, IgnoreAPIVersionMismatch: true}
	var event stripe.Event
	err := ErrSignature
	for _, secret := range s.secrets {
		event, err = webhook.ConstructEventWithOptions(body, header, secret, options)
		if !badSignature(err) {
			break
		}
	}
	switch {
	case badSignature(err):
		return notice{}, ErrSignature
	case err != nil, event.ID == "", event.Data == nil:
		return notice{}, ErrBody
	case event.APIVersion != stripe.APIVersion:
		return notice{}, fmt.Errorf("event %s, not %s: %w", event.ID, stripe.APIVersion, ErrVersion)
	case event.Livemode != s.live:
		return notice{}, fmt.Errorf("event %s: %w", event.ID, ErrMode)
	}
	object, _ := event.Data.Object["id"].(string) // some objects have none
	return notice{Event: event.ID, Type: string(event.Type), Object: object, CreatedAt: time.Unix(event.Created, 0).UTC()}, nil
}

func badSignature(err error) bool {
	for _, known := range []error{webhook.ErrInvalidHeader, webhook.ErrNoValidSignature, webhook.ErrNotSigned, ErrSignature} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// explain makes our own error of what stripe-go gives.
func explain(doing string, err error) error {
	result := &Error{Doing: doing, kind: ErrUnavailable}
	var answer *stripe.Error
	var transport *url.Error
	switch {
	case errors.As(err, &answer):
		result.Status, result.RequestID, result.kind = answer.HTTPStatusCode, answer.RequestID, kindOf(answer.HTTPStatusCode)
		result.Code = string(answer.Code)
		if result.Code == "" || answer.Type == stripe.ErrorTypeIdempotency {
			result.Code = string(answer.Type)
		}
	case errors.As(err, &transport):
		result.cause = transport.Err // without the address around it
	default:
		result.cause = errors.New("the answer could not be read") // the original repeats it
	}
	return result
}
