-- name: LockCase :one
SELECT revision, written_task FROM cases WHERE id = $1 FOR NO KEY UPDATE;

-- name: NoteTask :exec
-- A step that writes nothing keeps older workflow tasks out all the same.
UPDATE cases SET written_task = sqlc.arg(task)::timestamptz WHERE id = $1 AND written_task < sqlc.arg(task)::timestamptz;

-- name: LockNewCase :exec
-- Before its first step a case has no row that could be locked.
SELECT pg_advisory_xact_lock(hashtextextended(sqlc.arg(case_id)::text, 0));

-- name: WriteCase :exec
INSERT INTO cases (id, number, applicant_id, stage, outcome, revision, waits_on, due_at, overdue, assignee, attention,
    county_plan, certificate_number, expires_at, snapshot, created_at, updated_at, erase_at, written_task)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $16, $17)
ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, outcome = excluded.outcome, revision = excluded.revision,
    waits_on = excluded.waits_on, due_at = excluded.due_at, overdue = excluded.overdue, assignee = excluded.assignee,
    attention = excluded.attention, certificate_number = excluded.certificate_number, expires_at = excluded.expires_at,
    snapshot = excluded.snapshot, updated_at = excluded.updated_at, erase_at = least(cases.erase_at, excluded.erase_at),
    written_task = greatest(cases.written_task, excluded.written_task);

-- name: EventOfKey :one
SELECT revision, settled FROM case_events WHERE case_id = $1 AND key = $2 AND voided_at IS NULL;

-- name: MessageOfKey :one
-- A message in the log, and what was asked with it; null of one of before that was kept.
SELECT e.revision, coalesce(e.event->>'signal', '')::text AS signal, d.digest FROM case_events e
LEFT JOIN message_digests d ON d.case_id = e.case_id AND d.key = e.key
WHERE e.case_id = $1 AND e.key = $2 AND e.voided_at IS NULL;

-- name: WriteDigest :exec
-- The key is bound to this request: what was asked with it before was refused.
INSERT INTO message_digests (case_id, key, digest) VALUES ($1, $2, $3)
ON CONFLICT (case_id, key) DO UPDATE SET digest = excluded.digest;

-- name: VoidEvents :exec
UPDATE case_events SET voided_at = $3 WHERE case_id = $1 AND revision >= $2 AND voided_at IS NULL;

-- name: VoidNotices :exec
UPDATE notices SET voided_at = $3 WHERE case_id = $1 AND revision >= $2 AND sent_at IS NULL AND voided_at IS NULL;

-- name: VoidPayments :exec
-- Money that arrived stays in the ledger.
UPDATE payments SET status = 'void' WHERE case_id = $1 AND revision >= $2 AND status IN ('open', 'failed', 'waived');

-- name: UnsettlePayments :exec
UPDATE payments SET status = 'open', settled_at = NULL, settled_by = NULL
WHERE case_id = $1 AND revision < sqlc.arg(from_revision) AND settled_by >= sqlc.arg(from_revision) AND status IN ('paid', 'failed', 'waived');

-- name: DropPromises :exec
-- The void event keeps them in its answer.
DELETE FROM promises WHERE case_id = $1 AND revision >= $2;

-- name: ReopenPromises :exec
UPDATE promises SET ended_at = NULL, ended_by = NULL, kept = NULL WHERE case_id = $1 AND ended_by >= sqlc.arg(from_revision)::int;

-- name: VoidDraftTurns :exec
UPDATE draft_turns SET voided_at = $3, handed_in_values = NULL WHERE case_id = $1 AND revision >= $2 AND voided_at IS NULL;

-- name: VoidAuthorizations :exec
UPDATE authorizations SET voided_at = $3 WHERE case_id = $1 AND revision >= $2 AND sent_at IS NULL AND voided_at IS NULL;

