-- What is erased once it was kept for its time (docs/retention.md).

-- name: RealTime :one
SELECT clock_timestamp()::timestamptz AS at;

-- name: CasesToLookAt :many
SELECT id, erase_at FROM cases
WHERE erase_at <= sqlc.arg(now)::timestamptz AND (erase_at, id) > (sqlc.arg(after_at)::timestamptz, sqlc.arg(after_id)::uuid)
ORDER BY erase_at, id LIMIT sqlc.arg(most);

-- name: LockCaseToErase :one
-- Whoever makes a step of the case waits, or was before.
SELECT revision, applicant_id, snapshot, created_at, updated_at FROM cases WHERE id = $1 FOR NO KEY UPDATE;

-- name: LookNextAt :exec
-- Unless a step was made meanwhile: then it is looked at again.
UPDATE cases SET erase_at = sqlc.arg(at) WHERE id = sqlc.arg(id) AND revision = sqlc.arg(revision) AND updated_at = sqlc.arg(updated_at);

-- name: TurnsOfCase :one
-- When a case was closed, and when the application, or an appeal, was decided last. A
-- return is no decision: it waits for an answer. And whether it was held or suspended last
-- and neither was ended by a signal: closing takes these marks off the case.
SELECT
    coalesce(max(at) FILTER (WHERE event->>'to' = 'closed' AND event->>'from' <> 'closed'), '0001-01-01 00:00:00+00')::timestamptz AS closed_at,
    coalesce(max(at) FILTER (WHERE event->>'signal' = 'decide-appeal'
        OR event->>'signal' = 'decide-application' AND event->'details'->>'decision' <> 'return'), '0001-01-01 00:00:00+00')::timestamptz AS decided_at,
    (coalesce(max(revision) FILTER (WHERE event->>'signal' = 'hold'), -1) > coalesce(max(revision) FILTER (WHERE event->>'signal' = 'release-hold'), -1)
        OR coalesce(max(revision) FILTER (WHERE event->>'signal' = 'suspend'), -1)
            > coalesce(max(revision) FILTER (WHERE event->>'signal' IN ('reinstate', 'revoke')), -1))::boolean AS held
FROM case_events WHERE case_id = $1 AND voided_at IS NULL AND event->>'ignored' IS NULL;

-- name: FilledDrafts :many
-- What was typed and is still there, also as it was handed in; handed_in if it ever was.
SELECT d.form, d.draft_values, d.saved_at, EXISTS (SELECT FROM draft_turns t
    WHERE t.case_id = d.case_id AND t.form = d.form AND t.draft_revision IS NOT NULL AND t.voided_at IS NULL) AS handed_in
FROM drafts d WHERE d.case_id = $1 AND d.erased_at IS NULL AND (d.draft_values <> '{}' OR EXISTS (SELECT FROM draft_turns t
    WHERE t.case_id = d.case_id AND t.form = d.form AND t.handed_in_values IS NOT NULL)) ORDER BY d.form FOR UPDATE;

-- name: EverCertified :one
SELECT EXISTS (SELECT FROM cases WHERE applicant_id = $1 AND certificate_number IS NOT NULL) AS certified;

-- name: EraseDraft :exec
-- Whoever saw it before it was erased saves nothing over it.
UPDATE drafts SET draft_values = $3, erased_at = $4, revision = revision + 1 WHERE case_id = $1 AND form = $2;

-- name: ForgetHandedIn :exec
-- What a form said when it was handed in goes with the form.
UPDATE draft_turns SET handed_in_values = NULL WHERE case_id = $1 AND form = $2 AND handed_in_values IS NOT NULL;

-- name: HideDocuments :exec
UPDATE documents SET erasing_for = sqlc.arg(class), file_name = '' WHERE case_id = sqlc.arg(case_id) AND id = ANY (sqlc.arg(ids)::uuid[]);

-- name: HiddenDocuments :many
SELECT id, erasing_for FROM documents WHERE case_id = $1 AND erasing_for <> '' ORDER BY erasing_for, id;

-- name: DropDocument :execrows
DELETE FROM documents WHERE id = $1 AND erasing_for <> '';

-- name: CountVideoProgress :one
SELECT count(*) FROM video_progress WHERE case_id = $1;

