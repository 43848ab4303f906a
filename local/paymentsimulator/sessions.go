package paymentsimulator

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Stripe's bounds.
const (
	shortestPage = 30 * time.Minute
	longestPage  = 24 * time.Hour
	leastCents   = 50
)

var sessionExpansions = []string{"payment_intent", "payment_intent.latest_charge", "line_items"}

func (s *Simulator) createSession(c *call) (object, error) {
	wanted, err := c.form.expansion(sessionExpansions...)
	if err != nil {
		return nil, err
	}
	made, err := s.readSession(c)
	if err != nil {
		return nil, err
	}
	c.begin()
	s.state.Sessions.add(made)
	return s.sessionObject(made, wanted), nil
}

// readSession checks the parameters of a new session as Stripe does.
func (s *Simulator) readSession(c *call) (*session, error) {
	now := s.options.Now()
	f := c.form
	made := &session{
		ID: "cs_test_" + newID("a")[2:], Created: now.Unix(),
		Customer: f.text("customer"), ClientReference: f.text("client_reference_id"),
		Product: f.text("line_items[][price_data][product_data][name]"), Currency: f.text("line_items[][price_data][currency]"),
		SuccessURL: f.text("success_url"), CancelURL: f.text("cancel_url"), SubmitType: f.text("submit_type"),
		Status: statusOpen, PaymentStatus: paymentUnpaid,
	}
	base := strings.TrimSuffix(s.options.URL, "/")
	if base == "" {
		base = "http://" + c.host
	}
	made.PageURL = base + "/pay/" + made.ID

	if f.text("mode") != "payment" {
		return nil, refuse("mode", "The simulator knows mode `payment` only.")
	}
	switch made.SubmitType {
	case "", "auto", "book", "donate", "pay":
	default:
		return nil, refuse("submit_type", "Invalid submit_type: must be one of auto, pay, book, or donate")
	}
	for name, address := range map[string]string{"success_url": made.SuccessURL, "cancel_url": made.CancelURL} {
		if parsed, err := url.Parse(address); err != nil || parsed.Host == "" || !strings.HasPrefix(parsed.Scheme, "http") {
			return nil, &apiError{status: 400, Type: invalidRequest, Code: "url_invalid", Param: name, Message: "Not a valid URL"}
		}
	}
	if made.Customer == "" {
		return nil, refuse("customer", "The simulator knows sessions of a customer only.")
	}
	if _, found := s.state.Customers.get(made.Customer); !found {
		return nil, absentParameter("customer", made.Customer, "customer")
	}
	if len(made.ClientReference) > 200 {
		return nil, refuse("client_reference_id", "A client_reference_id can have up to 200 characters.")
	}
	if err := readLine(f, made); err != nil {
		return nil, err
	}
	var err error
	if made.ExpiresAt, err = f.number("expires_at", now.Add(longestPage).Unix()); err != nil {
		return nil, err
	}
	switch left := time.Unix(made.ExpiresAt, 0).Sub(now.Truncate(time.Second)); {
	case left < shortestPage:
		return nil, refuse("expires_at", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.")
	case left > longestPage:
		return nil, refuse("expires_at", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.")
	}
	if made.Metadata, err = f.metadata("metadata"); err != nil {
		return nil, err
	}
	made.IntentMetadata, err = f.metadata("payment_intent_data[metadata]")
	return made, err
}

// readLine reads the one line item.
func readLine(f form, made *session) error {
	if len(f["line_items[][price_data][unit_amount]"]) != 1 {
		return refuse("line_items", "The simulator knows sessions with exactly one line item.")
	}
	if made.Product == "" {
		return &apiError{
			status: 400, Type: invalidRequest, Code: "parameter_missing", Param: "line_items[0][price_data][product_data][name]",
			Message: "Missing required param: line_items[0][price_data][product_data][name].",
		}
	}
	if made.Currency != "usd" {
		return refuse("line_items[0][price_data][currency]", "The simulator knows usd only.")
	}
	var err error
	if made.Amount, err = f.number("line_items[][price_data][unit_amount]", 0); err != nil {
		return err
	}
	if made.Quantity, err = f.number("line_items[][quantity]", 1); err != nil {
		return err
	}
	if made.Quantity < 1 || made.total() < leastCents {
		return &apiError{
			status: 400, Type: invalidRequest, Code: "amount_too_small", Param: "line_items",
			Message: "The Checkout Session's total amount due must add up to at least $0.50 usd.",
		}
	}
	return nil
}

func (s *Simulator) getSession(c *call) (object, error) {
	wanted, err := c.form.expansion(sessionExpansions...)
	if err != nil {
		return nil, err
	}
	found, err := s.session(c)
	if err != nil {
		return nil, err
	}
	return s.sessionObject(found, wanted), nil
}

func (s *Simulator) session(c *call) (*session, error) {
	found, ok := s.state.Sessions.get(c.path("session"))
	if !ok {
		return nil, absent("checkout.session", c.path("session"), "session")
	}
	return found, nil
}

func (s *Simulator) listSessions(c *call) (object, error) {
	wanted, err := c.form.expansion(prefixed(sessionExpansions...)...)
	if err != nil {
		return nil, err
	}
	return listed(c, &s.state.Sessions, "/v1/checkout/sessions", func(row *session) bool {
		return same(c.form.text("customer"), row.Customer) && same(c.form.text("payment_intent"), row.Intent) && same(c.form.text("status"), row.Status)
	}, func(row *session) object { return s.sessionObject(row, wanted.under("data")) })
}

func (s *Simulator) expireSession(c *call) (object, error) {
	found, err := s.session(c)
	if err != nil {
		return nil, err
	}
	c.begin()
	if found.Status != statusOpen {
		return nil, refuse("", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `%s`.", found.Status)
	}
	s.expire(found)
	return s.sessionObject(found, nil), nil
}

// expire closes an open session.
func (s *Simulator) expire(found *session) {
	found.Status = statusExpired
	s.happened("checkout.session.expired", s.sessionObject(found, nil))
}

func (s *Simulator) lineItems(c *call) (object, error) {
	found, err := s.session(c)
	if err != nil {
		return nil, err
	}
	return lineItemsObject(found), nil
}

func lineItemsObject(row *session) object {
	line := "li_" + row.ID[len("cs_test_"):]
	return object{
		"object": "list", "has_more": false, "url": fmt.Sprintf("/v1/checkout/sessions/%s/line_items", row.ID),
		"data": []object{{
			"id": line, "object": "item", "amount_discount": 0, "amount_subtotal": row.total(), "amount_tax": 0,
			"amount_total": row.total(), "currency": row.Currency, "description": row.Product, "quantity": row.Quantity,
			"price": object{
				"id": "price_" + line[3:], "object": "price", "active": false, "billing_scheme": "per_unit", "created": row.Created,
				"currency": row.Currency, "custom_unit_amount": nil, "livemode": false, "lookup_key": nil, "metadata": object{},
				"nickname": nil, "product": "prod_" + line[3:], "recurring": nil, "tax_behavior": "unspecified", "tiers_mode": nil,
				"transform_quantity": nil, "type": "one_time", "unit_amount": row.Amount, "unit_amount_decimal": fmt.Sprint(row.Amount),
			},
		}},
	}
}

func (s *Simulator) sessionObject(row *session, wanted expansion) object {
	shown := object{
		"id": row.ID, "object": "checkout.session", "after_expiration": nil, "allow_promotion_codes": nil,
		"amount_subtotal": row.total(), "amount_total": row.total(),
		"automatic_tax":              object{"enabled": false, "liability": nil, "status": nil},
		"billing_address_collection": nil, "cancel_url": row.CancelURL, "client_reference_id": orNull(row.ClientReference),
		"client_secret": nil, "consent": nil, "consent_collection": nil, "created": row.Created, "currency": row.Currency,
		"currency_conversion": nil, "custom_fields": []any{},
		"custom_text": object{"after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil},
		"customer":    row.Customer, "customer_creation": nil, "customer_details": nil, "customer_email": nil,
		"expires_at": row.ExpiresAt, "invoice": nil, "invoice_creation": object{
			"enabled": false,
			"invoice_data": object{
				"account_tax_ids": nil, "custom_fields": nil, "description": nil, "footer": nil, "issuer": nil,
				"metadata": object{}, "rendering_options": nil,
			},
		},
		"livemode": false, "locale": nil, "metadata": row.Metadata, "mode": "payment", "payment_intent": orNull(row.Intent),
		"payment_link": nil, "payment_method_collection": "if_required", "payment_method_configuration_details": nil,
		"payment_method_options": object{}, "payment_method_types": []string{"card", "us_bank_account"},
		"payment_status": row.PaymentStatus, "phone_number_collection": object{"enabled": false}, "recovered_from": nil,
		"setup_intent": nil, "shipping_address_collection": nil, "shipping_cost": nil, "shipping_details": nil,
		"shipping_options": []any{}, "status": row.Status, "submit_type": orNull(row.SubmitType), "subscription": nil,
		"success_url": row.SuccessURL, "total_details": object{"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
		"ui_mode": "hosted", "url": nil,
	}
	if row.Status == statusOpen {
		shown["url"] = row.PageURL
	}
	if row.Status == statusComplete {
		// Stripe asks the payer on its page and repeats it in every event: what keeps
		// events has to drop it.
		shown["customer_details"] = object{
			"address": nil, "email": payerEmail, "name": payerName, "phone": nil, "tax_exempt": "none", "tax_ids": []any{},
		}
	}
	if found, ok := s.state.Intents.get(row.Intent); ok && wanted.has("payment_intent") {
		shown["payment_intent"] = s.intentObject(found, wanted.under("payment_intent"))
	}
	if wanted.has("line_items") {
		shown["line_items"] = lineItemsObject(row)
	}
	return shown
}

// The payer whom the simulator puts where Stripe repeats what people type.
const (
	payerName  = "Simulated Payer"
	payerEmail = "simulated.payer@example.test"
)
