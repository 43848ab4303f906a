package integration

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"peercert/api/apitest"
	"peercert/workflows"
)

// The README's tour is followed as it is written, but for the pages and the clock: the
// requests that are copied from it, and the update that is sent in the Temporal UI,
// where the case stands as the steps before have left it. Not beside tests that move the
// clock: a code is good for ten minutes.
func TestTheTourOfTheReadme(t *testing.T) {
	s := onStack(t).scene(t)
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	one := func(pattern string) []string {
		t.Helper()
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		require.NotNil(t, found, "the README has no %s", pattern)
		words := make([]string, len(found))
		for i, part := range found {
			words[i] = string(part)
		}
		return words
	}
	type person struct {
		Email string `json:"email"`
	}
	portal := one("\\*\\*sign in\\*\\* with an address such as `([^`]+)`")[1]
	register := one(`(?s)/v1/registrations \\\n.*?Idempotency-Key: ([a-z-]+)' \\\n\s+-d '(\{.*?\}\})'`)
	var somebody person
	require.NoError(t, json.Unmarshal([]byte(register[2]), &somebody))
	require.NotEqual(t, portal, somebody.Email, "who has a case already gets no other")

	asked := func() apitest.Answer {
		return s.sent(s.world.Anybody().Post(t.Context(), "/v1/registrations", json.RawMessage(register[2]), apitest.WithKey(register[1])))
	}
	answer := asked()
	require.Equal(t, http.StatusAccepted, answer.Status, string(answer.Body))
	require.JSONEq(t, string(answer.Body), string(asked().Body))
	var opened struct {
		ID string `json:"registration_id"`
	}
	require.NoError(t, answer.Into(&opened))
	var code string
	s.eventually(soon, "the code", func() error {
		for _, mail := range s.stack.Mailbox().Messages(somebody.Email) {
			if code = regexp.MustCompile(`\b\d{6}\b`).FindString(mail.Text); code != "" {
				return nil
			}
		}
		return errors.New("it has not come")
	})
	confirm := one(`/v1/registrations/REGISTRATION_ID/confirm \\\n.*?Idempotency-Key: ([a-z-]+)' -d '\{"([a-z]+)": "CODE"\}'`)
	answer = s.until(func() (apitest.Answer, error) {
		return s.world.Anybody().Post(t.Context(), "/v1/registrations/"+opened.ID+"/confirm", map[string]string{confirm[2]: code}, apitest.WithKey(confirm[1]))
	})
	require.Equal(t, http.StatusCreated, answer.Status, string(answer.Body))
	var confirmed struct {
		Case struct{ ID, Number, Stage string }
	}
	require.NoError(t, answer.Into(&confirmed))
	require.NotEmpty(t, confirmed.Case.Number)

	answer = s.sent(s.signal(s.administrator, confirmed.Case.ID, "hold", nil)) // what the console sends
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	update := one("\\*Send an Update\\*, `([a-z-]+)` with `(\\{.*?\\})`")
	handle, err := s.Parts.Temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflows.CaseWorkflowID(confirmed.Case.ID), UpdateName: update[1], Args: []any{json.RawMessage(update[2])},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
	s.eventually(soon, "a letter for each", func() error {
		if len(s.stack.Mailbox().Messages(somebody.Email)) < 3 { // the code, on hold, it goes on
			return errors.New("one is missing")
		}
		return nil
	})
}
