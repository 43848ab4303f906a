package exams_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/exams"
	"peercert/exams/examstest"
)

const accepted = `{"event_id":"w-1","type":"authorization.accepted","authorization_id":"` + first + `"}`

func sign(secret, body string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func TestVerifyASignatureMadeElsewhere(t *testing.T) {
	// printf '1772481600.%s' "$body" | openssl dgst -sha256 -hmac old-secret
	incoming, err := link(t, new(examstest.Files)).Verify([]byte(accepted),
		"t=1772481600,v1=80d4b5ed2dc80ef3326e639fe2e2f46c15d2070d513b9c26ccc5fc263d97d931")
	require.NoError(t, err)
	require.Equal(t, certification.Incoming{Source: "exam_vendor", ExternalID: "w-1", Kind: "authorization.accepted", Payload: []byte(
		`{"event_id":"w-1","type":"authorization.accepted","authorization_id":"` + first + `"}`)}, incoming)
}

func TestVerifySignatures(t *testing.T) {
	good := sign("new-secret", accepted, noon)
	mark := strings.TrimPrefix(good, "t=1772481600,")
	for name, test := range map[string]struct {
		signature string
		want      error
	}{
		"good":                      {good, nil},
		"the secret before":         {sign("old-secret", accepted, noon), nil},
		"another secret":            {sign("secret", accepted, noon), exams.ErrSignature},
		"an empty secret":           {sign("", accepted, noon), exams.ErrSignature},
		"both secrets as one":       {sign("new-secret, old-secret", accepted, noon), exams.ErrSignature},
		"vendor signs with two":     {sign("next-secret", accepted, noon) + "," + mark, nil},
		"a version we do not know":  {good + ",v2=abc", nil},
		"only such a version":       {strings.Replace(good, "v1", "v0", 1), exams.ErrSignature},
		"spaces":                    {strings.Replace(good, ",", " , ", 1), nil},
		"another body":              {sign("new-secret", accepted+" ", noon), exams.ErrSignature},
		"another instant":           {strings.Replace(good, "t=1772481600", "t=1772481601", 1), exams.ErrSignature},
		"two instants":              {"t=1," + good, exams.ErrSignature},
		"no instant":                {mark, exams.ErrSignature},
		"no mark":                   {"t=1772481600", exams.ErrSignature},
		"not hex":                   {"t=1772481600,v1=" + strings.Repeat("z", 64), exams.ErrSignature},
		"cut short":                 {good[:len(good)-2], exams.ErrSignature},
		"empty":                     {"", exams.ErrSignature},
		"endless":                   {good + strings.Repeat(","+mark, 100), exams.ErrSignature},
		"at the edge of old":        {sign("new-secret", accepted, noon.Add(-300*time.Second)), nil},
		"too old":                   {sign("new-secret", accepted, noon.Add(-301*time.Second)), exams.ErrStale},
		"at the edge of the future": {sign("new-secret", accepted, noon.Add(300*time.Second)), nil},
		"prepared ahead":            {sign("new-secret", accepted, noon.Add(301*time.Second)), exams.ErrStale},
		"a negative instant":        {sign("new-secret", accepted, time.Unix(-1, 0)), exams.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := link(t, new(examstest.Files)).Verify([]byte(accepted), test.signature)
			if test.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, test.want)
			}
		})
	}
}

func TestVerifyHugeInstants(t *testing.T) {
	for _, at := range []string{"9223372036854775807", "9223372036854775808", strings.Repeat("9", 500)} {
		mac := hmac.New(sha256.New, []byte("new-secret"))
		mac.Write([]byte(at + "." + accepted))
		_, err := link(t, new(examstest.Files)).Verify([]byte(accepted), "t="+at+",v1="+hex.EncodeToString(mac.Sum(nil)))
		require.Error(t, err)
	}
}

func TestVerifyThenInterpret(t *testing.T) {
	at, ends := time.Date(2026, 3, 9, 17, 0, 0, 0, time.UTC), time.Date(2026, 3, 9, 19, 30, 0, 0, time.UTC)
	said := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)
	envelope := certification.Envelope{Key: "exam:w-1", Actor: certification.Actor{Role: certification.RoleOutside, ID: "exam_vendor"}}
	for kind, test := range map[string]struct {
		more string
		want certification.Message
	}{
		"authorization.accepted": {``, &certification.ExamAuthorized{Envelope: envelope, AuthorizationID: first}},
		"authorization.rejected": {`,"reason":"name_differs"`, &certification.ExamRefused{Envelope: envelope, AuthorizationID: first, Reason: "name_differs"}},
		"appointment.confirmed": {`,"appointment_id":"ap-7","appointment_at":"2026-03-09T10:00:00-07:00","ends_at":"2026-03-09T19:30:00Z"`,
			&certification.ExamConfirmed{Envelope: envelope, AuthorizationID: first, AppointmentID: "ap-7", AppointmentAt: at, EndsAt: ends, OccurredAt: said}},
		"appointment.changed": {`,"appointment_id":"ap-7","appointment_at":"2026-03-09T17:00:00Z","ends_at":"2026-03-09T19:30:00Z"`,
			&certification.ExamChanged{Envelope: envelope, AuthorizationID: first, AppointmentID: "ap-7", AppointmentAt: at, EndsAt: ends, OccurredAt: said}},
		"appointment.cancelled": {`,"appointment_id":"ap-7"`, &certification.ExamCancelled{Envelope: envelope, AuthorizationID: first, AppointmentID: "ap-7", OccurredAt: said}},
		"result": {`,"outcome":"passed","examined_at":"2026-03-09T17:00:00Z","version":3`,
			&certification.ExamResult{Envelope: envelope, AuthorizationID: first, Passed: true, ExaminedAt: at, Version: 3}},
		"no_show":  {`,"appointment_at":"2026-03-09T17:00:00Z"`, &certification.ExamNoShow{Envelope: envelope, AuthorizationID: first, AppointmentAt: at}},
		"incident": {``, &certification.ExamIncident{Envelope: envelope, AuthorizationID: first, Reason: "unspecified"}},
	} {
		t.Run(kind, func(t *testing.T) {
			body := `{"event_id":"w-1","type":"` + kind + `","authorization_id":"` + first +
				`","occurred_at":"2026-03-02T20:00:00Z","candidate":{"name":"Ana Canary"},"note":"Canary"` + test.more + `}`
			incoming, err := link(t, new(examstest.Files)).Verify([]byte(body), sign("new-secret", body, noon))
			require.NoError(t, err)
			require.Equal(t, kind, incoming.Kind)
			require.NotContains(t, string(incoming.Payload), "Canary")
			about, message, err := exams.Interpret(incoming)
			require.NoError(t, err)
			require.Equal(t, first, about)
			require.Equal(t, test.want, message)
		})
	}
}

