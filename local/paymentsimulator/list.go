package paymentsimulator

import "strings"

// listed gives one page of rows, newest first, as Stripe's lists do.
func listed[T row](c *call, t *table[T], url string, keep func(T) bool, show func(T) object) (object, error) {
	limit, err := c.form.number("limit", 10)
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > 100 {
		return nil, refuse("limit", "A limit is between 1 and 100.")
	}
	inRange, err := createdFilter(c.form)
	if err != nil {
		return nil, err
	}
	after := c.form.text("starting_after")
	if _, found := t.get(after); after != "" && !found {
		return nil, absentParameter("object", after, "starting_after")
	}
	data, more := []object{}, false
	skipping := after != ""
	for i := len(t.Rows) - 1; i >= 0; i-- {
		id, created := t.Rows[i].identity()
		if skipping {
			skipping = id != after
			continue
		}
		if !inRange(created) || !keep(t.Rows[i]) {
			continue
		}
		if int64(len(data)) == limit {
			more = true
			break
		}
		data = append(data, show(t.Rows[i]))
	}
	return object{"object": "list", "url": url, "has_more": more, "data": data}, nil
}

// createdFilter reads created[gte] and its kind.
func createdFilter(f form) (func(int64) bool, error) {
	var tests []func(int64) bool
	for name, test := range map[string]func(created, bound int64) bool{
		"created":      func(created, bound int64) bool { return created == bound },
		"created[gt]":  func(created, bound int64) bool { return created > bound },
		"created[gte]": func(created, bound int64) bool { return created >= bound },
		"created[lt]":  func(created, bound int64) bool { return created < bound },
		"created[lte]": func(created, bound int64) bool { return created <= bound },
	} {
		if f.text(name) == "" {
			continue
		}
		bound, err := f.number(name, 0)
		if err != nil {
			return nil, err
		}
		tests = append(tests, func(created int64) bool { return test(created, bound) })
	}
	return func(created int64) bool {
		for _, test := range tests {
			if !test(created) {
				return false
			}
		}
		return true
	}, nil
}

// same says whether a filter is absent or met.
func same(wanted, value string) bool { return wanted == "" || wanted == value }

// orNull is JSON's null for an empty text.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// prefixed puts "data." before each path: lists are expanded that way.
func prefixed(paths ...string) []string {
	all := make([]string, 0, len(paths))
	for _, path := range paths {
		all = append(all, "data."+strings.TrimSpace(path))
	}
	return all
}
