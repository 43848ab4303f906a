-- name: ClaimNotice :one
-- A sender takes a letter for a while; nobody else sends it meanwhile.
UPDATE notices SET claimed_until = sqlc.arg(until)
WHERE id = sqlc.arg(id) AND sent_at IS NULL AND voided_at IS NULL AND (claimed_until IS NULL OR claimed_until < sqlc.arg(now))
RETURNING id, case_id, registration_id, letter, facts, notes_key;

-- name: NoticeState :one
SELECT sent_at, voided_at FROM notices WHERE id = $1;

-- name: MarkNoticeSent :exec
UPDATE notices SET sent_at = $2, claimed_until = NULL WHERE id = $1;

-- name: ReleaseNotice :exec
UPDATE notices SET claimed_until = NULL WHERE id = $1 AND sent_at IS NULL;

-- name: ReadNotice :one
SELECT * FROM notices WHERE id = $1;

-- name: NoticesOf :many
SELECT * FROM notices WHERE case_id = $1 AND voided_at IS NULL ORDER BY created_at, id;

-- name: UnsentNoticesOf :many
SELECT id FROM notices WHERE case_id = $1 AND sent_at IS NULL AND voided_at IS NULL ORDER BY created_at;

-- name: NotesOf :many
SELECT code, note FROM decision_notes WHERE case_id = $1 AND key = $2;

-- name: LatestNotesOf :many
SELECT n.code, n.note FROM decision_notes n
JOIN case_events e ON e.case_id = n.case_id AND e.key = n.key AND e.voided_at IS NULL
WHERE n.case_id = $1 ORDER BY e.revision;

-- name: WriteNote :exec
INSERT INTO decision_notes (case_id, key, code, note) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: CheckoutOf :one
SELECT p.*, c.applicant_id, a.customer_id, coalesce((SELECT o.session_id FROM payments o WHERE o.case_id = p.case_id AND o.id <> p.id
    AND (o.fee = p.fee OR o.fee IN ('renewal', 'late_renewal') AND p.fee IN ('renewal', 'late_renewal')) AND o.session_id <> '' AND o.status = 'failed' ORDER BY o.asked_at DESC LIMIT 1), '')::text AS previous_session_id
FROM payments p JOIN cases c ON c.id = p.case_id JOIN applicants a ON a.id = c.applicant_id
WHERE p.id = $1;

-- name: WriteCheckout :one
-- And how the payment stands now: it may have ended while its page was being opened.
UPDATE payments SET session_id = $2, checkout_url = $3, checkout_expires_at = $4 WHERE id = $1 RETURNING status;

-- name: WriteCustomer :exec
UPDATE applicants SET customer_id = $2 WHERE id = $1 AND customer_id = '';

-- name: PaymentsOf :many
SELECT * FROM payments WHERE case_id = $1 AND status <> 'void' ORDER BY asked_at, id;

-- name: ReadPayment :one
SELECT * FROM payments WHERE id = $1;

-- name: MarkPayment :exec
-- Of a payment that had ended: by which step it ended stays, so that what is made void
-- later opens it again only with that step.
UPDATE payments SET status = $2, settled_at = coalesce(sqlc.narg(settled_at)::timestamptz, settled_at) WHERE id = $1 AND case_id = $3;

-- name: ClosePages :exec
-- Asks for the pages of payments to be closed that a step of a case ended without money,
-- or that are void. Asked again, because the step was written again, it is done again.
-- Without a session it may be that the page is being opened just now: a little later it is
-- open, and found.
INSERT INTO inbox (source, external_id, kind, payload, received_at, next_try_at)
SELECT sqlc.arg(source)::text, sqlc.arg(kind)::text || ':' || p.id, sqlc.arg(kind)::text, jsonb_build_object('payment_id', p.id),
    sqlc.arg(at)::timestamptz, sqlc.arg(at)::timestamptz + CASE p.session_id WHEN '' THEN interval '1 minute' ELSE interval '0' END
