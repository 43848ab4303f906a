package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"peercert/certification"
	"peercert/store"
)

// fill makes bare rows, for lists only: many are due at the same instant, and every
// third has no due instant at all.
func (r *records) fill(many int) {
	r.t.Helper()
	_, err := r.sql.Exec(r.t.Context(), `INSERT INTO cases (id, number, applicant_id, stage, revision, waits_on, due_at, overdue, assignee, attention,
			county_plan, snapshot, created_at, updated_at)
		SELECT gen_random_uuid(), 'n' || i, $2, (ARRAY['application', 'application_review', 'certified', 'closed'])[i % 4 + 1], 1,
			(ARRAY['applicant', 'reviewer', 'nobody'])[i % 3 + 1], CASE WHEN i % 3 = 2 THEN NULL ELSE $3::timestamptz + (i % 5) * interval '1 day' END,
			i % 50 = 0, CASE WHEN i % 40 = 0 THEN 'reviewer-1' ELSE '' END, CASE WHEN i % 60 = 0 THEN ARRAY['review'] WHEN i % 61 = 0 THEN ARRAY['notice', 'vendor'] ELSE '{}' END,
			(ARRAY['Kern', 'Marin'])[i % 2 + 1], '{}', $3, $3
		FROM generate_series(1, $1) i`, many, r.applicant(), noon)
	require.NoError(r.t, err)
	// The snapshot carries what the test compares.
	_, err = r.sql.Exec(r.t.Context(), "UPDATE cases SET snapshot = jsonb_build_object('id', id, 'stage', stage)")
	require.NoError(r.t, err)
	_, err = r.sql.Exec(r.t.Context(), "ANALYZE cases")
	require.NoError(r.t, err)
}

func TestAListIsWholeAndInOrder(t *testing.T) {
	r := open(t)
	r.fill(240)
	r.notes()
	for name, filter := range map[string]store.CaseFilter{
		"all":       {},
		"stage":     {Stage: certification.StageApplicationReview},
		"party":     {WaitsOn: certification.PartyReviewer},
		"never due": {WaitsOn: certification.PartyNobody},
		"assignee":  {Assignee: "reviewer-1"},
		"overdue":   {Overdue: new(true)},
		"in time":   {Overdue: new(false), CountyPlan: "Kern"},
		"any":       {Attention: "any"},
		"vendor":    {Attention: "vendor"},
		"cancel":    {Attention: "cancel"},
		"surplus":   {Attention: "surplus"},
		"due":       {DueBefore: noon.Add(48 * time.Hour)},
	} {
		want := map[string]string{
			"all": "true", "stage": "stage = 'application_review'", "party": "waits_on = 'reviewer'", "never due": "waits_on = 'nobody'",
			"assignee": "assignee = 'reviewer-1'", "overdue": "overdue", "in time": "NOT overdue AND county_plan = 'Kern'",
			"any": "cardinality(attention) > 0 AND (stage <> 'closed' OR 'dispute' = ANY (attention) OR 'surplus' = ANY (attention))", "vendor": "stage <> 'closed' AND 'vendor' = ANY (attention)",
			"cancel": "stage <> 'closed' AND 'cancel' = ANY (attention)", "surplus": "'surplus' = ANY (attention)", "due": "due_at < '2026-03-04 20:00:00Z'",
		}[name]
		expected := one[[]string](r, "SELECT array_agg(id::text ORDER BY due_at NULLS LAST, id) FROM cases WHERE "+want)
		require.NotEmpty(t, expected, name)
		for _, size := range []int{1, 7, 1000} {
			var listed []string
			part := filter
			part.Most = size
			for {
				rows, err := r.ListCases(t.Context(), part)
				require.NoError(t, err)
				for _, row := range rows {
					listed = append(listed, row.ID)
				}
				if len(rows) < size {
					break
				}
				last := rows[len(rows)-1]
				part.AfterAt, part.AfterID = last.SortAt, last.ID
			}
			require.Equal(t, expected, listed, "%s in parts of %d", name, size)
		}
	}
	own, err := r.ListCases(t.Context(), store.CaseFilter{ApplicantID: store.NewID(), Most: 10})
	require.NoError(t, err)
	require.Empty(t, own)
}

