package paymentsimulator

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// form is a request's parameters: flat, with Stripe's brackets in the names and
// every index removed ("expand[0]" is "expand[]").
type form url.Values

func newForm(values url.Values, known []string) (form, error) {
	index, metadata := regexp.MustCompile(`\[\d+\]`), regexp.MustCompile(`(^|\[)metadata(\]?)\[[^\[\]]+\]$`)
	f := form{}
	for name, given := range values {
		plain := index.ReplaceAllString(name, "[]")
		if !slices.Contains(known, metadata.ReplaceAllString(plain, "${1}metadata${2}[*]")) {
			return nil, &apiError{
				status: 400, Type: invalidRequest, Code: "parameter_unknown", Param: name,
				Message: "Received unknown parameter: " + name + ". (The simulator knows only the parameters that the product uses.)",
			}
		}
		f[plain] = append(f[plain], given...)
	}
	return f, nil
}

func (f form) text(name string) string { return url.Values(f).Get(name) }

// number reads a whole number; an absent one is the fallback.
func (f form) number(name string, fallback int64) (int64, error) {
	given := f.text(name)
	if given == "" {
		return fallback, nil
	}
	value, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		return 0, &apiError{status: 400, Type: invalidRequest, Code: "parameter_invalid_integer", Param: name, Message: "Invalid integer: " + given}
	}
	return value, nil
}

// metadata reads prefix[key]=value, within Stripe's limits.
func (f form) metadata(prefix string) (map[string]string, error) {
	result := map[string]string{}
	for name, values := range f {
		key, found := strings.CutPrefix(name, prefix+"[")
		if !found || strings.Contains(strings.TrimSuffix(key, "]"), "[") {
			continue
		}
		key = strings.TrimSuffix(key, "]")
		if len(key) > 40 || len(values[0]) > 500 {
			return nil, refuse(name, "Metadata keys can have up to 40 characters, values up to 500.")
		}
		result[key] = values[0]
	}
	if len(result) > 50 {
		return nil, refuse(prefix, "Metadata can have up to 50 keys.")
	}
	return result, nil
}

// expansion is the set of paths that the caller wants as objects instead of ids.
type expansion []string

func (f form) expansion(possible ...string) (expansion, error) {
	wanted := expansion(f["expand[]"])
	for _, path := range wanted {
		if !slices.Contains(possible, path) {
			return nil, refuse("expand", "This property cannot be expanded (%s).", path)
		}
	}
	return wanted, nil
}

func (e expansion) has(name string) bool {
	return slices.ContainsFunc(e, func(path string) bool { return path == name || strings.HasPrefix(path, name+".") })
}

func (e expansion) under(name string) expansion {
	var rest expansion
	for _, path := range e {
		if inner, found := strings.CutPrefix(path, name+"."); found {
			rest = append(rest, inner)
		}
	}
	return rest
}
