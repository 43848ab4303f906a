-- name: FindSession :one
SELECT data FROM sessions WHERE token = $1 AND expires_at > now();

-- name: WriteSession :exec
INSERT INTO sessions (token, data, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at;

-- name: DeleteSession :exec
DELETE FROM sessions WHERE token = $1;

-- name: ForgetSessions :execrows
DELETE FROM sessions WHERE token IN (SELECT s.token FROM sessions s WHERE s.expires_at < now() ORDER BY s.expires_at LIMIT sqlc.arg(most));

-- name: CountUse :one
-- A window begins with its first use; what is too much does not make it longer.
INSERT INTO limits AS l (who, used, ends_at) VALUES (sqlc.arg(who), 1, now() + make_interval(secs => sqlc.arg(seconds)::float8))
ON CONFLICT (who) DO UPDATE SET
    used = CASE WHEN l.ends_at <= now() THEN 1 ELSE least(l.used, 1000000000) + 1 END,
    ends_at = CASE WHEN l.ends_at <= now() THEN excluded.ends_at ELSE l.ends_at END
RETURNING used, extract(epoch FROM ends_at - now())::float8 AS seconds_left;

-- name: ForgetLimits :execrows
DELETE FROM limits WHERE who IN (SELECT l.who FROM limits l WHERE l.ends_at < now() ORDER BY l.ends_at LIMIT sqlc.arg(most));

-- name: CasesOf :many
-- A person has a handful of cases; ids are in the order in which they were made.
SELECT snapshot, created_at, updated_at FROM cases WHERE applicant_id = $1 ORDER BY id DESC LIMIT 100;

-- name: SearchCertificates :many
-- The index finds the people; few of them have more than one case. Whoever is not
-- certified, and never was, has no certificate number.
SELECT c.snapshot, a.first_name, a.middle_name, a.last_name FROM applicants a JOIN cases c ON c.applicant_id = a.id
WHERE sought(a.first_name, a.middle_name, a.last_name) @@ to_tsquery('pg_catalog.simple', folded(sqlc.arg(query)))
    AND c.certificate_number IS NOT NULL
ORDER BY folded(a.last_name), folded(a.first_name), c.certificate_number LIMIT sqlc.arg(most);
