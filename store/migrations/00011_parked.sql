-- +goose Up

SET LOCAL lock_timeout = '10s';

-- Messages from outside that match no case: few, and counted every few seconds, in a
-- table that keeps every message there ever was.
CREATE INDEX inbox_parked ON inbox (id) WHERE outcome LIKE 'parked: %';

-- +goose Down

DROP INDEX inbox_parked;
