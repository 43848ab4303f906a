-- +goose Up

-- What of a form was saved since it was given back: the turn is the one that gave it back,
-- so one that turns out void takes its answers with it. A field is there by name alone.
CREATE TABLE draft_answers (
    turn    bigint NOT NULL REFERENCES draft_turns,
    field   text NOT NULL,
    PRIMARY KEY (turn, field)
);

-- +goose Down
DROP TABLE draft_answers;
