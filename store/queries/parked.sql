-- name: CountParked :one
-- Messages from outside that match no case and wait for a person.
SELECT count(*) FROM inbox WHERE outcome LIKE 'parked: %';
