-- +goose Up

-- What of a form was saved since it was given back: the turn is the one that gave it back,
-- so one that turns out void takes its answers with it. A field is there by name alone.
CREATE TABLE draft_answers (
    turn    bigint NOT NULL REFERENCES draft_turns,
    field   text NOT NULL,
    PRIMARY KEY (turn, field)
);

-- A training certificate may have several files.
UPDATE drafts SET draft_values = draft_values - 'document_id' || jsonb_build_object('document_ids', jsonb_build_array(draft_values->'document_id'))
WHERE form = 'training' AND draft_values ? 'document_id';

-- +goose Down
UPDATE drafts SET draft_values = draft_values - 'document_ids' || jsonb_build_object('document_id', draft_values->'document_ids'->0)
WHERE form = 'training' AND draft_values ? 'document_ids';
DROP TABLE draft_answers;
