-- +goose Up

-- When the newest workflow task began that wrote to a case. One that was given up may
-- still be writing while its successor does: the older one is refused.
ALTER TABLE cases ADD COLUMN written_task timestamptz NOT NULL DEFAULT '0001-01-01 00:00:00+00';

-- +goose Down
ALTER TABLE cases DROP COLUMN written_task;
