-- name: AddRegistration :exec
INSERT INTO registrations (id, email_folded, details, language, created_at, expires_at, purpose, applicant_id, asker)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: LockAddress :exec
-- Of two who want a code for one address at once, the second counts the first.
SELECT pg_advisory_xact_lock(hashtextextended('address:' || sqlc.arg(email_folded)::text, 0));

-- name: CodesSince :one
-- The codes that were mailed to an address, for whatever purpose: all, those that one
-- asker wanted, and when the last of these was.
SELECT count(*) AS codes, count(*) FILTER (WHERE asker = sqlc.arg(asker)) AS own,
    coalesce(max(created_at) FILTER (WHERE asker = sqlc.arg(asker)), '0001-01-01 00:00:00+00')::timestamptz AS newest_own
FROM registrations WHERE email_folded = sqlc.arg(email_folded) AND created_at > sqlc.arg(since) AND purpose <> 'another_case';

-- name: LockRegistration :one
SELECT * FROM registrations WHERE id = $1 FOR UPDATE;

-- name: ReadRegistration :one
SELECT * FROM registrations WHERE id = $1;

-- name: CountTry :exec
UPDATE registrations SET tries = tries + 1 WHERE id = $1;

-- name: ConfirmRegistration :exec
UPDATE registrations SET confirmed_at = $2, applicant_id = $3, case_id = $4 WHERE id = $1;

-- name: ConfirmSignIn :exec
-- The first time stays: it says for how long the code may be repeated.
UPDATE registrations SET confirmed_at = coalesce(confirmed_at, $2) WHERE id = $1;

-- name: OpenRegistration :exec
-- A confirmed address told who its owner is, and a case was chosen.
UPDATE registrations SET details = $2, applicant_id = $3, case_id = $4 WHERE id = $1;

-- name: UnopenedCaseOf :one
-- A case that was chosen for a person when they confirmed, and that Temporal has not
-- opened yet.
SELECT r.case_id FROM registrations r
WHERE r.applicant_id = $1 AND r.case_id IS NOT NULL AND NOT EXISTS (SELECT FROM cases c WHERE c.id = r.case_id)
ORDER BY r.confirmed_at DESC LIMIT 1;

-- name: LockApplicantOfEmail :one
-- Locked: of two confirmations at once, the second finds the case of the first.
SELECT id FROM applicants WHERE email_folded = $1 FOR UPDATE;

-- name: ApplicantOfEmail :one
SELECT id FROM applicants WHERE email_folded = $1;

-- name: LockApplicant :one
SELECT * FROM applicants WHERE id = $1 FOR UPDATE;

-- name: SessionsFrom :one
SELECT sessions_from FROM applicants WHERE id = $1;

-- name: EndSessions :execrows
UPDATE applicants SET sessions_from = $2 WHERE id = $1;

-- name: ReopenAccount :exec
-- Who begins another case has an account again.
UPDATE applicants SET closed_at = NULL WHERE id = $1 AND closed_at IS NOT NULL;

