-- name: FindSession :one
SELECT data FROM sessions WHERE token = $1 AND expires_at > now() AND data <> '';

-- name: WriteSession :exec
-- A session that was ended stays ended, whoever still writes to it.
INSERT INTO sessions (token, data, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at WHERE sessions.data <> '';

-- name: EndSession :exec
-- What it held goes at once. The row stays for a day: a request that had read it may
-- still be running, and writes it back.
UPDATE sessions SET data = '', expires_at = now() + interval '1 day' WHERE token = $1 AND data <> '';

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
SELECT c.snapshot, a.first_name, a.middle_name, a.last_name,
    coalesce((SELECT max(e.at) FROM case_events e WHERE e.case_id = c.id AND e.voided_at IS NULL
        AND e.event->>'to' = 'closed' AND e.event->>'from' <> 'closed'), '0001-01-01 00:00:00+00')::timestamptz AS closed_at
FROM applicants a JOIN cases c ON c.applicant_id = a.id
WHERE sought(a.first_name, a.middle_name, a.last_name) @@ to_tsquery('pg_catalog.simple', folded(sqlc.arg(query)))
    AND c.certificate_number IS NOT NULL
ORDER BY folded(a.last_name), folded(a.first_name), c.certificate_number LIMIT sqlc.arg(most);

-- name: WritePerson :exec
UPDATE applicants SET first_name = $2, middle_name = $3, last_name = $4, called = $5, phone = $6, address = $7, county_plan = $8, language = $9,
    date_of_birth = $10
WHERE id = $1;

-- name: NamePerson :exec
-- The names on an application are its owner's from when it is handed in. While they have
-- a certificate of another case, they stay those on it until the application is approved:
-- a certificate is public, and nobody renames it without a reviewer.
UPDATE applicants a SET
    first_name = d.draft_values->>'legal_first_name', last_name = d.draft_values->>'legal_last_name',
    middle_name = coalesce(d.draft_values->>'legal_middle_name', '')
FROM drafts d
WHERE d.case_id = sqlc.arg(case_id) AND d.form = 'application' AND a.id = sqlc.arg(applicant_id)
    AND d.draft_values->>'legal_first_name' <> '' AND d.draft_values->>'legal_last_name' <> ''
    AND (sqlc.arg(approved)::boolean OR NOT EXISTS (
        SELECT FROM cases c WHERE c.applicant_id = a.id AND c.id <> d.case_id AND c.certificate_number IS NOT NULL));

-- name: CallPerson :exec
-- What they want to be called, where the application says it.
UPDATE applicants a SET called = d.draft_values->>'called' FROM drafts d
WHERE d.case_id = sqlc.arg(case_id) AND d.form = 'application' AND a.id = sqlc.arg(applicant_id) AND d.draft_values->>'called' <> '';

-- name: MoveApplicant :exec
UPDATE applicants SET email = $2, email_folded = $3 WHERE id = $1;

-- name: ConfirmMove :exec
UPDATE registrations SET confirmed_at = $2, former_email = $3 WHERE id = $1;

-- name: CloseAccount :exec
UPDATE applicants SET closed_at = coalesce(closed_at, sqlc.arg(at)::timestamptz) WHERE id = $1;

-- name: ApplicationHandedIn :one
-- Whether a person ever handed in an application, in any of their cases.
SELECT EXISTS (SELECT FROM draft_turns t JOIN cases c ON c.id = t.case_id
    WHERE c.applicant_id = $1 AND t.form = 'application' AND t.draft_revision IS NOT NULL AND t.voided_at IS NULL);

-- name: DraftHandedIn :one
SELECT EXISTS (SELECT FROM draft_turns WHERE case_id = $1 AND form = $2 AND draft_revision IS NOT NULL AND voided_at IS NULL);

-- name: DraftsOf :many
SELECT form, revision, draft_values, submitted_revision, saved_at, erased_at FROM drafts WHERE case_id = $1 ORDER BY form;

-- name: LastHandedIn :one
-- What a form said when it was handed in last; null where that is not known.
SELECT handed_in_values FROM draft_turns WHERE case_id = $1 AND form = $2 AND draft_revision IS NOT NULL AND voided_at IS NULL ORDER BY id DESC LIMIT 1;

-- name: HandedInValues :many
-- What the forms of a case said each time they were handed in, the oldest first.
SELECT form, handed_in_values FROM draft_turns WHERE case_id = $1 AND handed_in_values IS NOT NULL ORDER BY id;

-- name: ForgetAnswers :exec
-- Nothing of a draft was answered since it was given back.
DELETE FROM draft_answers WHERE turn IN (SELECT t.id FROM draft_turns t WHERE t.case_id = $1 AND t.form = $2 AND t.draft_revision IS NULL
    AND NOT EXISTS (SELECT FROM draft_turns later WHERE later.case_id = t.case_id AND later.form = t.form AND later.id > t.id
        AND later.draft_revision IS NOT NULL AND later.voided_at IS NULL));

-- name: LockDrafts :many
-- A hand-in takes the same lock: what it names cannot be taken away beside it.
SELECT form, draft_values, submitted_revision FROM drafts WHERE case_id = $1 ORDER BY form FOR UPDATE;

-- name: RewriteDraft :exec
UPDATE drafts SET draft_values = $3, revision = revision + 1, saved_at = $4 WHERE case_id = $1 AND form = $2;

-- name: LockOpenCase :one
-- Whoever makes a step of the case waits: it is not closed beside what is added to it.
SELECT stage <> 'closed' AS open FROM cases WHERE id = $1 FOR SHARE;

-- name: HandedInDocuments :many
-- The documents that any form named when it was handed in; and those of the kinds that no
-- form names, which go along with the form that they belong to: proof of a new name with
-- an application or a training certificate, or with a decision about one, since a reviewer
-- may have looked at it; evidence with an appeal, also while that is being decided. What
-- was there is told by the order of the events, not by two clocks.
SELECT DISTINCT d.id::text FROM case_events e CROSS JOIN LATERAL jsonb_array_elements_text(e.event->'details'->'documents') AS d (id)
WHERE e.case_id = $1 AND e.voided_at IS NULL
UNION
SELECT d.id::text FROM documents d JOIN case_events e ON e.case_id = d.case_id AND e.id > d.after_event AND e.voided_at IS NULL
WHERE d.case_id = $1 AND d.kind = 'name_change' AND d.status NOT IN ('refused', 'infected') AND e.event->>'ignored' IS NULL AND (
    e.event->>'signal' IN ('decide-application', 'decide-training')
    OR EXISTS (SELECT FROM draft_turns t WHERE t.case_id = e.case_id AND t.revision = e.revision AND t.voided_at IS NULL
        AND t.draft_revision IS NOT NULL AND t.form IN ('application', 'training')))
UNION
SELECT d.id::text FROM documents d
JOIN draft_turns t ON t.case_id = d.case_id AND t.form = 'appeal' AND t.voided_at IS NULL AND t.draft_revision IS NOT NULL
JOIN case_events e ON e.case_id = t.case_id AND e.revision = t.revision AND e.voided_at IS NULL
WHERE d.case_id = $1 AND d.kind = 'appeal_evidence' AND d.status NOT IN ('refused', 'infected') AND (
    d.after_event < e.id OR NOT EXISTS (
        SELECT FROM draft_turns later JOIN case_events given ON given.case_id = later.case_id AND given.revision = later.revision AND given.voided_at IS NULL
        WHERE later.case_id = t.case_id AND later.form = t.form AND later.voided_at IS NULL AND later.id > t.id AND given.id <= d.after_event));

-- name: DeleteDocuments :exec
DELETE FROM documents WHERE case_id = $1 AND id = ANY (sqlc.arg(ids)::uuid[]);

-- name: ReadsOf :many
-- Who of the staff read what, without their ids; the newest first.
SELECT role, purpose, what, at FROM reads WHERE case_id = $1 ORDER BY at DESC, id DESC;

-- name: NotesOfCase :many
-- All that reviewers wrote to a person, as far as it took effect.
SELECT n.code, n.note, e.at FROM decision_notes n
JOIN case_events e ON e.case_id = n.case_id AND e.key = n.key AND e.voided_at IS NULL
WHERE n.case_id = $1 ORDER BY e.revision, n.code;

-- name: AuthorizationsOf :many
SELECT id, attempt, language, place, eligible_from, eligible_until, created_at, sent_at FROM authorizations
WHERE case_id = $1 AND voided_at IS NULL ORDER BY created_at;

-- name: TokensOf :many
SELECT label, created_at, expires_at, revoked_at FROM tokens WHERE role = $1 AND actor_id = $2 ORDER BY created_at;

-- name: CodesOf :many
-- The codes that were mailed to a person's address, kept for a month.
SELECT purpose, created_at, confirmed_at FROM registrations WHERE email_folded = $1 AND purpose <> 'another_case' ORDER BY created_at;