-- name: AddEvent :exec
INSERT INTO case_events (case_id, revision, key, event, settled, at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: WritePromise :exec
INSERT INTO promises (id, case_id, revision, kind, waits_on, consequence, since, due_at, stopped_at, overdue, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, stopped_at = excluded.stopped_at, overdue = excluded.overdue,
    next_at = excluded.next_at;

-- name: EndPromises :exec
-- Kept in time; or its clock stood still; or it was no more than a day to come. Never
-- kept is one whose due instant brought this on: two clocks may differ by a little.
UPDATE promises SET ended_at = sqlc.arg(at)::timestamptz, ended_by = sqlc.arg(revision)::int,
    kept = (promises.due_at >= sqlc.arg(at)::timestamptz AND promises.kind <> sqlc.arg(missed)::text OR promises.stopped_at IS NOT NULL
        OR promises.waits_on = 'nobody' OR promises.consequence = 'awaiting_results')
WHERE case_id = sqlc.arg(case_id) AND ended_at IS NULL AND NOT (id = ANY (sqlc.arg(open_ids)::uuid[]));

-- name: AddNotice :exec
INSERT INTO notices (id, case_id, registration_id, revision, letter, facts, notes_key, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: AddPayment :exec
INSERT INTO payments (id, case_id, revision, fee, amount_cents, currency, status, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, 'open', $7);

-- name: SettlePayment :exec
UPDATE payments SET status = $2, settled_at = $3, settled_by = $4 WHERE id = $1 AND case_id = $5;

-- name: AddAuthorization :exec
INSERT INTO authorizations (id, case_id, revision, attempt, language, place, eligible_from, eligible_until, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7);

-- name: MoveAuthorization :exec
-- The vendor is told by sending it again.
UPDATE authorizations SET eligible_until = $2 WHERE id = $1 AND eligible_until <> $2;

-- name: LockDraft :one
SELECT revision FROM drafts WHERE case_id = $1 AND form = $2 FOR UPDATE;

-- name: TurnDraft :exec
-- What is handed in is kept as it is now: what is changed later can be taken back to it.
INSERT INTO draft_turns (case_id, form, revision, draft_revision, handed_in_values)
VALUES ($1, $2, $3, $4, (SELECT d.draft_values FROM drafts d WHERE d.case_id = $1 AND d.form = $2 AND d.revision = $4));

-- name: SettleDrafts :exec
-- Brings drafts into line with whose turn it is, after turns from a revision on were
-- taken or made void.
UPDATE drafts SET submitted_revision = (SELECT t.draft_revision FROM draft_turns t
    WHERE t.case_id = drafts.case_id AND t.form = drafts.form AND t.voided_at IS NULL ORDER BY t.id DESC LIMIT 1)
WHERE drafts.case_id = $1 AND drafts.form IN (SELECT t.form FROM draft_turns t WHERE t.case_id = $1 AND t.revision >= sqlc.arg(from_revision));

-- name: ReadCase :one
SELECT snapshot, created_at, updated_at FROM cases WHERE id = $1;

-- name: CaseOfCertificate :one
SELECT c.snapshot, a.first_name, a.middle_name, a.last_name,
    coalesce((SELECT max(e.at) FROM case_events e WHERE e.case_id = c.id AND e.voided_at IS NULL
        AND e.event->>'to' = 'closed' AND e.event->>'from' <> 'closed'), '0001-01-01 00:00:00+00')::timestamptz AS closed_at
FROM cases c JOIN applicants a ON a.id = c.applicant_id
WHERE c.certificate_number = $1;

-- name: OpenCaseOf :one
SELECT id FROM cases WHERE applicant_id = $1 AND stage <> 'closed' ORDER BY id DESC LIMIT 1;

-- name: LastCaseOf :one
SELECT id FROM cases WHERE applicant_id = $1 ORDER BY id DESC LIMIT 1;

-- name: CaseNumberTaken :one
SELECT EXISTS (SELECT FROM cases WHERE number = $1);

-- name: Events :many
SELECT id, revision, event, at, voided_at FROM case_events WHERE case_id = sqlc.arg(case_id) AND id < sqlc.arg(before)
ORDER BY id DESC LIMIT sqlc.arg(most);

-- name: WhoDecided :many
-- Who brought cases to where they may be appealed: the denial or the revocation that
-- the appeal is about. An appeal that gave a certificate back leads to a denial of before.
SELECT DISTINCT ON (case_id) case_id, (event->'actor'->>'id')::text AS actor_id FROM case_events
WHERE case_id = ANY (sqlc.arg(case_ids)::uuid[]) AND voided_at IS NULL AND event->>'to' IN ('denied', 'revoked') AND event->>'from' <> event->>'to'
    AND event->>'signal' IS DISTINCT FROM 'decide-appeal'
    AND (event->>'to' = 'revoked') = (SELECT c.snapshot->>'appeal_from' IS NOT DISTINCT FROM 'revoked' FROM cases c WHERE c.id = case_events.case_id)
ORDER BY case_id, revision DESC;

-- name: ReasonsOfDenial :many
-- Why a case was denied, by the denial that stands. An appeal that gave a certificate back
-- leads to it once more and says no reasons.
SELECT jsonb_array_elements_text(event->'details'->'reasons')::text FROM case_events
WHERE id = (SELECT e.id FROM case_events e WHERE e.case_id = $1 AND e.voided_at IS NULL AND e.event->>'to' = 'denied' AND e.event->>'from' <> 'denied'
        AND e.event->>'signal' IS DISTINCT FROM 'decide-appeal'
    ORDER BY e.revision DESC LIMIT 1);

-- name: PromisesOf :many
SELECT * FROM promises WHERE case_id = $1 ORDER BY since, id;

-- name: OpenCaseIDs :many
SELECT id FROM cases WHERE stage <> 'closed' AND id > $1 ORDER BY id LIMIT $2;