func TestVerifyRefusesWhatIsNotOfTheLayout(t *testing.T) {
	for _, body := range []string{
		``, `null`, `[]`, `{`, accepted + `{}`,
		`{"event_id":"","type":"incident","authorization_id":"` + first + `"}`,
		`{"event_id":"Ana Canary","type":"incident","authorization_id":"` + first + `"}`,
		`{"event_id":"w-1","type":"Canary","authorization_id":"` + first + `"}`,
		`{"event_id":"w-1","type":"incident","authorization_id":"canary"}`,
		`{"event_id":"w-1","type":"incident","authorization_id":"` + first + `","occurred_at":"Canary"}`,
		`{"event_id":"w-1","type":"appointment.confirmed","authorization_id":"` + first + `","appointment_id":"ap-7"}`,
		`{"event_id":"w-1","type":"appointment.confirmed","authorization_id":"` + first + `","appointment_id":"ap-7","appointment_at":"2026-03-09T17:00:00Z","ends_at":"2026-03-09T17:00:00Z"}`,
		`{"event_id":"w-1","type":"result","authorization_id":"` + first + `","outcome":"Canary","examined_at":"2026-03-09T17:00:00Z"}`,
		`{"event_id":"w-1","type":"result","authorization_id":"` + first + `","outcome":"passed","examined_at":"2026-03-09T17:00:00Z","version":1.5}`,
		`{"event_id":"w-1","type":"result","authorization_id":"` + first + `","outcome":"passed","examined_at":"2026-03-09T17:00:00Z","version":"Canary"}`,
		`{"event_id":7,"type":"incident"}`,
	} {
		_, err := link(t, new(examstest.Files)).Verify([]byte(body), sign("new-secret", body, noon))
		require.ErrorIs(t, err, exams.ErrMalformed, body)
		require.NotContains(t, strings.ToLower(err.Error()), "canary")
	}
}

func TestVerifyBoundsTheBody(t *testing.T) {
	body := accepted + strings.Repeat(" ", exams.MaxWebhookBytes)
	_, err := link(t, new(examstest.Files)).Verify([]byte(body), sign("new-secret", body, noon))
	require.Error(t, err)
}

// The same event by file and by webhook is one message in the inbox.
func TestBothWaysSayTheSame(t *testing.T) {
	files := new(examstest.Files)
	leave(t, files, exams.ResultsPrefix+"a.csv", resultHeader+"e-1,"+first+",2026-03-09T10:00:00-07:00,passed,,\n")
	box := new(inbox)
	_, err := link(t, files).Collect(t.Context(), box.receive)
	require.NoError(t, err)
	body := `{"authorization_id":"` + strings.ToUpper(first) + `","event_id":"e-1","type":"result","outcome":"passed","examined_at":"2026-03-09T17:00:00Z","version":1}`
	incoming, err := link(t, files).Verify([]byte(body), sign("new-secret", body, noon))
	require.NoError(t, err)
	require.Equal(t, box.messages["e-1"], incoming)
}

func TestInterpretRefusesWhatIsNotOurs(t *testing.T) {
	for _, incoming := range []certification.Incoming{
		{},
		{Source: "stripe", ExternalID: "w-1", Payload: []byte(accepted)},
		{Source: "exam_vendor", ExternalID: "w-2", Payload: []byte(accepted)},
		{Source: "exam_vendor", ExternalID: "w-1", Payload: []byte(`{}`)},
	} {
		_, message, err := exams.Interpret(incoming)
		require.ErrorIs(t, err, exams.ErrMalformed)
		require.Nil(t, message)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte(accepted), "t=1772481600,v1=80d4b5ed2dc80ef3326e639fe2e2f46c15d2070d513b9c26ccc5fc263d97d931")
	f.Add([]byte(`{"event_id":"w-1","type":"result","version":"1e3"}`), "t=1,t=1")
	f.Fuzz(func(t *testing.T, body []byte, signature string) {
		vendor := link(t, new(examstest.Files))
		_, _ = vendor.Verify(body, signature)
		// And past the signature.
		incoming, err := vendor.Verify(body, sign("new-secret", string(body), noon))
		if err != nil {
			return
		}
		if !json.Valid(incoming.Payload) {
			t.Fatalf("payload %q", incoming.Payload)
		}
		if _, _, err := exams.Interpret(incoming); err != nil {
			t.Fatal(err)
		}
	})
}
