package web

import (
	"fmt"
	"strconv"
)

// What the template of an Input asks for beside its fields.

// Say gives the words around an input, such as "(optional)", in the language of the
// form that it belongs to.
func (i Input) Say(key string, pairs ...any) (string, error) {
	variables, err := variablesOf(pairs)
	if err != nil {
		return "", fmt.Errorf("saying %s: %w", key, err)
	}
	words := i.words
	if words == nil {
		words = Words("en")
	}
	return words.Say(key, variables), nil
}

// WidthClass is the class of the narrowest box that shows Width characters; empty for
// the whole line.
func (i Input) WidthClass() string {
	for _, width := range []int{4, 6, 8, 12, 20, 30} {
		if i.Width > 0 && i.Width <= width {
			return "width-" + strconv.Itoa(width)
		}
	}
	return ""
}

// DateComplete is the autocomplete token of a part of a date: only a birth date has
// any.
func (i Input) DateComplete(part string) string {
	if i.Autocomplete != "bday" {
		return ""
	}
	return "bday-" + part
}