-- name: AddApplicant :exec
INSERT INTO applicants (id, candidate_id, email, email_folded, first_name, middle_name, last_name, called, phone, address,
    county_plan, language, date_of_birth, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (email_folded) DO NOTHING;

-- name: ReadApplicant :one
SELECT * FROM applicants WHERE id = $1;

-- name: ApplicantOfCase :one
SELECT a.* FROM applicants a JOIN cases c ON c.applicant_id = a.id WHERE c.id = $1;

-- name: AddToken :exec
INSERT INTO tokens (id, hash, role, actor_id, label, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (hash) DO NOTHING;

-- name: ReadToken :one
SELECT role, actor_id, expires_at, revoked_at FROM tokens WHERE hash = $1;

-- name: RevokeTokens :execrows
UPDATE tokens SET revoked_at = $3 WHERE role = $1 AND actor_id = $2 AND revoked_at IS NULL;

-- name: ReadDraft :one
SELECT revision, draft_values, submitted_revision, saved_at, erased_at FROM drafts WHERE case_id = $1 AND form = $2;

-- name: SaveDraft :execrows
INSERT INTO drafts (case_id, form, revision, draft_values, saved_at) VALUES (sqlc.arg(case_id), sqlc.arg(form), 1, sqlc.arg(draft_values), sqlc.arg(at))
ON CONFLICT (case_id, form) DO UPDATE SET revision = drafts.revision + 1, draft_values = excluded.draft_values, saved_at = excluded.saved_at
WHERE drafts.revision = sqlc.arg(seen_revision)::int AND drafts.submitted_revision IS NULL;

-- name: GivenBack :one
-- The turn that gave a draft back, and its event; none if the last turn is another.
SELECT t.id AS turn, coalesce(max(e.id), 0)::bigint AS event FROM draft_turns t
LEFT JOIN case_events e ON e.case_id = t.case_id AND e.revision = t.revision AND e.voided_at IS NULL
WHERE t.case_id = $1 AND t.form = $2 AND t.voided_at IS NULL AND t.draft_revision IS NULL AND NOT EXISTS (
    SELECT FROM draft_turns later WHERE later.case_id = t.case_id AND later.form = t.form AND later.voided_at IS NULL AND later.id > t.id)
GROUP BY t.id;

-- name: AddAnswers :exec
INSERT INTO draft_answers (turn, field) SELECT sqlc.arg(turn), unnest(sqlc.arg(fields)::text[]) ON CONFLICT DO NOTHING;

-- name: AnswersTo :many
SELECT field FROM draft_answers WHERE turn = $1 ORDER BY field;

-- name: UploadedSince :many
-- The files that came after an event and can be used, or soon.
SELECT id, kind FROM documents WHERE case_id = $1 AND after_event >= sqlc.arg(event) AND status NOT IN ('refused', 'infected') AND erasing_for = ''
ORDER BY id;

-- name: VideoProgress :many
SELECT chapter, opened_at, finished_at FROM video_progress WHERE case_id = $1;

-- name: OpenChapter :exec
INSERT INTO video_progress (case_id, chapter, opened_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: FinishChapter :exec
UPDATE video_progress SET finished_at = $3 WHERE case_id = $1 AND chapter = $2 AND finished_at IS NULL;

-- name: AddRead :exec
INSERT INTO reads (case_id, role, actor_id, purpose, what, at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ClaimKey :execrows
INSERT INTO idempotency_keys (actor, key, digest, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: ReadKey :one
SELECT digest, answer FROM idempotency_keys WHERE actor = $1 AND key = $2;

-- name: LockKey :one
SELECT digest, answer FROM idempotency_keys WHERE actor = $1 AND key = $2 FOR UPDATE;

-- name: AnswerKey :one
-- Of two answers to one request the first stands, for both.
UPDATE idempotency_keys SET answer = coalesce(answer, sqlc.arg(answer)::jsonb), answered_at = coalesce(answered_at, sqlc.arg(at)::timestamptz)
WHERE actor = $1 AND key = $2 RETURNING answer;

-- name: ForgetKeys :execrows
DELETE FROM idempotency_keys WHERE (actor, key) IN (
    SELECT k.actor, k.key FROM idempotency_keys k WHERE k.created_at < sqlc.arg(before) ORDER BY k.created_at LIMIT sqlc.arg(most));

-- name: ForgetRegistrations :execrows
-- With their letters. One whose case waits to be opened stays, for as long as its person does.
DELETE FROM registrations WHERE id IN (
    SELECT r.id FROM registrations r WHERE r.expires_at < sqlc.arg(before)
    AND (r.case_id IS NULL OR EXISTS (SELECT FROM cases c WHERE c.id = r.case_id)
        OR EXISTS (SELECT FROM applicants a WHERE a.id = r.applicant_id AND a.erased_at IS NOT NULL)) ORDER BY r.expires_at LIMIT sqlc.arg(most));
