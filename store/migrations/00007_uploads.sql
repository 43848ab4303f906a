-- +goose Up

-- How many documents a case ever took, also those that are gone: somebody who sends and
-- deletes without end fills a bucket that keeps versions. The row is made with the first
-- upload from here on, and counts what was there before.
CREATE TABLE uploads (
    case_id uuid PRIMARY KEY REFERENCES cases,
    taken   int NOT NULL
);

-- +goose Down
DROP TABLE uploads;
