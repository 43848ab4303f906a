-- +goose Up

SET LOCAL lock_timeout = '10s'; -- see 00006; it can be repeated

-- What a letter of a case says, written once before it is mailed for the first time: what
-- is mailed, also by a later try, and what is read afterwards. Letters of before have no
-- row. A letter about an address has none either: it would keep a code.
CREATE TABLE letters (
    notice_id  uuid PRIMARY KEY REFERENCES notices ON DELETE CASCADE,
    language   text NOT NULL,                    -- BCP 47, of the words
    subject    text NOT NULL,                    -- nothing personal; stays when the rest is erased
    text       text NOT NULL,
    html       text NOT NULL,
    headings   text[] NOT NULL,                  -- the lines of the text that are over others
    written_at timestamptz NOT NULL,
    erased_at  timestamptz                       -- when text and html were erased
);

-- +goose Down
DROP TABLE letters;
