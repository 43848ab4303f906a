-- +goose Up

SET LOCAL lock_timeout = '10s'; -- see 00006; it can be repeated

-- What a person asked of a case under a key, as a digest (SHA-256): idempotency_keys are
-- forgotten after a month, and the event of the log still answers whoever asks the same
-- again. Messages of before have no row: of those only the signal is known.
CREATE TABLE message_digests (
    case_id uuid NOT NULL REFERENCES cases,
    key     text NOT NULL,                       -- as in case_events
    digest  bytea NOT NULL,
    PRIMARY KEY (case_id, key)
);

-- +goose Down
DROP TABLE message_digests;
