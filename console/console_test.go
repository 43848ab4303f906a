package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/api/sdk/v1"

	"peercert/cases"
	"peercert/certification"
	"peercert/console"
	"peercert/local/product"
	"peercert/local/producttest"
	"peercert/portal/portaltest"
	"peercert/workflows"
)

// administrator is a browser signed in as one, at the list.
func administrator(t *testing.T) *portaltest.Browser {
	t.Helper()
	place := running.On(t)
	b := signIn(place.Browser(t), "a-01")
	require.Equal(t, "/console", b.Path())
	return b
}

func signIn(b *portaltest.Browser, subject string) *portaltest.Browser {
	b.Helper()
	b.Open("/console")
	require.Equal(b, "Sign in", b.Heading())
	return b.Follow("Sign in").Press("Be " + subject)
}

// aCase is a new case, and its owner's browser.
func aCase(t *testing.T) (*portaltest.Browser, string) {
	t.Helper()
	place := running.On(t)
	owner := place.Join(place.Browser(t), "en", producttest.NewEmail())
	return owner, producttest.CaseID(owner)
}

func look(t *testing.T, caseID string) cases.View {
	t.Helper()
	view, err := running.On(t).Parts.Cases.Case(t.Context(), product.Administrator, caseID)
	require.NoError(t, err)
	return view
}

// runs waits until the page of a case says that its workflow runs: Temporal has two seconds
// to answer, and may need longer on a busy machine.
func runs(b *portaltest.Browser) {
	b.Helper()
	b.ReloadUntil("the workflow", func() bool { return b.Says("The workflow runs") })
}

func TestACaseIsFoundAndHeldAndLetGo(t *testing.T) {
	place := running.On(t)
	owner, caseID := aCase(t)
	b := administrator(t)
	number := look(t, caseID).Number

	b.Fill("find", strings.ToLower(strings.ReplaceAll(number, "-", " "))).Press("Find")
	require.Equal(t, "/console/cases/"+caseID, b.Path())
	require.Equal(t, number, b.Heading())
	runs(b)
	require.True(t, b.Says("intro video", "The applicant watches the introduction video", "case abandoned"), b.Main())
	require.Contains(t, b.Link("Open the case in the Temporal UI"), "/workflows/case%2F"+caseID)

	b.Follow("Put on hold").Fill("value", "records_check").Press("Put on hold")
	require.Equal(t, "/console/cases/"+caseID, b.Path())
	require.True(t, b.Says("Done: put on hold", "on hold", "clock stopped"), b.Main())
	require.True(t, look(t, caseID).OnHold)
	require.False(t, b.Reload().Says("Done: put on hold"), "it is said once")
	require.True(t, b.Says("records_check", "administrator a-01"), "the log says who and why")
	require.True(t, owner.Reload().Says("on hold"), owner.Main())

	b.Follow("Let it go on").Press("Let it go on")
	require.False(t, look(t, caseID).OnHold)

	events, err := place.Parts.Cases.Events(t.Context(), product.Administrator, caseID, cases.Page{Limit: 10})
	require.NoError(t, err)
	require.NotEmpty(t, events.Events[0].RequestID, "the log of the case leads to the log of the request")
}

// The same form sent twice, as by an impatient finger, is one signal.
func TestSendingTwiceIsDoingItOnce(t *testing.T) {
	_, caseID := aCase(t)
	b := administrator(t).Open("/console/cases/"+caseID).Follow("Give more time").Fill("value", "10")
	before := look(t, caseID)
	b.PressTwice("Give more time")
	after := look(t, caseID)
	require.Equal(t, before.Revision+1, after.Revision)
	require.Equal(t, certification.AddDays(before.DueAt(), 10), after.DueAt())
}

func TestWhatCannotBeSentIsKeptAndSaysWhy(t *testing.T) {
	_, caseID := aCase(t)
	b := administrator(t).Open("/console/cases/" + caseID)
	revision := look(t, caseID).Revision

	b.Follow("Give more time").Fill("value", "a week").Press("Give more time")
	require.Equal(t, http.StatusUnprocessableEntity, b.Status())
	require.Equal(t, "a week", b.Value("value"))
	require.True(t, b.Says("whole number of days from 1 to 366"))

	b.Open("/console/cases/"+caseID).Follow("Put on hold").Fill("value", "Robin called me").Press("Put on hold")
	require.Equal(t, http.StatusUnprocessableEntity, b.Status())
	require.True(t, b.Says("No names and no sentences"))

	b.Open("/console/cases/" + caseID + "/signals/release-hold")
	require.Equal(t, http.StatusConflict, b.Status())
	require.True(t, b.Says("This case is not on hold."))
	require.Empty(t, b.Buttons()[1:], "but for signing out there is nothing to press")

	for _, none := range []string{"decide-application", "exam-result", "nothing"} {
		b.Open("/console/cases/" + caseID + "/signals/" + none)
		require.Equal(t, http.StatusNotFound, b.Status(), none)
	}
	require.Equal(t, revision, look(t, caseID).Revision)
}

