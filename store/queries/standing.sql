-- How the whole programme stands, for whoever operates it: counts, never rows.

-- name: CountOpenByStage :many
SELECT stage, count(*) AS cases FROM cases WHERE stage <> 'closed' GROUP BY stage;

-- name: CountAttention :many
-- Of a closed case only what is about money, as in the list: see certification.AfterTheEnd.
SELECT code::text AS code, count(DISTINCT id) AS cases
FROM cases CROSS JOIN LATERAL unnest(attention) AS code
WHERE attention <> '{}' AND (stage <> 'closed' OR code IN ('dispute', 'surplus')) GROUP BY code;

-- name: CountWaiting :one
SELECT
    (SELECT count(*) FROM cases WHERE overdue AND stage <> 'closed') AS overdue,
    coalesce((SELECT extract(epoch FROM sqlc.arg(now)::timestamptz - min(erase_at)) FROM cases), 0)::float8 AS erasing_seconds,
    (SELECT count(*) FROM inbox WHERE processed_at IS NULL) AS inbox,
    (SELECT count(*) FROM notices WHERE sent_at IS NULL AND voided_at IS NULL) AS notices,
    (SELECT count(*) FROM documents WHERE status = 'checking' AND erasing_for = '') AS documents,
    coalesce((SELECT extract(epoch FROM sqlc.arg(now)::timestamptz - min(uploaded_at)) FROM documents WHERE status = 'checking' AND erasing_for = ''), 0)::float8 AS document_seconds,
    coalesce((SELECT extract(epoch FROM sqlc.arg(now)::timestamptz - min(received_at)) FROM inbox WHERE processed_at IS NULL), 0)::float8 AS inbox_seconds,
    coalesce((SELECT extract(epoch FROM sqlc.arg(now)::timestamptz - min(created_at)) FROM notices WHERE sent_at IS NULL AND voided_at IS NULL), 0)::float8 AS notice_seconds;
