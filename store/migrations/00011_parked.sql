-- +goose Up

-- Messages from outside that match no case are counted whenever the metrics are asked
-- for, in a table that keeps every message there ever was.

CREATE INDEX inbox_parked ON inbox (id) WHERE outcome LIKE 'parked: %';

-- +goose Down

DROP INDEX inbox_parked;