// What was refused can be sent again with another value: it is another thing.
func TestARefusedFormCanBeCorrected(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	p := place.Registered(t, world, "en")
	require.NoError(t, world.WatchVideos(t.Context(), p.Person))
	require.NoError(t, p.Apply(t.Context()))
	require.NoError(t, p.Pay(t.Context(), 10000, certification.StageApplicationReview))
	_, err := p.Review(t.Context(), "decide-application", map[string]any{"decision": "deny", "reasons": []string{"NO_DIPLOMA"}})
	require.NoError(t, err)
	revision, err := p.Save(t.Context(), "appeal", map[string]any{"statement": "Please look again."})
	require.NoError(t, err)
	_, err = p.Signal(t.Context(), "appeal", map[string]any{"draft_revision": revision})
	require.NoError(t, err)

	b := administrator(t).Open("/console/cases/"+p.CaseID).Follow("Give to another reviewer").Fill("value", "r-01").Press("Give to another reviewer")
	require.Equal(t, http.StatusConflict, b.Status())
	require.True(t, b.Says("Give it to another person"), b.Main())
	require.Equal(t, "r-01", b.Value("value"))
	b.Fill("value", "r-02").Press("Give to another reviewer")
	require.True(t, b.Says("Done: give to another reviewer"), b.Main())
	require.Equal(t, "r-02", look(t, p.CaseID).Assignee)
}

// Nobody stays signed in for longer by asking to sign in again.
func TestASessionIsNotMadeLonger(t *testing.T) {
	b := administrator(t)
	answer := b.Ask(http.MethodGet, "/console/sign-in/begin", nil, nil)
	require.Equal(t, "/console", answer.Header.Get("Location"))
	answer = b.Ask(http.MethodGet, "/console/sign-in/return?state=x&code=y", nil, nil)
	require.Equal(t, "/console", answer.Header.Get("Location"))
}

var anyUUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// What is grave is asked twice.
func TestAGraveSignalNeedsATick(t *testing.T) {
	place := running.On(t)
	world := place.World(t)
	p := place.Registered(t, world, "en")
	require.NoError(t, world.WatchVideos(t.Context(), p.Person))
	require.NoError(t, p.Apply(t.Context()))
	b := administrator(t).Open("/console/cases/"+p.CaseID).Follow("Waive the fee").Fill("value", "scholarship").Press("Waive the fee")
	require.Equal(t, http.StatusUnprocessableEntity, b.Status())
	require.True(t, b.Says("Tick that you are sure"))
	require.Equal(t, certification.StageApplicationFee, look(t, p.CaseID).Stage)

	b.Tick("sure").Press("Waive the fee")
	require.Equal(t, "/console/cases/"+p.CaseID, b.Path())
	require.Equal(t, certification.StageApplicationReview, look(t, p.CaseID).Stage)
	require.True(t, b.Says("A reviewer decides the application", "waived", "photo id", "Done: waive the fee"), b.Main())

	b.Follow("Give to another reviewer").Fill("value", "r-02").Press("Give to another reviewer")
	require.Equal(t, "r-02", look(t, p.CaseID).Assignee)

	for _, personal := range []string{"Robin", "Sample", p.Email, "Main Street", "94612", "Oakland"} {
		for _, page := range []string{"", "/events", "/signals/hold"} {
			b.Open("/console/cases/" + p.CaseID + page)
			shown := anyUUID.ReplaceAllString(string(b.Body), "") // one may have the digits of the ZIP code
			require.NotContains(t, strings.Replace(shown, "Sample texts", "", 1), personal, page)
		}
	}
}

// The page says it when the workflow does not run, and what becomes of it.
func TestATerminatedCaseSaysSo(t *testing.T) {
	place := running.On(t)
	_, caseID := aCase(t)
	b := administrator(t)
	require.NoError(t, place.Parts.Temporal.TerminateWorkflow(t.Context(), workflows.CaseWorkflowID(caseID), "", "a test"))
	b.Open("/console/cases/"+caseID).ReloadUntil("what became of the workflow", func() bool { return b.Says("The workflow was ended: terminated") })
	require.True(t, b.Says("started again from the records"), b.Main())

	b.Press("Start it again now")
	require.True(t, b.Says("Done: started again from the records"), b.Main())
	runs(b)
	b.Follow("Give more time").Fill("value", "3").Press("Give more time")
	require.True(t, b.Says("Done: give more time"))

	// A signal finds nobody: nothing is lost, and the form is kept.
	require.NoError(t, place.Parts.Temporal.TerminateWorkflow(t.Context(), workflows.CaseWorkflowID(caseID), "", "a test"))
	answer := b.Ask(http.MethodPost, "/console/cases/"+caseID+"/signals/extend-deadline", url.Values{"value": {"3"}, "key": {uuid.NewString()}}, nil)
	require.Equal(t, http.StatusServiceUnavailable, answer.Status)
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
	require.Contains(t, answer.Body, `value="3"`)
	require.Contains(t, answer.Body, "Send the same again: it is done once")
}

