package paymentsimulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Stripe's types of error.
const (
	invalidRequest   = "invalid_request_error"
	idempotencyError = "idempotency_error"
	internalError    = "api_error"
)

// apiError is an error as Stripe shapes it.
type apiError struct {
	status  int
	Type    string `json:"type"`
	Code    string `json:"code,omitempty"`
	Param   string `json:"param,omitempty"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Message }

// answerError shapes an error for the wire. What is not an apiError is a failure of
// the simulator itself, and says so.
func answerError(err error) answer {
	var known *apiError
	if !errors.As(err, &known) {
		known = &apiError{status: http.StatusInternalServerError, Type: internalError, Message: "The simulator itself failed: " + err.Error()}
	}
	body, err := json.MarshalIndent(map[string]*apiError{"error": known}, "", "  ")
	if err != nil { // strings only: cannot happen
		body = []byte(`{"error": {"type": "api_error"}}`)
	}
	return answer{Status: known.status, Body: body}
}

func refuse(param, format string, arguments ...any) error {
	return &apiError{status: http.StatusBadRequest, Type: invalidRequest, Param: param, Message: fmt.Sprintf(format, arguments...)}
}

// absent is the error for an id in the path.
func absent(what, id, param string) error {
	return &apiError{
		status: http.StatusNotFound, Type: invalidRequest, Code: "resource_missing", Param: param,
		Message: fmt.Sprintf("No such %s: '%s'", what, id),
	}
}

// absentParameter is the error for an id in a parameter: Stripe answers 400 there.
func absentParameter(what, id, param string) error {
	return &apiError{
		status: http.StatusBadRequest, Type: invalidRequest, Code: "resource_missing", Param: param,
		Message: fmt.Sprintf("No such %s: '%s'", what, id),
	}
}
