-- name: WriteLetter :exec
-- The first words stand: whoever comes second mails what the first wrote.
INSERT INTO letters (notice_id, language, subject, text, html, headings, written_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (notice_id) DO NOTHING;

-- name: ReadLetter :one
SELECT * FROM letters WHERE notice_id = $1;

-- name: LettersOf :many
-- What the letters of a case say, but for their HTML.
SELECT l.notice_id, l.language, l.subject, l.text, l.headings, l.erased_at
FROM letters l JOIN notices n ON n.id = l.notice_id WHERE n.case_id = $1;

-- name: LettersToErase :one
-- How many letters of a case have words that were mailed, or never will be; how many are
-- still on their way; how many notes of reviewers there are. A letter of before words were
-- kept counts among the first until it says that it was erased.
SELECT (SELECT count(*) FROM notices n LEFT JOIN letters l ON l.notice_id = n.id WHERE n.case_id = sqlc.arg(case_id)::uuid
        AND l.erased_at IS NULL AND (n.sent_at IS NOT NULL OR n.voided_at IS NOT NULL AND l.notice_id IS NOT NULL)) AS letters,
    (SELECT count(*) FROM notices n LEFT JOIN letters l ON l.notice_id = n.id WHERE n.case_id = sqlc.arg(case_id)::uuid
        AND l.erased_at IS NULL AND n.sent_at IS NULL AND n.voided_at IS NULL) AS unsent,
    (SELECT count(*) FROM decision_notes d WHERE d.case_id = sqlc.arg(case_id)::uuid) AS notes;

-- name: EraseLetters :execrows
-- Erases the words of letters that were mailed, or never will be. That they were sent, when
-- and about what stays.
INSERT INTO letters (notice_id, language, subject, text, html, headings, written_at, erased_at)
SELECT n.id, '', '', '', '', '{}', n.created_at, sqlc.arg(at)::timestamptz FROM notices n LEFT JOIN letters l ON l.notice_id = n.id
WHERE n.case_id = sqlc.arg(case_id)::uuid AND (n.sent_at IS NOT NULL OR n.voided_at IS NOT NULL AND l.notice_id IS NOT NULL)
ON CONFLICT (notice_id) DO UPDATE SET text = '', html = '', headings = '{}', erased_at = excluded.erased_at WHERE letters.erased_at IS NULL;

-- name: ForgetNotes :execrows
DELETE FROM decision_notes WHERE case_id = $1;

-- name: ForgetDigests :exec
-- What was asked of a case may have had a note in it.
DELETE FROM message_digests WHERE case_id = $1;

-- name: EraseUnsentLetters :execrows
-- Erases the words of letters that can never be sent, because the address of the person goes.
INSERT INTO letters (notice_id, language, subject, text, html, headings, written_at, erased_at)
SELECT n.id, '', '', '', '', '{}', n.created_at, sqlc.arg(at)::timestamptz FROM notices n JOIN cases c ON c.id = n.case_id
WHERE c.applicant_id = sqlc.arg(applicant_id)::uuid AND n.sent_at IS NULL AND n.voided_at IS NULL
ON CONFLICT (notice_id) DO UPDATE SET text = '', html = '', headings = '{}', erased_at = excluded.erased_at WHERE letters.erased_at IS NULL;

-- name: UnsentOfClosed :many
-- The letters of closed cases that wait to be sent, from an id on.
SELECT n.id, n.case_id::uuid AS case_id FROM notices n JOIN cases c ON c.id = n.case_id LEFT JOIN letters l ON l.notice_id = n.id
WHERE n.sent_at IS NULL AND n.voided_at IS NULL AND l.erased_at IS NULL AND c.stage = 'closed' AND n.id > sqlc.arg(after)::uuid
ORDER BY n.id LIMIT sqlc.arg(most)::int;