FROM payments p WHERE p.case_id = sqlc.arg(case_id) AND (p.settled_by = sqlc.arg(revision)::int AND p.status IN ('failed', 'waived')
    OR p.revision >= sqlc.arg(revision)::int AND p.status = 'void')
ON CONFLICT (source, external_id) DO UPDATE SET processed_at = NULL, tries = 0, outcome = '',
    received_at = excluded.received_at, next_try_at = excluded.next_try_at;

-- name: ClosePage :exec
-- The same for one payment, at once.
INSERT INTO inbox (source, external_id, kind, payload, received_at, next_try_at)
SELECT sqlc.arg(source)::text, sqlc.arg(kind)::text || ':' || p.id, sqlc.arg(kind)::text, jsonb_build_object('payment_id', p.id),
    sqlc.arg(at)::timestamptz, sqlc.arg(at)::timestamptz
FROM payments p WHERE p.id = sqlc.arg(id) AND p.status <> 'open'
ON CONFLICT (source, external_id) DO UPDATE SET processed_at = NULL, tries = 0, outcome = '',
    received_at = excluded.received_at, next_try_at = excluded.next_try_at;

-- name: LookAtPage :exec
-- Asks what became of a payment page, as if its event had come: that may be lost. Asked since
-- an instant already, it is left alone. One that waits for its next try is tried at once, and
-- one that is under way once more after that.
INSERT INTO inbox (source, external_id, kind, payload, received_at, next_try_at)
VALUES (sqlc.arg(source)::text, sqlc.arg(kind)::text || ':' || sqlc.arg(session_id)::text, sqlc.arg(kind)::text,
    jsonb_build_object('session_id', sqlc.arg(session_id)::text), sqlc.arg(at)::timestamptz, sqlc.arg(at)::timestamptz)
ON CONFLICT (source, external_id) DO UPDATE SET processed_at = NULL, outcome = '',
    tries = CASE WHEN inbox.processed_at IS NULL THEN inbox.tries + 1 ELSE 0 END,
    received_at = excluded.received_at, next_try_at = excluded.next_try_at
    WHERE inbox.received_at <= sqlc.arg(unless_since)::timestamptz;

-- name: AuthorizationToSend :one
SELECT z.id, z.case_id, z.attempt, z.language, z.place, z.eligible_from, z.eligible_until, z.voided_at,
    a.candidate_id, a.first_name, a.last_name, a.email, coalesce(d.draft_values, '{}')::jsonb AS application
FROM authorizations z JOIN cases c ON c.id = z.case_id JOIN applicants a ON a.id = c.applicant_id
LEFT JOIN drafts d ON d.case_id = z.case_id AND d.form = 'application'
WHERE z.id = $1;

-- name: MarkAuthorizationSent :exec
UPDATE authorizations SET sent_at = $2 WHERE id = $1;

-- name: UnansweredAuthorizations :many
-- Authorizations that the vendor has had since before an instant, of cases that wait for
-- an answer, each under the name by which the case is told so: once for each sending.
SELECT z.id, ('unanswered:' || z.id || ':' || extract(epoch FROM z.sent_at)::bigint)::text AS external_id
FROM cases c JOIN authorizations z ON z.id = nullif(c.snapshot->'exam'->>'authorization_id', '')::uuid
WHERE c.stage = 'exam_booking'
    AND NOT coalesce((c.snapshot->'exam'->>'authorized')::boolean, false) AND NOT coalesce((c.snapshot->'exam'->>'refused')::boolean, false)
    AND z.sent_at < sqlc.arg(before) AND z.voided_at IS NULL
    AND NOT EXISTS (SELECT FROM inbox i WHERE i.source = sqlc.arg(source)
        AND i.external_id = 'unanswered:' || z.id || ':' || extract(epoch FROM z.sent_at)::bigint)
ORDER BY z.id LIMIT sqlc.arg(most);

-- name: CaseOfAuthorization :one
SELECT case_id FROM authorizations WHERE id = $1;

