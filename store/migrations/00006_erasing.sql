-- +goose Up

-- Whoever holds a table for longer is not to hold up everybody behind this. It can be
-- repeated.
SET LOCAL lock_timeout = '10s';

-- When to look next at what of a case has been kept for its time. A step of the case
-- brings it forward to itself. What was there before is looked at within a day, a few at
-- a time.
ALTER TABLE cases ADD COLUMN erase_at timestamptz NOT NULL DEFAULT now();
UPDATE cases SET erase_at = now() + random() * interval '1 day';
CREATE INDEX cases_by_erasing ON cases (erase_at, id);

ALTER TABLE applicants ADD COLUMN erased_at timestamptz; -- when how to reach them was erased
CREATE INDEX applicants_by_age ON applicants (created_at) WHERE erased_at IS NULL; -- for those without a case
ALTER TABLE drafts ADD COLUMN erased_at timestamptz;     -- when what was typed was erased

-- The class of records for which a document is being erased: nobody sees it any more,
-- and the row stays until the bucket holds nothing of it.
ALTER TABLE documents ADD COLUMN erasing_for text NOT NULL DEFAULT '';

-- The newest event of the case when it was uploaded: which forms it went along with is
-- told by this order, not by the clocks of two machines. Of what was there before it is not
-- known, and that counts as handed in with all.
ALTER TABLE documents ADD COLUMN after_event bigint NOT NULL DEFAULT 0;

-- What was erased, by class and number alone. Kept for ever, as the log is.
CREATE TABLE erasures (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES cases,
    class   text NOT NULL,                       -- of the retention table
    items   int NOT NULL,                        -- rows, or documents with all that is in the bucket
    at      timestamptz NOT NULL
);
CREATE INDEX erasures_by_case ON erasures (case_id, at);

-- +goose Down
DROP TABLE erasures;
ALTER TABLE documents DROP COLUMN erasing_for, DROP COLUMN after_event;
ALTER TABLE drafts DROP COLUMN erased_at;
DROP INDEX applicants_by_age;
ALTER TABLE applicants DROP COLUMN erased_at;
ALTER TABLE cases DROP COLUMN erase_at;
