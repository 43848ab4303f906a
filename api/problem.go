package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"peercert/api/wire"
	"peercert/certification"
)

// Types of problem that only HTTP knows.
const (
	problemTooLarge   = "too-large"
	problemMediaType  = "unsupported-media-type"
	problemNotAllowed = "method-not-allowed"
	problemInternal   = "internal"
)

// Problem is one row of the table of problems: the status of a refusal, and its
// section on the page /problems.
type Problem struct {
	Type   string
	Status int
	Title  string
	// Meaning and Remedy are the sentences of the page.
	Meaning, Remedy string
}

// Problems lists every problem that the API answers with.
func Problems() []Problem {
	return []Problem{
		{certification.RefusedMalformed, http.StatusBadRequest, "The request is malformed",
			"It is not JSON, or not what the specification describes: a member that is missing or unknown, a value of another type.", "Correct the members that the errors name. Repeating the request unchanged does not help."},
		{certification.RefusedIdempotencyKeyMissing, http.StatusBadRequest, "The Idempotency-Key is missing",
			"Every POST needs a key, so that it can be repeated safely.", "Send a new key of your choice; the same one when you try again."},
		{certification.RefusedBadSignature, http.StatusBadRequest, "The signature is not right",
			"A webhook whose body, time and secret do not fit its signature.", "Check the secret and the clock of the sender."},
		{certification.RefusedUnauthenticated, http.StatusUnauthorized, "Sign in first",
			"There is no token, or not one that is valid.", "Send Authorization: Bearer and a token. Applicants get one by confirming their address."},
		{certification.RefusedNotAllowed, http.StatusForbidden, "Your role may not do this",
			"The signal or the page belongs to another role, for any case.", "Use the account of that role."},
		{certification.RefusedNotFound, http.StatusNotFound, "There is nothing here for you",
			"It does not exist, or it is somebody else's. Which of them is not told.", "Check the address and the token."},
		{problemNotAllowed, http.StatusMethodNotAllowed, "This method is not available here",
			"The address exists, but not with this method. The header Allow lists those it has.", "Use one of those."},
		{certification.RefusedWrongStage, http.StatusConflict, "Not at this stage",
			"The case does not take this signal where it stands.", "Read the case: available_signals lists what it takes from you now."},
		{certification.RefusedStaleRevision, http.StatusConflict, "It changed in the meantime",
			"Somebody was quicker, or you changed it in another window.", "Read it again, then repeat what you wanted with the new revision."},
		{certification.RefusedAlreadyDecided, http.StatusConflict, "It is decided already",
			"Another reviewer decided first.", "Read the case again."},
		{certification.RefusedNotReady, http.StatusConflict, "Not ready yet",
			"A document that the request names is still being checked.", "Repeat the request with the same key after the seconds that Retry-After says."},
		{certification.RefusedClosed, http.StatusGone, "The case is closed",
			"A closed case takes no signals.", "A new registration begins a new case."},
		{problemTooLarge, http.StatusRequestEntityTooLarge, "That is too large",
			"JSON may have 1 MiB, a document 25 MiB.", "Send less."},
		{problemMediaType, http.StatusUnsupportedMediaType, "This kind of body is not understood",
			"The Content-Type is not one that the specification names for this address.", "Send application/json, or multipart/form-data for a document."},
		{certification.RefusedInvalid, http.StatusUnprocessableEntity, "Something is against a rule",
			"The request is well formed, but its content is against a rule of the programme.", "Each error names a field, a code and a sentence. Correct these; a body that is no longer the same needs a new key."},
		{certification.RefusedIdempotencyKeyReused, http.StatusUnprocessableEntity, "The Idempotency-Key was used for something else",
			"The same key came before with another body, another file or another signal.", "Use a new key for each thing that you want done."},
		{certification.RefusedTooMany, http.StatusTooManyRequests, "Too often",
			"There were too many requests in a short time.", "Wait for the seconds that Retry-After says."},
		{problemInternal, http.StatusInternalServerError, "Something went wrong on our side",
			"An error that we did not foresee. It was recorded under the request's id.", "Repeat the request with the same key. If it stays, tell us the id in instance."},
		{certification.RefusedUnavailable, http.StatusServiceUnavailable, "Try again later",
			"A part of the service is down. Nothing is half done.", "Repeat the request with the same key after the seconds that Retry-After says."},
	}
}

// problemTypePrefix begins the type of every problem; the rest is the anchor's page.
const problemTypePrefix = "/problems/"

func problemTable() map[string]Problem {
	table := map[string]Problem{}
	for _, problem := range Problems() {
		table[problem.Type] = problem
	}
	return table
}

// statusClientLeft is in logs and metrics for a client that did not wait; nobody
// receives it.
const statusClientLeft = 499

// retryAfter is what callers are told to wait when nobody said otherwise.
const retryAfter = 5 * time.Second

// refuse answers with the problem that an error is, and ends the request.
func (s *server) refuse(c *gin.Context, err error) {
	if errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil {
		c.AbortWithStatus(statusClientLeft)
		return
	}
	refusal, ok := certification.RefusalOf(err)
	switch {
	case ok:
	case errors.Is(err, context.DeadlineExceeded):
		refusal = certification.Unavailable(err, retryAfter)
	default:
		refusal = certification.Refused(problemInternal, "The request's id is in instance.")
		refusal.Cause = err
	}
	problem, known := s.problems[refusal.Type]
	if !known {
		problem = s.problems[problemInternal]
	}
	request := requestOf(c)
	request.problem = problem.Type
	if problem.Status >= http.StatusInternalServerError {
		request.failure = err
	}
	if c.Writer.Written() {
		return // the answer is on its way: all that is left is to break it off
	}
	body := wire.Problem{
		Type:     problemTypePrefix + problem.Type,
		Title:    problem.Title,
		Status:   problem.Status,
		Detail:   optional(refusal.Detail),
		Instance: "urn:peercert:request:" + request.id,
	}
	if len(refusal.Findings) > 0 {
		found := findings(refusal.Findings)
		body.Errors = &found
	}
	if wait := refusal.RetryAfter; wait > 0 || problem.Status == http.StatusServiceUnavailable {
		if wait <= 0 {
			wait = retryAfter
		}
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if problem.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="peercert"`)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Data(problem.Status, "application/problem+json", encoded)
	c.Abort()
}

func findings(from []certification.Finding) []wire.Finding {
	to := make([]wire.Finding, 0, len(from))
	for _, finding := range from {
		to = append(to, wire.Finding{Field: finding.Field, Code: finding.Code, Detail: finding.Detail})
	}
	return to
}