func TestTheCardLeadsToTheConsole(t *testing.T) {
	place := running.On(t)
	_, caseID := aCase(t)
	value, err := place.Parts.Temporal.QueryWorkflow(t.Context(), workflows.CaseWorkflowID(caseID), "", "__temporal_workflow_metadata")
	require.NoError(t, err)
	var metadata sdk.WorkflowMetadata
	require.NoError(t, value.Get(&metadata))
	address := place.Settings.PublicURL + "/console/cases/" + caseID
	require.Contains(t, metadata.GetCurrentDetails(), "]("+address+")")

	// Who is not signed in gets there after signing in.
	b := place.Browser(t).Open(address)
	require.Equal(t, "Sign in", b.Heading())
	b.Follow("Sign in").Press("Be a-01")
	require.Equal(t, "/console/cases/"+caseID, b.Path())
}

func TestWhoMayComeIn(t *testing.T) {
	place := running.On(t)
	owner, caseID := aCase(t)
	for _, visitor := range []*portaltest.Browser{place.Browser(t).Open("/en"), owner} {
		for _, address := range console.Addresses() {
			path := strings.NewReplacer(":case", caseID, ":signal", "hold").Replace(address.Path)
			answer := visitor.Ask(address.Method, path, url.Values{"key": {uuid.NewString()}}, nil)
			assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"), path)
			assert.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
			if address.Staff {
				assert.Equal(t, http.StatusSeeOther, answer.Status, path)
				assert.Contains(t, answer.Header.Get("Location"), "/console/sign-in", path)
			} else {
				assert.Less(t, answer.Status, http.StatusInternalServerError, path)
			}
		}
	}
	require.False(t, look(t, caseID).OnHold)

	b := signIn(place.Browser(t), "r-01")
	require.Equal(t, http.StatusForbidden, b.Status())
	require.True(t, b.Says("The console is for administrators"))
	require.Equal(t, "Sign in", b.Open("/console/cases/"+caseID).Heading())

	b = signIn(place.Browser(t), "n-01")
	require.Equal(t, http.StatusForbidden, b.Status())
	require.True(t, b.Says("You have no role here"))

	b = signIn(place.Browser(t), "nobody")
	require.Equal(t, http.StatusBadRequest, b.Status())
	require.True(t, b.Says("You were not signed in"))

	b = administrator(t)
	b.Press("Sign out")
	require.Equal(t, "Sign in", b.Heading())
	require.Equal(t, "Sign in", b.Open("/console").Heading())
}

// A form on somebody else's page, and somebody else's sign-in, do nothing here.
func TestOtherSitesGetNothing(t *testing.T) {
	_, caseID := aCase(t)
	b := administrator(t)
	answer := b.Ask(http.MethodPost, "/console/cases/"+caseID+"/signals/hold", url.Values{"value": {"records_check"}}, http.Header{
		"Origin": {"https://elsewhere.example"}, "Sec-Fetch-Site": {"cross-site"},
	})
	require.Equal(t, http.StatusForbidden, answer.Status)
	require.False(t, look(t, caseID).OnHold)

	stranger := running.On(t).Browser(t).Open("/console/sign-in")
	answer = stranger.Ask(http.MethodGet, "/console/sign-in/return?state=made-up&code=made-up", nil, nil)
	require.Equal(t, http.StatusBadRequest, answer.Status)
	require.Contains(t, answer.Body, "begun in another window")

	require.Empty(t, console.ConsolePath("https://elsewhere.example/console"))
	require.Empty(t, console.ConsolePath("//elsewhere.example/console"))
	require.Empty(t, console.ConsolePath("/consoles"))
	require.Empty(t, console.ConsolePath("/console/sign-in/return?code=x"))
	require.Equal(t, "/console/cases/x?after=y", console.ConsolePath("/console/cases/x?after=y"))
}

