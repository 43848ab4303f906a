package paymentsimulator

// endpoints lists the operations of the API that the simulator models.
func (s *Simulator) endpoints() []endpoint {
	page := []string{"limit", "starting_after", "expand[]"}
	created := []string{"created", "created[gt]", "created[gte]", "created[lt]", "created[lte]"}
	with := func(lists ...[]string) []string {
		var all []string
		for _, list := range lists {
			all = append(all, list...)
		}
		return all
	}
	expand := []string{"expand[]"}
	return []endpoint{
		{"POST /v1/customers", []string{"metadata[*]"}, s.createCustomer},
		{"GET /v1/customers", with(page, created), s.listCustomers},
		{"GET /v1/customers/{customer}", nil, s.getCustomer},

		{"POST /v1/checkout/sessions", []string{
			"mode", "customer", "client_reference_id", "success_url", "cancel_url", "expires_at", "submit_type",
			"line_items[][quantity]", "line_items[][price_data][currency]", "line_items[][price_data][unit_amount]",
			"line_items[][price_data][product_data][name]", "metadata[*]", "payment_intent_data[metadata][*]", "expand[]",
		}, s.createSession},
		{"GET /v1/checkout/sessions", with(page, created, []string{"customer", "payment_intent", "status"}), s.listSessions},
		{"GET /v1/checkout/sessions/{session}", expand, s.getSession},
		{"POST /v1/checkout/sessions/{session}/expire", nil, s.expireSession},
		{"GET /v1/checkout/sessions/{session}/line_items", []string{"limit"}, s.lineItems},

		{"GET /v1/payment_intents/{intent}", expand, s.getIntent},
		{"GET /v1/charges/{charge}", expand, s.getCharge},
		{"GET /v1/disputes/{dispute}", expand, s.getDispute},

		{"POST /v1/refunds", []string{"payment_intent", "charge", "amount", "reason", "metadata[*]"}, s.createRefund},
		{"GET /v1/refunds", with(page, created, []string{"payment_intent", "charge"}), s.listRefunds},
		{"GET /v1/refunds/{refund}", nil, s.getRefund},

		{"GET /v1/events", with(page, created, []string{"type"}), s.listEvents},
		{"GET /v1/events/{event}", nil, s.getEvent},
	}
}
