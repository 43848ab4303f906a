package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"peercert/cases"
	"peercert/certification"
)

// certified is somebody who has a certificate, or had.
func (w *world) certified(first, middle, last string, stage certification.Stage, change ...func(c *certification.Case)) *person {
	w.t.Helper()
	number := ""
	p := w.made(stage, append([]func(c *certification.Case){func(c *certification.Case) {
		number = fmt.Sprintf("PSS-TEST-%04d", w.numbers.Add(1))
		c.Certificate = &certification.Certificate{Number: number, IssuedAt: w.now().Add(-time.Hour), ExpiresAt: w.now().Add(time.Hour)}
	}}, change...)...)
	w.exec("UPDATE applicants SET first_name = $2, middle_name = $3, last_name = $4 WHERE id = $1", p.actor.ID, first, middle, last)
	return p
}

func TestSearchingTheRegistry(t *testing.T) {
	w := still(t)
	ctx := t.Context()
	search := func(text string) []cases.PublicCertificate {
		t.Helper()
		found, err := w.Search(ctx, text)
		require.NoError(t, err, text)
		return found
	}
	names := func(text string) []string {
		t.Helper()
		all := []string{}
		for _, certificate := range search(text) {
			all = append(all, certificate.Name)
		}
		return all
	}
	w.certified("María José", "de la", "García López", certification.StageCertified)
	w.certified("Mario", "", "Garcia", certification.StageCertified)
	w.certified("Garnet", "", "Smith-Jones", certification.StageCertified)
	w.certified("Linh", "", "Ng", certification.StageCertified)
	w.certified("Bo", "", "Ngata", certification.StageCertified)
	w.certified("Pat", "", "O’Neil", certification.StageCertified)
	w.certified("Zoe\u0308", "", "DE LA CRUZ", certification.StageCertified)
	w.certified("نور", "", "الحسن", certification.StageCertified)
	never := w.made(certification.StageApplicationReview)
	w.exec("UPDATE applicants SET first_name = 'Never', last_name = 'Garcia-Denied' WHERE id = $1", never.actor.ID)

	for text, expected := range map[string][]string{
		"garcia":                     {"Mario Garcia", "María José de la García López"},
		"GARCÍA":                     {"Mario Garcia", "María José de la García López"},
		"Garci\u0301a":               {"Mario Garcia", "María José de la García López"},
		"gar":                        {"Mario Garcia", "María José de la García López"}, // no first name alone
		"garcia, maria":              {"María José de la García López"},
		"jose lopez":                 {"María José de la García López"},
		"mario garcia":               {"Mario Garcia"},
		"mario lopez":                {},
		"maria":                      {},
		"jones":                      {"Garnet Smith-Jones"},
		"Smith-Jones":                {"Garnet Smith-Jones"},
		"linh ng":                    {"Linh Ng"},
		"ng linh":                    {"Linh Ng"},
		"bo ng":                      {}, // short words are whole names
		"bo nga":                     {"Bo Ngata"},
		"o'neil":                     {"Pat O’Neil"},
		"zoë cruz":                   {"Zoe\u0308 DE LA CRUZ"},
		"الحسن":                      {"نور الحسن"},
		"denied":                     {},
		"nobody":                     {},
		"garcia' | 'smith":           {}, // words, never operators
		"gar:* | !smith":             {"Garnet Smith-Jones"},
		"\\'garcia":                  {"Mario Garcia", "María José de la García López"},
		"garcia\x00mario":            {"Mario Garcia"},
		"garcia \ufdfa":              {}, // unfolds to several words
		"PC-7K3M-92QX":               {},
		certificateNumberOfNobody(t): {},
	} {
		require.Equal(t, expected, names(text), "%q", text)
	}
	for _, text := range []string{"", " ", "ga", "a%", "ng", "\u0301\u0301\u0301", "123456", "***"} {
		_, err := w.Search(ctx, text)
		require.Equal(t, []string{"q too_short"}, found(refused(t, certification.RefusedInvalid, err)), "%q", text)
	}
	for _, text := range []string{strings.Repeat("garcia ", 9), strings.Repeat("g", 101)} {
		_, err := w.Search(ctx, text)
		refusal := refused(t, certification.RefusedInvalid, err)
		require.Equal(t, []string{"q too_long"}, found(refusal))
		require.NotContains(t, fmt.Sprint(refusal), "garcia")
	}

	t.Run("every public status and nobody else", func(t *testing.T) {
		for i, row := range []struct {
			stage  certification.Stage
			change func(c *certification.Case)
			status string
		}{
			{certification.StageCertified, func(*certification.Case) {}, cases.CertificateActive},
			{certification.StageRenewalReview, func(c *certification.Case) { c.RenewalFiled = true }, cases.CertificateRenewalPending},
			{certification.StageRenewal, func(c *certification.Case) { // there was more time to renew, or nothing ran
				c.Certificate.ExpiresAt, c.Certificate.RenewBy = w.now().AddDate(0, 0, -1), w.now().AddDate(0, 0, 9)
			}, cases.CertificateExpired},
			{certification.StageRenewalFee, func(c *certification.Case) {
				c.RenewalFiled, c.Certificate.ExpiresAt = true, w.now().AddDate(0, 0, -1)
			}, cases.CertificateRenewalPending},
			{certification.StageExpired, func(c *certification.Case) { c.Certificate.Lapsed = true }, cases.CertificateExpired},
			{certification.StageClosed, func(c *certification.Case) { c.Outcome = certification.OutcomeVacated }, cases.CertificateVacated},
			{certification.StageCertified, func(c *certification.Case) { c.Suspended = true }, cases.CertificateSuspended},
			{certification.StageRevoked, func(*certification.Case) {}, cases.CertificateRevoked},
			// A denial is not public; what was done beside it is.
			{certification.StageDenied, func(c *certification.Case) {
				c.AppealFrom, c.RenewalFiled = certification.StageRenewalReview, true
			}, cases.CertificateRenewalPending},
			{certification.StageDenied, func(c *certification.Case) {
				c.AppealFrom, c.RenewalFiled, c.Suspended = certification.StageRenewalReview, true, true
			}, cases.CertificateSuspended},
			{certification.StageAppealReview, func(c *certification.Case) {
				c.AppealFrom, c.RenewalFiled, c.Suspended = certification.StageRenewalReview, true, true
				c.Certificate.ExpiresAt = w.now().AddDate(0, 0, -1)
			}, cases.CertificateSuspended},
			{certification.StageAppealReview, func(c *certification.Case) { c.AppealFrom = certification.StageRevoked }, cases.CertificateRevoked},
			{certification.StageClosed, func(c *certification.Case) { c.Outcome = certification.OutcomeSurrendered }, cases.CertificateSurrendered},
		} {
			last := "Status" + string(rune('a'+i))
			w.certified("Made", "", last, row.stage, row.change)
			listed := search(last)
			require.Len(t, listed, 1)
			require.Equal(t, row.status, listed[0].Status)
			byNumber, err := w.Certificate(ctx, listed[0].Number)
			require.NoError(t, err)
			require.Equal(t, byNumber, listed[0])
		}
	})
	t.Run("at most twenty", func(t *testing.T) {
		for i := range 25 {
			w.certified("Crowd", "", fmt.Sprintf("Crowded%c", 'a'+i), certification.StageCertified)
		}
		require.Len(t, search("crowded"), 20)
	})
	t.Run("by an index", func(t *testing.T) {
		connection, err := w.sql.Acquire(ctx)
		require.NoError(t, err)
		defer connection.Release()
		_, err = connection.Exec(ctx, "SET enable_seqscan = off") // so few rows would be read without
		require.NoError(t, err)
		rows, err := connection.Query(ctx, "EXPLAIN SELECT id FROM applicants WHERE sought(first_name, middle_name, last_name) @@ to_tsquery('pg_catalog.simple', folded('garcia:*'))")
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		plan := strings.Join(lines, "\n")
		require.Contains(t, plan, "applicants_by_name")
	})
}

