package paymentsimulator

func (s *Simulator) createCustomer(c *call) (object, error) {
	metadata, err := c.form.metadata("metadata")
	if err != nil {
		return nil, err
	}
	c.begin()
	made := &customer{ID: newID("cus"), Created: s.options.Now().Unix(), Metadata: metadata}
	s.state.Customers.add(made)
	return customerObject(made), nil
}

func (s *Simulator) getCustomer(c *call) (object, error) {
	found, ok := s.state.Customers.get(c.path("customer"))
	if !ok {
		return nil, absent("customer", c.path("customer"), "id")
	}
	return customerObject(found), nil
}

func (s *Simulator) listCustomers(c *call) (object, error) {
	if _, err := c.form.expansion(); err != nil {
		return nil, err
	}
	return listed(c, &s.state.Customers, "/v1/customers", func(*customer) bool { return true }, customerObject)
}

func customerObject(c *customer) object {
	return object{
		"id": c.ID, "object": "customer", "address": nil, "balance": 0, "created": c.Created, "currency": nil,
		"default_source": nil, "delinquent": false, "description": nil, "discount": nil, "email": nil,
		"invoice_prefix":   c.ID[len(c.ID)-8:],
		"invoice_settings": object{"custom_fields": nil, "default_payment_method": nil, "footer": nil, "rendering_options": nil},
		"livemode":         false, "metadata": c.Metadata, "name": nil, "next_invoice_sequence": 1, "phone": nil,
		"preferred_locales": []string{}, "shipping": nil, "tax_exempt": "none", "test_clock": nil,
	}
}
