-- name: AddFeedback :exec
INSERT INTO feedback (id, page, language, words, received_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING;

-- name: FeedbackSince :many
SELECT * FROM feedback WHERE received_at >= sqlc.arg(since) ORDER BY received_at DESC, id LIMIT sqlc.arg(most);

-- name: ForgetFeedback :execrows
DELETE FROM feedback WHERE id IN (SELECT f.id FROM feedback f WHERE f.received_at < sqlc.arg(before) ORDER BY f.received_at LIMIT sqlc.arg(most));
