-- name: NoticesBefore :many
-- This and the next two are lists of a case in parts, the newest first, from a place on that
-- the part before gave.
SELECT * FROM notices WHERE case_id = sqlc.arg(case_id) AND voided_at IS NULL
    AND (created_at, id) < (sqlc.arg(before_at)::timestamptz, sqlc.arg(before_id)::uuid)
ORDER BY created_at DESC, id DESC LIMIT sqlc.arg(most);

-- name: PaymentsBefore :many
SELECT * FROM payments WHERE case_id = sqlc.arg(case_id) AND status <> 'void'
    AND (asked_at, id) < (sqlc.arg(before_at)::timestamptz, sqlc.arg(before_id)::uuid)
ORDER BY asked_at DESC, id DESC LIMIT sqlc.arg(most);

-- name: DocumentsBefore :many
SELECT * FROM documents WHERE case_id = sqlc.arg(case_id) AND erasing_for = '' AND (sqlc.arg(kind)::text = '' OR kind = sqlc.arg(kind)::text)
    AND (uploaded_at, id) < (sqlc.arg(before_at)::timestamptz, sqlc.arg(before_id)::uuid)
ORDER BY uploaded_at DESC, id DESC LIMIT sqlc.arg(most);

-- name: UploadsTaken :one
-- How many documents a case ever took.
SELECT coalesce((SELECT u.taken FROM uploads u WHERE u.case_id = sqlc.arg(case_id)), (SELECT count(*) FROM documents d WHERE d.case_id = sqlc.arg(case_id)))::int AS taken;

-- name: LockUploads :one
-- Of two uploads to a case at once the second counts the first.
INSERT INTO uploads (case_id, taken) VALUES (sqlc.arg(case_id), (SELECT count(*) FROM documents d WHERE d.case_id = sqlc.arg(case_id)))
ON CONFLICT (case_id) DO UPDATE SET taken = uploads.taken RETURNING taken;

-- name: CountUpload :exec
UPDATE uploads SET taken = taken + 1 WHERE case_id = $1;

-- name: CountDocuments :one
-- The documents of a kind that their owner could still take away: those that were not
-- handed in.
SELECT count(*)::int FROM documents WHERE case_id = $1 AND kind = $2 AND erasing_for = '' AND NOT (id = ANY (sqlc.arg(handed_in)::uuid[]));
