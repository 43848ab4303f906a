-- name: CountParked :one
-- Messages from outside that wait for a person: they match no case, or correct an exam of a
-- closed one.
SELECT count(*) FROM inbox WHERE outcome LIKE 'parked: %';
