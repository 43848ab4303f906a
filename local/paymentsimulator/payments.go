package paymentsimulator

func (s *Simulator) getIntent(c *call) (object, error) {
	wanted, err := c.form.expansion("latest_charge")
	if err != nil {
		return nil, err
	}
	found, ok := s.state.Intents.get(c.path("intent"))
	if !ok {
		return nil, absent("payment_intent", c.path("intent"), "intent")
	}
	return s.intentObject(found, wanted), nil
}

func (s *Simulator) getCharge(c *call) (object, error) {
	wanted, err := c.form.expansion("payment_intent")
	if err != nil {
		return nil, err
	}
	found, ok := s.state.Charges.get(c.path("charge"))
	if !ok {
		return nil, absent("charge", c.path("charge"), "id")
	}
	return s.chargeObject(found, wanted), nil
}

func (s *Simulator) getDispute(c *call) (object, error) {
	wanted, err := c.form.expansion("payment_intent", "charge")
	if err != nil {
		return nil, err
	}
	found, ok := s.state.Disputes.get(c.path("dispute"))
	if !ok {
		return nil, absent("dispute", c.path("dispute"), "dispute")
	}
	return s.disputeObject(found, wanted), nil
}

func (s *Simulator) intentObject(row *intent, wanted expansion) object {
	received := int64(0)
	if row.Status == intentSucceeded {
		received = row.Amount
	}
	shown := object{
		"id": row.ID, "object": "payment_intent", "amount": row.Amount, "amount_capturable": 0, "amount_details": object{"tip": object{}},
		"amount_received": received, "application": nil, "application_fee_amount": nil, "automatic_payment_methods": nil,
		"canceled_at": nil, "cancellation_reason": nil, "capture_method": "automatic", "client_secret": row.ID + "_secret_simulated",
		"confirmation_method": "automatic", "created": row.Created, "currency": row.Currency, "customer": row.Customer,
		"description": nil, "invoice": nil, "last_payment_error": nil, "latest_charge": orNull(row.Charge), "livemode": false,
		"metadata": row.Metadata, "next_action": nil, "on_behalf_of": nil, "payment_method": nil,
		"payment_method_configuration_details": nil, "payment_method_options": object{}, "payment_method_types": []string{"card", "us_bank_account"},
		"processing": nil, "receipt_email": nil, "review": nil, "setup_future_usage": nil, "shipping": nil,
		"statement_descriptor": nil, "statement_descriptor_suffix": nil, "status": row.Status, "transfer_data": nil, "transfer_group": nil,
	}
	if row.Status == intentNeedsMethod {
		shown["last_payment_error"] = object{
			"type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "charge": row.Charge,
			"message": "Your card was declined.",
		}
	}
	if found, ok := s.state.Charges.get(row.Charge); ok && wanted.has("latest_charge") {
		shown["latest_charge"] = s.chargeObject(found, wanted.under("latest_charge"))
	}
	return shown
}

func (s *Simulator) chargeObject(row *charge, wanted expansion) object {
	shown := object{
		"id": row.ID, "object": "charge", "amount": row.Amount, "amount_captured": 0, "amount_refunded": row.Refunded,
		"application": nil, "application_fee": nil, "application_fee_amount": nil, "balance_transaction": nil,
		"billing_details":                 object{"address": nil, "email": payerEmail, "name": payerName, "phone": nil},
		"calculated_statement_descriptor": nil, "captured": false, "created": row.Created, "currency": row.Currency,
		"customer": row.Customer, "description": nil, "disputed": row.Disputed, "failure_balance_transaction": nil,
		"failure_code": nil, "failure_message": nil, "fraud_details": object{}, "invoice": nil, "livemode": false,
		"metadata": row.Metadata, "on_behalf_of": nil, "outcome": nil, "paid": row.Status != chargeFailed,
		"payment_intent": row.Intent, "payment_method": nil, "payment_method_details": nil, "receipt_email": nil,
		"receipt_number": nil, "receipt_url": nil, "refunded": row.Refunded == row.Amount, "review": nil, "shipping": nil,
		"source_transfer": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil, "status": row.Status,
		"transfer_data": nil, "transfer_group": nil,
	}
	switch row.Status {
	case chargeSucceeded:
		shown["captured"], shown["amount_captured"] = true, row.Amount
	case chargeFailed:
		shown["failure_code"], shown["failure_message"] = "card_declined", "Your card was declined."
	}
	if found, ok := s.state.Intents.get(row.Intent); ok && wanted.has("payment_intent") {
		shown["payment_intent"] = s.intentObject(found, nil)
	}
	return shown
}

func (s *Simulator) disputeObject(row *dispute, wanted expansion) object {
	shown := object{
		"id": row.ID, "object": "dispute", "amount": row.Amount, "balance_transactions": []any{}, "charge": row.Charge,
		"created": row.Created, "currency": row.Currency, "evidence": object{},
		"evidence_details":     object{"due_by": row.DueBy, "has_evidence": false, "past_due": s.options.Now().Unix() > row.DueBy, "submission_count": 0},
		"is_charge_refundable": false, "livemode": false, "metadata": object{}, "payment_intent": row.Intent,
		"reason": "general", "status": row.status(),
	}
	if found, ok := s.state.Intents.get(row.Intent); ok && wanted.has("payment_intent") {
		shown["payment_intent"] = s.intentObject(found, nil)
	}
	if found, ok := s.state.Charges.get(row.Charge); ok && wanted.has("charge") {
		shown["charge"] = s.chargeObject(found, nil)
	}
	return shown
}
