-- +goose Up

-- What people say about the pages. It names nobody: who wants an answer writes a mail.
CREATE TABLE feedback (
    id          uuid PRIMARY KEY,        -- the key of the form: sent twice is there once
    page        text NOT NULL,           -- the address of the page that it is about, without language; may be empty
    language    text NOT NULL,           -- BCP 47, that the page was in
    words       text NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE INDEX feedback_by_time ON feedback (received_at);

-- +goose Down
DROP TABLE feedback;