-- name: ForgetVideoProgress :execrows
DELETE FROM video_progress WHERE case_id = $1;

-- name: PaymentTimes :many
SELECT id, coalesce(settled_at, asked_at)::timestamptz AS at FROM payments WHERE case_id = $1 ORDER BY at, id;

-- name: ForgetPayments :execrows
DELETE FROM payments WHERE case_id = $1 AND id = ANY (sqlc.arg(ids)::uuid[]);

-- name: ForgetReceipts :exec
DELETE FROM notices WHERE case_id = $1 AND letter = 'receipt' AND sent_at IS NOT NULL AND facts->>'payment_id' = ANY (sqlc.arg(payment_ids)::text[]);

-- name: ReadTimes :many
SELECT id, at FROM reads WHERE case_id = $1 ORDER BY at, id LIMIT sqlc.arg(most);

-- name: ForgetReads :execrows
DELETE FROM reads WHERE id = ANY (sqlc.arg(ids)::bigint[]);

-- name: CasesOfPerson :many
SELECT id, snapshot, updated_at FROM cases WHERE applicant_id = $1 ORDER BY id;

-- name: StillNeeded :one
-- Whether something is still on its way to a person: a letter that was not sent, or a case
-- that was chosen for them and that Temporal has not opened yet.
SELECT (EXISTS (SELECT FROM notices n JOIN cases c ON c.id = n.case_id
        WHERE c.applicant_id = sqlc.arg(applicant_id)::uuid AND n.sent_at IS NULL AND n.voided_at IS NULL)
    OR EXISTS (SELECT FROM registrations r WHERE r.applicant_id = sqlc.arg(applicant_id)::uuid
        AND r.case_id IS NOT NULL AND NOT EXISTS (SELECT FROM cases c WHERE c.id = r.case_id)))::boolean AS needed;

-- name: PeopleWithoutCase :many
-- Who confirmed their address, and whose case was never opened.
SELECT a.id FROM applicants a WHERE a.erased_at IS NULL AND a.created_at < sqlc.arg(before)::timestamptz
    AND NOT EXISTS (SELECT FROM cases c WHERE c.applicant_id = a.id) ORDER BY a.created_at LIMIT sqlc.arg(most);

-- name: HasCase :one
SELECT EXISTS (SELECT FROM cases WHERE applicant_id = $1);

-- name: AuthorizationIDs :many
SELECT z.id FROM authorizations z JOIN cases c ON c.id = z.case_id WHERE c.applicant_id = $1 ORDER BY z.id;

-- name: EraseContact :exec
-- The name of who was ever certified is public and stays. What stands for the address can
-- be nobody's address.
UPDATE applicants a SET email = '', email_folded = 'erased ' || a.id, called = '', phone = '', address = '{}', county_plan = '', date_of_birth = NULL,
    first_name = CASE WHEN certified.is THEN a.first_name ELSE '' END, middle_name = CASE WHEN certified.is THEN a.middle_name ELSE '' END,
    last_name = CASE WHEN certified.is THEN a.last_name ELSE '' END,
    erased_at = sqlc.arg(at)::timestamptz, sessions_from = sqlc.arg(real_time)::timestamptz
FROM (SELECT EXISTS (SELECT FROM cases c WHERE c.applicant_id = sqlc.arg(id) AND c.certificate_number IS NOT NULL) AS is) certified
WHERE a.id = sqlc.arg(id);

-- name: ForgetTokens :exec
DELETE FROM tokens WHERE role = $1 AND actor_id = $2;

-- name: ForgetCustomer :exec
-- What the payment processor knows a person by goes with the last of their payments.
UPDATE applicants a SET customer_id = '' WHERE a.id = $1 AND a.erased_at IS NOT NULL AND a.customer_id <> ''
    AND NOT EXISTS (SELECT FROM payments p JOIN cases c ON c.id = p.case_id WHERE c.applicant_id = a.id);

-- name: AddErasure :exec
INSERT INTO erasures (case_id, class, items, at) VALUES ($1, $2, $3, $4);

-- name: ErasuresOf :many
SELECT class, items, at FROM erasures WHERE case_id = $1 ORDER BY id;
