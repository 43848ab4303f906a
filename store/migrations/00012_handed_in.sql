-- +goose Up

SET LOCAL lock_timeout = '10s'; -- see 00006; it can be repeated

-- What a form said when it was handed in: what a person changes afterwards and does not
-- hand in can be taken back to it. It is kept and erased with the form. What was changed
-- already since it was given back is not known any more; there it is null.
ALTER TABLE draft_turns ADD COLUMN handed_in_values jsonb;
UPDATE draft_turns t SET handed_in_values = d.draft_values FROM drafts d
WHERE d.case_id = t.case_id AND d.form = t.form AND d.revision = t.draft_revision AND t.voided_at IS NULL AND d.erased_at IS NULL;

-- +goose Down

ALTER TABLE draft_turns DROP COLUMN handed_in_values;
