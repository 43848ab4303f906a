-- name: AddRegistration :exec
INSERT INTO registrations (id, email_folded, details, language, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: RegistrationsSince :one
SELECT count(*) FROM registrations WHERE email_folded = $1 AND created_at > $2;

-- name: LockRegistration :one
SELECT * FROM registrations WHERE id = $1 FOR UPDATE;

-- name: ReadRegistration :one
SELECT * FROM registrations WHERE id = $1;

-- name: CountTry :exec
UPDATE registrations SET tries = tries + 1 WHERE id = $1;

-- name: ConfirmRegistration :exec
UPDATE registrations SET confirmed_at = $2, applicant_id = $3, case_id = $4 WHERE id = $1;

-- name: ApplicantOfEmail :one
SELECT id FROM applicants WHERE email_folded = $1;

-- name: AddApplicant :exec
INSERT INTO applicants (id, candidate_id, email, email_folded, first_name, middle_name, last_name, called, phone, address,
    county_plan, language, date_of_birth, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

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
UPDATE tokens SET revoked_at = $2 WHERE actor_id = $1 AND revoked_at IS NULL;

-- name: ReadDraft :one
SELECT revision, draft_values, submitted_revision, saved_at FROM drafts WHERE case_id = $1 AND form = $2;

-- name: SaveDraft :execrows
INSERT INTO drafts (case_id, form, revision, draft_values, saved_at) VALUES (sqlc.arg(case_id), sqlc.arg(form), 1, sqlc.arg(draft_values), sqlc.arg(at))
ON CONFLICT (case_id, form) DO UPDATE SET revision = drafts.revision + 1, draft_values = excluded.draft_values, saved_at = excluded.saved_at
WHERE drafts.revision = sqlc.arg(seen_revision)::int AND drafts.submitted_revision IS NULL;

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

-- name: AnswerKey :exec
UPDATE idempotency_keys SET answer = $3, answered_at = $4 WHERE actor = $1 AND key = $2 AND answer IS NULL;