-- name: Receive :execrows
INSERT INTO inbox (source, external_id, kind, payload, received_at, next_try_at)
VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (source, external_id) DO NOTHING;

-- name: TakeIncoming :many
-- Pushes the next try ahead, so that another copy of the worker leaves these alone.
-- In the order in which they came. Letters are taken apart from everything else, so that
-- neither waits for the other.
WITH taken AS (
    UPDATE inbox SET next_try_at = sqlc.arg(again), tries = tries + 1
    WHERE id IN (SELECT i.id FROM inbox i WHERE i.processed_at IS NULL AND i.next_try_at <= sqlc.arg(now)
            AND (i.source = sqlc.arg(letter_source)::text OR i.kind = sqlc.arg(letter_kind)::text) = sqlc.arg(letters)::bool
        ORDER BY i.id LIMIT sqlc.arg(most) FOR UPDATE SKIP LOCKED)
    RETURNING id, source, external_id, kind, payload, tries
) SELECT id, source, external_id, kind, payload, tries FROM taken ORDER BY id;

-- name: NoteSent :exec
-- Before a message is sent to a case: so whatever the case may have been told is known.
UPDATE inbox SET sent_to = $2, sent_key = $3 WHERE id = $1;

-- name: FinishIncoming :exec
-- Unless it is to be sent again since it was taken.
UPDATE inbox SET processed_at = $2, outcome = $3 WHERE id = $1 AND tries = $4;

-- name: SendAgain :exec
-- What a case was sent and has not recorded up to a revision, and nobody put aside. A message that is on its way
-- in this moment, to the run of before perhaps, is sent again after that. A moment later:
-- then the case runs.
UPDATE inbox i SET processed_at = NULL, outcome = '', tries = i.tries + 1, next_try_at = sqlc.arg(at)::timestamptz + interval '1 second'
WHERE i.sent_to = sqlc.arg(case_id) AND i.outcome NOT LIKE 'put aside%' AND NOT EXISTS (SELECT FROM case_events e
    WHERE e.case_id = i.sent_to AND e.key = i.sent_key AND e.voided_at IS NULL AND e.revision <= sqlc.arg(revision)::int);

-- name: PostponeIncoming :exec
UPDATE inbox SET next_try_at = $2, outcome = $3 WHERE id = $1;

-- name: AddDocument :execrows
INSERT INTO documents (id, case_id, kind, status, media_type, bytes, sha256, quarantine_key, quarantine_version, file_name, uploaded_at, after_event)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
    (SELECT coalesce(max(e.id), 0) FROM case_events e WHERE e.case_id = $2)) ON CONFLICT (id) DO NOTHING;

-- name: WriteDocumentCheck :exec
UPDATE documents SET status = $2, refusal_code = $3, threat = $4, clean_key = $5, clean_version = $6, view_key = $7, checked_at = $8
WHERE id = $1;

-- name: ReadDocument :one
SELECT * FROM documents WHERE id = $1 AND erasing_for = '';

-- name: LockUncheckedDocument :one
-- Until the transaction ends its check cannot end, and nobody can take it away.
SELECT case_id, kind FROM documents WHERE id = $1 AND status = 'checking' AND erasing_for = '' FOR SHARE;

-- name: UncheckedDocuments :many
-- Documents that were uploaded before an instant and whose check has not ended.
SELECT id FROM documents WHERE status = 'checking' AND erasing_for = '' AND uploaded_at < sqlc.arg(before) AND id > sqlc.arg(after)
ORDER BY id LIMIT sqlc.arg(most);

-- name: Received :many
-- Which messages of a sender are in the inbox, whatever became of them.
SELECT external_id FROM inbox WHERE source = $1 AND external_id = ANY (sqlc.arg(external_ids)::text[]);

-- name: DocumentsOf :many
SELECT * FROM documents WHERE case_id = $1 AND erasing_for = '' ORDER BY uploaded_at, id;

-- name: KnownDocuments :many
SELECT id FROM documents WHERE id = ANY (sqlc.arg(ids)::uuid[]);