// notes gives cases that fill made, of which two are closed, codes of attention of which
// a closed case keeps asking for one alone.
func (r *records) notes() {
	r.t.Helper()
	for number, codes := range map[string][]string{"n4": {"cancel", "surplus"}, "n7": {"cancel", "surplus"}, "n11": {"cancel"}} {
		_, err := r.sql.Exec(r.t.Context(), "UPDATE cases SET attention = $2 WHERE number = $1", number, codes)
		require.NoError(r.t, err)
	}
	require.Equal(r.t, []string{"n11", "n7"}, one[[]string](r, "SELECT array_agg(number ORDER BY number) FROM cases WHERE attention @> '{cancel}' AND stage = 'closed'"))
}

// A closed case asks for nobody but for money, so it is not counted either.
func TestAttentionIsCountedAsItIsListed(t *testing.T) {
	r := open(t)
	r.fill(240)
	r.notes()
	rows, err := r.CountAttention(t.Context())
	require.NoError(t, err)
	counted := map[string]int64{}
	for _, row := range rows {
		counted[row.Code] = row.Cases
		listed, err := r.ListCases(t.Context(), store.CaseFilter{Attention: row.Code, Most: 1000})
		require.NoError(t, err)
		require.Len(t, listed, int(row.Cases), row.Code)
	}
	require.EqualValues(t, 1, counted["cancel"])
	require.EqualValues(t, 2, counted["surplus"])
	require.EqualValues(t, 4, counted["review"])
	require.EqualValues(t, 2, counted["vendor"]) // n61, n122, and n183 is closed
}

// A page must cost the same in a large table: it is read from an index in its order,
// never sorted and never found by reading everything.
func TestListsAreReadFromAnIndex(t *testing.T) {
	r := open(t)
	r.fill(30_000)
	for name, condition := range map[string]string{
		"all":      "true",
		"later":    "(sort_at, id) > ('2026-03-04 20:00:00Z'::timestamptz, '80000000-0000-0000-0000-000000000000'::uuid)",
		"stage":    "stage = 'application_review'",
		"queue":    "waits_on = 'reviewer' AND (sort_at, id) > ('2026-03-04 20:00:00Z'::timestamptz, '80000000-0000-0000-0000-000000000000'::uuid)",
		"due":      "waits_on = 'reviewer' AND sort_at < '2026-03-04 20:00:00Z'",
		"county":   "county_plan = 'Kern'",
		"assignee": "assignee <> '' AND assignee = 'reviewer-1'",
		"overdue":  "overdue",
		"any":      "attention <> '{}' AND (stage <> 'closed' OR attention && '{dispute,surplus}')",
	} {
		plan := explain(r, "SELECT snapshot FROM cases WHERE "+condition+" ORDER BY sort_at, id LIMIT 51")
		require.Contains(t, plan, "Index", "%s: %s", name, plan)
		require.NotContains(t, plan, "Seq Scan", "%s: %s", name, plan)
		require.NotContains(t, plan, "Sort", "%s: %s", name, plan)
	}
}