// A certificate that ended is never said to be valid on a day that lies ahead, and that it
// ended by a denial is nobody's business.
func TestTheRegisterSaysWhenACertificateEnded(t *testing.T) {
	w := still(t)
	closed := w.now().Add(time.Hour).Truncate(time.Second) // after the step that makes the case
	issued := w.now().AddDate(-1, 0, 0)
	ahead, before := w.now().AddDate(0, 0, 40), w.now().AddDate(0, 0, -30)
	denied := func(ends time.Time) func(c *certification.Case) {
		return func(c *certification.Case) {
			c.Outcome, c.AppealFrom, c.RenewalFiled = certification.OutcomeDenied, certification.StageRenewalReview, true
			c.Certificate.ExpiresAt = ends
		}
	}
	ended := func(outcome certification.Outcome, ends time.Time, lapsed bool) func(c *certification.Case) {
		return func(c *certification.Case) {
			c.Outcome, c.Certificate.ExpiresAt, c.Certificate.Lapsed = outcome, ends, lapsed
		}
	}
	late := func(c *certification.Case) { denied(before)(c); c.Certificate.Lapsed = true }
	withdrawn := func(c *certification.Case) { denied(ahead)(c); c.Outcome = certification.OutcomeWithdrawn }
	suspended := func(ends time.Time) func(c *certification.Case) {
		return func(c *certification.Case) { c.Suspended, c.Certificate.ExpiresAt = true, ends }
	}
	for name, row := range map[string]struct {
		stage  certification.Stage
		change func(c *certification.Case)
		status string
		until  time.Time
	}{
		"a denied renewal":                {certification.StageClosed, denied(ahead), cases.CertificateVacated, closed},
		"one that was denied after":       {certification.StageClosed, denied(before), cases.CertificateVacated, closed},
		"one that was late":               {certification.StageClosed, late, cases.CertificateVacated, before},
		"no appeal wanted":                {certification.StageClosed, withdrawn, cases.CertificateVacated, closed},
		"not renewed":                     {certification.StageClosed, ended(certification.OutcomeVacated, before, true), cases.CertificateVacated, before},
		"given back by its owner":         {certification.StageClosed, ended(certification.OutcomeSurrendered, ahead, false), cases.CertificateSurrendered, closed},
		"revoked some time before":        {certification.StageClosed, ended(certification.OutcomeRevoked, ahead, false), cases.CertificateRevoked, ahead},
		"suspended, in its term":          {certification.StageCertified, suspended(ahead), cases.CertificateSuspended, ahead},
		"suspended, and its term is over": {certification.StageRenewal, suspended(before), cases.CertificateExpired, before},
		"suspended and lapsed": {certification.StageExpired, func(c *certification.Case) {
			suspended(before)(c)
			c.Certificate.Lapsed = true
		}, cases.CertificateExpired, before},
		"suspended, with a renewal sent in time": {certification.StageRenewalReview, func(c *certification.Case) {
			suspended(before)(c)
			c.RenewalFiled = true
		}, cases.CertificateSuspended, before},
	} {
		t.Run(name, func(t *testing.T) {
			number := ""
			p := w.certified("Made", "", "Ended", row.stage, row.change, func(c *certification.Case) {
				number, c.Certificate.IssuedAt = c.Certificate.Number, issued
			})
			w.exec(`INSERT INTO case_events (case_id, revision, key, event, settled, at, voided_at) VALUES
				($1, 90, 'a', '{"name": "notice-sent", "from": "denied", "to": "denied"}', '{}', $2, NULL),
				($1, 91, 'b', '{"name": "due", "from": "denied", "to": "closed"}', '{}', $4, now()),
				($1, 91, 'c', '{"name": "due", "from": "denied", "to": "closed"}', '{}', $3, NULL),
				($1, 92, 'd', '{"name": "notice-sent", "from": "closed", "to": "closed"}', '{}', $4, NULL)`,
				p.caseID, closed.AddDate(0, 0, -1), closed, closed.AddDate(0, 0, 1))
			certificate, err := w.Certificate(t.Context(), number)
			require.NoError(t, err)
			require.Equal(t, row.status, certificate.Status)
			require.True(t, row.until.Equal(certificate.ExpiresAt), "%s", certificate.ExpiresAt)
			listed, err := w.Search(t.Context(), "ended made")
			require.NoError(t, err)
			require.Contains(t, listed, certificate)
			w.exec("UPDATE applicants SET last_name = 'Other' WHERE id = $1", p.actor.ID)
		})
	}
}

// certificateNumberOfNobody is right by its check character, and nobody has it.
func certificateNumberOfNobody(t *testing.T) string {
	t.Helper()
	number, err := certification.NewCertificateNumber(strings.NewReader("1234567"))
	require.NoError(t, err)
	return number
}
