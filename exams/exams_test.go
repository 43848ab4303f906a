package exams_test

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/exams"
	"peercert/exams/examstest"
)

const (
	first  = "019c2e6a-0000-7000-8000-000000000001"
	second = "019c2e6a-0000-7000-8000-000000000002"
	person = "019c2e6a-0000-7000-8000-0000000000aa"
)

var noon = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)

func link(t *testing.T, files exams.Files) *exams.Vendor {
	vendor, err := exams.New(exams.Options{Files: files, WebhookSecrets: "new-secret, old-secret", Now: func() time.Time { return noon }})
	require.NoError(t, err)
	return vendor
}

func authorization() certification.Authorization {
	return certification.Authorization{
		ID: first, CaseID: "019c2e6a-0000-7000-8000-0000000000cc", CandidateID: person,
		Attempt: 1, Language: "es", Place: certification.ExamTestCenter,
		EligibleFrom: noon, EligibleUntil: noon.AddDate(1, 0, 0),
		FirstName: "Ana \"Anita\"", LastName: "Nun\u0303ez, Jr.", Email: "+ana@example.org",
	}
}

// inbox remembers each message once, as the inbox table does.
type inbox struct {
	order    []string
	messages map[string]certification.Incoming
	calls    int
}

func (i *inbox) receive(_ context.Context, incoming certification.Incoming) error {
	i.calls++
	if i.messages == nil {
		i.messages = map[string]certification.Incoming{}
	}
	if _, there := i.messages[incoming.ExternalID]; !there {
		i.messages[incoming.ExternalID] = incoming
		i.order = append(i.order, incoming.ExternalID)
	}
	return nil
}

func TestNewRefusesALinkAnybodyCouldSignFor(t *testing.T) {
	for _, secrets := range []string{"", " ", ",", " , "} {
		_, err := exams.New(exams.Options{Files: new(examstest.Files), WebhookSecrets: secrets, Now: time.Now})
		require.Error(t, err, "%q", secrets)
	}
}

func TestSend(t *testing.T) {
	files := new(examstest.Files)
	vendor := link(t, files)
	require.NoError(t, vendor.Send(t.Context(), authorization()))
	require.Equal(t, []string{exams.AuthorizationsPrefix + first + ".csv", exams.CandidatesPrefix + first + ".csv"}, files.Keys())

	candidate := files.Text(exams.CandidatesPrefix + first + ".csv")
	rows, err := csv.NewReader(strings.NewReader(candidate)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"authorization_id", "candidate_id", "first_name", "last_name", "email"},
		{first, person, "Ana \"Anita\"", "Nu\u00f1ez, Jr.", "'+ana@example.org"},
	}, rows, "one spelling of ñ, and no cell that a spreadsheet would run")
	require.True(t, strings.HasSuffix(candidate, "\r\n"))

	permit := files.Text(exams.AuthorizationsPrefix + first + ".csv")
	require.Equal(t, "authorization_id,candidate_id,attempt,language,place,eligible_from,eligible_until\r\n"+
		first+","+person+",1,es,test_center,2026-03-02T20:00:00Z,2027-03-02T20:00:00Z\r\n", permit)

	require.NoError(t, vendor.Send(t.Context(), authorization()))
	require.Len(t, files.Keys(), 2)
	require.Equal(t, candidate, files.Text(exams.CandidatesPrefix+first+".csv"))
}

func TestSendLeavesTheCandidateFirst(t *testing.T) {
	down := errors.New("storage is down")
	files := &examstest.Files{Before: func(_, key string) error {
		if strings.HasPrefix(key, exams.AuthorizationsPrefix) {
			return down
		}
		return nil
	}}
	require.ErrorIs(t, link(t, files).Send(t.Context(), authorization()), down)
	require.Equal(t, []string{exams.CandidatesPrefix + first + ".csv"}, files.Keys())
}

func TestSendRefusesWhatTheVendorWouldReject(t *testing.T) {
	files := new(examstest.Files)
	oversized := authorization()
	oversized.LastName = strings.Repeat("Canary", 20)
	oversized.FirstName = "=HYPERLINK(canary)"
	err := link(t, files).Send(t.Context(), oversized)
	var fields *exams.FieldsError
	require.ErrorAs(t, err, &fields)
	require.Equal(t, []certification.AuthorizationFinding{
		{Field: "first_name", Problem: certification.ProblemNotAllowed},
		{Field: "last_name", Problem: certification.ProblemTooLong, Limit: 50},
	}, fields.Findings)
	require.NotContains(t, strings.ToLower(err.Error()), "canary")
	require.Empty(t, files.Keys())
}

func TestMemoryConforms(t *testing.T) { examstest.Conform(t, new(examstest.Files)) }

// failing gives a body that breaks in the middle.
type failing struct{ io.Reader }

func (failing) Close() error { return nil }

type breaking struct{ exams.Files }

func (b breaking) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	file, err := b.Files.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	body, _ := io.ReadAll(file)
	return failing{io.MultiReader(strings.NewReader(string(body[:len(body)-5])), brokenReader{})}, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
