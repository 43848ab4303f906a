package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"peercert/cases"
	"peercert/certification"
	"peercert/local/mailbox"
	"peercert/local/product"
	"peercert/local/stack"
	"peercert/local/stacktest"
	"peercert/store/queries"
	"peercert/workflows"
)

// A stack that was just made is peopled: at least one at every stage, every open case
// a running workflow that knows what the records know, with its events, promises,
// letters, payments and files.
func TestAStackIsPeopled(t *testing.T) {
	stacktest.Require(t)
	ctx := t.Context()
	running, err := stack.Start(ctx, stack.Options{Ephemeral: true, Headless: true, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(running.Stop)
	p, err := product.Start(ctx, running, product.Options{Forget: true, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { running.Stop(); p.Close() })
	require.NoError(t, Live(ctx, running, p, t.Output()))
	personas, err := Open(ctx, running, p)
	require.NoError(t, err)
	require.Len(t, personas.People, len(people()))

	assert.WithinDuration(t, time.Now(), p.Clock.Now(), time.Hour, "the clock is back at the real time")
	assert.NoFileExists(t, filepath.Join(running.Dir(), Marker))

	records, err := pgxpool.New(ctx, p.Settings.DatabaseURL)
	require.NoError(t, err)
	t.Cleanup(records.Close)
	count := func(query string, arguments ...any) (n int) {
		t.Helper()
		require.NoError(t, records.QueryRow(ctx, query, arguments...).Scan(&n))
		return n
	}

	stages := map[certification.Stage]int{}
	var near, overdue, attention, claimed, spanish int
	for _, person := range personas.People {
		row, err := p.Parts.Store.Case(ctx, person.CaseID)
		require.NoError(t, err)
		stages[row.Stage]++
		name := person.Email
		if person.Language == "es" {
			spanish++
		}
		if row.Assignee != "" {
			claimed++
		}
		if row.Overdue() {
			overdue++
		}
		if due := row.DueAt(); row.Stage != certification.StageClosed && due.After(time.Now()) && time.Until(due) < 60*time.Hour {
			near++
		}

		// The log tells the whole life, in the order of its time, none of it ahead.
		assert.Equal(t, row.Revision, count(`SELECT count(*) FROM case_events WHERE case_id = $1 AND voided_at IS NULL`, person.CaseID), name)
		assert.Zero(t, count(`SELECT count(*) FROM (SELECT at, lag(at) OVER (ORDER BY revision) AS before FROM case_events WHERE case_id = $1) e
			WHERE at < before OR at > now()`, person.CaseID), name)

		// Every letter was sent and arrived, once.
		letters, err := p.Parts.Cases.Letters(ctx, administrator, person.CaseID)
		require.NoError(t, err)
		for _, letter := range letters {
			assert.False(t, letter.SentAt.IsZero(), "%s: %s", name, letter.Letter)
			assert.Equal(t, person.Language, letter.Language, name)
		}
		assert.Len(t, running.Mailbox().Messages(person.Email), len(letters)+1, "%s: the letters and the code", name)

		// Their files are in the bucket, clean, and can be looked at.
		documents, err := p.Parts.Cases.Documents(ctx, administrator, person.CaseID)
		require.NoError(t, err)
		if row.Stage != certification.StageIntroVideo {
			assert.NotEmpty(t, documents, name)
		}
		for _, document := range documents {
			content, err := p.Parts.Cases.Content(ctx, reviewer1, person.CaseID, document.ID, cases.PurposeSupport)
			require.NoError(t, err, name)
			size, err := io.Copy(io.Discard, content)
			require.NoError(t, err, name)
			require.NoError(t, content.Close())
			assert.Positive(t, size, name)
		}

		described, err := p.Parts.Temporal.DescribeWorkflow(ctx, workflows.CaseWorkflowID(person.CaseID), "")
		require.NoError(t, err, name)
		codes, _ := described.TypedSearchAttributes.GetKeywordList(workflows.AttributeAttention)
		var want []string
		for _, a := range row.Attention {
			want = append(want, a.Code)
		}
		assert.ElementsMatch(t, want, codes, name)
		if len(want) > 0 {
			attention++
		}
		if row.Stage == certification.StageClosed {
			assert.Empty(t, row.Promises, name)
			continue
		}
		assert.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, described.Status, name)
		assert.NotEmpty(t, row.Promises, "%s: an open case waits for something", name)
		assert.Equal(t, len(row.Promises), count(`SELECT count(*) FROM promises WHERE case_id = $1 AND ended_at IS NULL`, person.CaseID), name)
		value, err := p.Parts.Temporal.QueryWorkflow(ctx, workflows.CaseWorkflowID(person.CaseID), "", workflows.QueryCase)
		require.NoError(t, err, name)
		var inMemory certification.Case
		require.NoError(t, value.Get(&inMemory))
		assert.Equal(t, encoded(t, row.Case), encoded(t, inMemory), name)
	}
	for _, rule := range certification.Stages {
		assert.Positive(t, stages[rule.Stage], "nobody is at %s", rule.Stage)
	}
	assert.Positive(t, near, "near a deadline")
	assert.Positive(t, overdue)
	assert.GreaterOrEqual(t, attention, 2, "one overdue, one stuck at the exam vendor")
	assert.GreaterOrEqual(t, claimed, 3)
	assert.GreaterOrEqual(t, spanish, 5)
	assert.Zero(t, count(`SELECT count(*) FROM case_events WHERE voided_at IS NOT NULL`))
	assert.Zero(t, count(`SELECT count(*) FROM payments WHERE status = 'paid' AND settled_at IS NULL`))
	assert.GreaterOrEqual(t, count(`SELECT count(*) FROM payments WHERE status = 'paid'`), 40)

	// Nothing happens a second time.
	var said bytes.Buffer
	require.NoError(t, Live(ctx, running, p, &said))
	assert.Empty(t, said.String())
	again, err := Open(ctx, running, p)
	require.NoError(t, err)
	assert.Equal(t, personas, again)

	page := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:1/personas", nil)
	personas.Page(running, p).ServeHTTP(page, request)
	assert.Equal(t, http.StatusOK, page.Code)
	for _, person := range personas.People {
		assert.Contains(t, page.Body.String(), person.Token)
		actor, err := p.Parts.Cases.Authenticate(ctx, person.Token)
		require.NoError(t, err)
		_, err = p.Parts.Cases.Case(ctx, actor, person.CaseID)
		require.NoError(t, err)
	}
	request.Host = "elsewhere.example:80"
	page = httptest.NewRecorder()
	personas.Page(running, p).ServeHTTP(page, request)
	assert.Equal(t, http.StatusForbidden, page.Code, "a page of somebody else's may not read tokens")

	person := personas.People[0]
	signIn := func(site, caseID string) *httptest.ResponseRecorder {
		asked := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:1/personas/sign-in", strings.NewReader(url.Values{"case": {caseID}}.Encode()))
		asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		asked.Header.Set("Sec-Fetch-Site", site)
		answer := httptest.NewRecorder()
		personas.SignIn(p).ServeHTTP(answer, asked)
		return answer
	}
	assert.Equal(t, http.StatusForbidden, signIn("cross-site", person.CaseID).Code)
	assert.Equal(t, http.StatusNotFound, signIn("same-origin", "nobody").Code)
	signedIn := signIn("same-origin", person.CaseID)
	require.Equal(t, http.StatusSeeOther, signedIn.Code)
	home, err := http.NewRequestWithContext(ctx, http.MethodGet, signedIn.Header().Get("Location"), nil)
	require.NoError(t, err)
	for _, cookie := range signedIn.Result().Cookies() {
		home.AddCookie(cookie)
	}
	answer, err := http.DefaultClient.Do(home)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	shown, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Contains(t, string(shown), "PC-", "one click, and it is their own home")
}

func encoded(t *testing.T, c certification.Case) string {
	t.Helper()
	text, err := json.Marshal(c)
	require.NoError(t, err)
	return string(text)
}

// Somebody who presses Ctrl-C while lives are lived begins anew the next time.
func TestABrokenOffStartBeginsAnew(t *testing.T) {
	stacktest.Require(t)
	dir, err := os.MkdirTemp("", "peercert-seed-test-") // unlike t.TempDir, PostgreSQL's user can reach it
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ports, release, err := stack.FreePorts()
	require.NoError(t, err)
	t.Cleanup(release)
	start := func(out io.Writer) (*stack.Stack, *product.Product) {
		running, err := stack.Start(t.Context(), stack.Options{Dir: dir, Ports: ports, Headless: true, Unfinished: Marker, Out: out})
		require.NoError(t, err)
		t.Cleanup(running.Stop)
		p, err := product.Start(t.Context(), running, product.Options{Out: t.Output()})
		require.NoError(t, err)
		t.Cleanup(func() { running.Stop(); p.Close() })
		return running, p
	}

	running, p := start(t.Output())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var opened atomic.Bool
	go func() {
		_, err := running.Mailbox().Await(ctx, func(letter mailbox.Message) bool { return codeIs.MatchString(letter.Text) })
		opened.Store(err == nil)
		stop()
	}()
	require.ErrorIs(t, Live(ctx, running, p, t.Output()), context.Canceled)
	require.True(t, opened.Load(), "somebody had begun")
	require.FileExists(t, filepath.Join(dir, Marker))
	running.Stop()
	p.Close()

	var said bytes.Buffer
	running, p = start(io.MultiWriter(&said, t.Output()))
	assert.Contains(t, said.String(), "begins anew")
	assert.NoFileExists(t, filepath.Join(dir, Marker))
	assert.Empty(t, running.Mailbox().Messages(""))
	assert.WithinDuration(t, time.Now(), p.Clock.Now(), time.Hour, "the clock begins anew, too")
	ids, err := p.Parts.Store.OpenCaseIDs(t.Context(), queries.OpenCaseIDsParams{ID: uuid.Nil.String(), Limit: 1})
	require.NoError(t, err)
	assert.Empty(t, ids)
	listed, err := p.Parts.Temporal.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: p.Settings.TemporalNamespace, Query: "WorkflowType = '" + workflows.CertificationType + "'",
	})
	require.NoError(t, err)
	assert.Zero(t, listed.Count)
}

// Nobody's address could belong to somebody.
func TestPeopleAreMadeUp(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range people() {
		assert.False(t, seen[p.email()], p.id)
		seen[p.email()] = true
		assert.True(t, strings.HasSuffix(p.email(), ".example"), p.id)
		assert.Contains(t, certification.CountyPlans(), p.county, p.id)
		assert.NotEmpty(t, p.city, p.id)
	}
}