// The statements that run at every step, on tables that have grown.
func TestFrequentStatementsUseIndexes(t *testing.T) {
	r := open(t)
	r.fill(5000)
	for _, statement := range []string{
		`INSERT INTO case_events (case_id, revision, key, event, settled, at) SELECT id, n, 'k' || n, '{}', '{}', now() FROM cases, generate_series(1, 5) n`,
		`INSERT INTO promises (id, case_id, revision, kind, waits_on, consequence, since, due_at, overdue, next_at, ended_at)
			SELECT gen_random_uuid(), id, n, 'kind', 'applicant', 'then', now(), now(), false, now(), CASE WHEN n < 5 THEN now() END FROM cases, generate_series(1, 5) n`,
		`INSERT INTO notices (id, case_id, revision, letter, facts, created_at, sent_at) SELECT gen_random_uuid(), id, n, 'l', '{}', now(), now() FROM cases, generate_series(1, 3) n`,
		`INSERT INTO payments (id, case_id, revision, fee, amount_cents, currency, status, asked_at) SELECT gen_random_uuid(), id, n, 'f', 1, 'usd', 'paid', now() FROM cases, generate_series(1, 3) n`,
		`INSERT INTO inbox (source, external_id, kind, payload, received_at, next_try_at, processed_at) SELECT 's', 'e' || n, 'k', '{}', now(), now(), now() FROM generate_series(1, 20000) n`,
		`INSERT INTO idempotency_keys (actor, key, digest, created_at) SELECT 'a', 'k' || n, '', now() FROM generate_series(1, 20000) n`,
		`ANALYZE`,
	} {
		_, err := r.sql.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	id := one[string](r, "SELECT id::text FROM cases LIMIT 1")
	for _, statement := range []string{
		"SELECT revision, settled FROM case_events WHERE case_id = '%s' AND key = 'k3' AND voided_at IS NULL",
		"SELECT id FROM case_events WHERE case_id = '%s' AND id < 1000000 ORDER BY id DESC LIMIT 51",
		"UPDATE promises SET ended_at = now() WHERE case_id = '%s' AND ended_at IS NULL AND NOT (id = ANY ('{}'::uuid[]))",
		"SELECT * FROM promises WHERE case_id = '%s' ORDER BY since, id",
		"SELECT * FROM notices WHERE case_id = '%s' AND voided_at IS NULL ORDER BY created_at, id",
		"SELECT id FROM cases WHERE applicant_id = '%s' AND stage <> 'closed' ORDER BY id DESC LIMIT 1",
		"SELECT id FROM cases WHERE stage <> 'closed' AND id > '%s' ORDER BY id LIMIT 100",
		"SELECT i.id FROM inbox i WHERE i.processed_at IS NULL AND i.next_try_at <= now() AND (i.source = 's' OR i.kind = 'l') = false AND '%s' <> '' ORDER BY i.id LIMIT 50 FOR UPDATE SKIP LOCKED",
		"UPDATE inbox i SET processed_at = NULL WHERE i.sent_to = '%s' AND NOT EXISTS (SELECT FROM case_events e WHERE e.case_id = i.sent_to AND e.key = i.sent_key AND e.voided_at IS NULL AND e.revision <= 3)",
		"SELECT k.actor, k.key FROM idempotency_keys k WHERE k.created_at < now() - interval '1 day' AND '%s' <> '' ORDER BY k.created_at LIMIT 2000",
	} {
		statement = strings.ReplaceAll(statement, "%s", id)
		require.NotContains(t, explain(r, statement), "Seq Scan", statement)
	}
}

func explain(r *records, statement string) string {
	r.t.Helper()
	rows, err := r.sql.Query(r.t.Context(), "EXPLAIN (FORMAT JSON) "+statement)
	require.NoError(r.t, err)
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var part []byte
		require.NoError(r.t, rows.Scan(&part))
		plan.Write(part)
	}
	require.NoError(r.t, rows.Err())
	// Only the kinds of node: the text also names the columns that are sorted by.
	var tree any
	require.NoError(r.t, json.Unmarshal([]byte(plan.String()), &tree))
	var kinds []string
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, child := range node {
				walk(child)
			}
		case map[string]any:
			if kind, is := node["Node Type"]; is {
				kinds = append(kinds, fmt.Sprint(kind))
			}
			for _, child := range node {
				walk(child)
			}
		}
	}
	walk(tree)
	slices.Sort(kinds)
	return strings.Join(kinds, ", ")
}