func TestUnknownCasesAndPages(t *testing.T) {
	b := administrator(t)
	for _, path := range []string{"/console/cases/" + uuid.NewString(), "/console/cases/robin", "/console/nothing"} {
		require.Equal(t, http.StatusNotFound, b.Open(path).Status(), path)
	}
	require.Equal(t, "/console", b.Open("/console/").Path())
	require.Equal(t, http.StatusMethodNotAllowed, b.Ask(http.MethodPost, "/console", nil, nil).Status)
	b.Open("/console").Fill("find", "PC-7K3M-92Q").Press("Find")
	require.Equal(t, http.StatusUnprocessableEntity, b.Status())
	require.True(t, b.Says("no number of a case"))
	b.Open("/console?find=PC-0000-000" + "0")
	require.Contains(t, []int{http.StatusOK, http.StatusUnprocessableEntity}, b.Status())
}

func TestListsAreChosenAndGoOn(t *testing.T) {
	for range 2 {
		aCase(t)
	}
	b := administrator(t)
	b.Follow("All")
	require.True(t, b.Says("intro video", "applicant"), b.Main())
	b.Choose("stage", "certified").Press("Show these")
	require.Contains(t, b.Path(), "stage=certified")
	require.False(t, b.Says("More cases"))
	b.Open("/console?all=yes&after=broken")
	require.Equal(t, http.StatusBadRequest, b.Status())
}

// The next part of what needs attention is still what needs attention.
func TestTheNextPartIsOfTheSameList(t *testing.T) {
	for range 2 {
		aCase(t)
	}
	some, err := running.On(t).Parts.Cases.List(t.Context(), product.Administrator, cases.Filter{Page: cases.Page{Limit: 1}})
	require.NoError(t, err)
	require.NotEmpty(t, some.Next)
	b := administrator(t).Open("/console?after=" + url.QueryEscape(some.Next))
	require.Contains(t, string(b.Body), `aria-current="page">Needs attention<`)
	b.Open("/console?all=yes&after=" + url.QueryEscape(some.Next))
	require.Contains(t, string(b.Body), `aria-current="page">All<`)
}

// Nobody can do anything for a closed case any more, but where its money is concerned.
func TestAClosedCaseAsksForMoneyOnly(t *testing.T) {
	c := certification.Case{Stage: certification.StageTraining, Attention: []certification.Attention{
		{Code: certification.AttentionCancel}, {Code: certification.AttentionSurplus, ID: "one"}, {Code: certification.AttentionUnknown},
	}}
	require.Equal(t, c.Attention, console.Asks(c))
	c.Stage = certification.StageClosed
	require.Equal(t, []certification.Attention{{Code: certification.AttentionSurplus, ID: "one"}}, console.Asks(c))
}

// A deadline is not moved to a day that has passed: its letter would help nobody.
func TestADeadlineIsMovedAhead(t *testing.T) {
	now := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	view := cases.View{Case: certification.Case{Promises: []certification.Promise{{Kind: "application_review", DueAt: now.AddDate(0, 0, -5)}}, Stage: certification.StageApplicationReview}}
	require.Equal(t, "That day has passed already. Add at least 6 days.", console.NotPast(view, &certification.ExtendDeadline{Days: 4}, now))
	require.Empty(t, console.NotPast(view, &certification.ExtendDeadline{Days: 6}, now))
	require.Empty(t, console.NotPast(view, &certification.Wake{}, now))
}

func TestTheLogSaysWhyATrainingWasReturned(t *testing.T) {
	require.Equal(t, "approve, training: return, TRAINING_STALE", console.Detail(certification.Event{Details: certification.EventDetails{
		Decision: certification.DecisionApprove, Training: certification.DecisionReturn, TrainingReasons: []certification.ReasonCode{"TRAINING_STALE"},
	}}))
}

func TestEverySignalOfAdministratorsHasAForm(t *testing.T) {
	known, order := console.Actions()
	for _, message := range certification.Messages() {
		if signal := message.Signal(); certification.SenderOf(signal) == certification.RoleAdministrator {
			require.True(t, known[signal], "%s has no form, or one that makes another signal", signal)
			require.Contains(t, order, signal)
		}
	}
	require.Len(t, order, len(known))
}

func TestRolesAreReadFromTheClaim(t *testing.T) {
	for claim, role := range map[string]certification.Role{
		`"administrator"`: certification.RoleAdministrator, `["reviewer","administrator"]`: certification.RoleAdministrator,
		`["other","reviewer"]`: certification.RoleReviewer, `"Administrator"`: "", `["service"]`: "", `null`: "", `{"administrator":true}`: "", `[1]`: "",
	} {
		require.Equal(t, role, console.RoleOf(json.RawMessage(claim)), claim)
	}
	require.Empty(t, console.RoleOf(nil))
}
