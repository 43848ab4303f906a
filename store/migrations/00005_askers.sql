-- +goose Up

-- Who asked for a code, so that nobody uses up the codes of somebody else's address: a
-- keyed hash of asker and address together. Null for what asks for no code.
ALTER TABLE registrations ADD COLUMN asker bytea;

-- +goose Down
ALTER TABLE registrations DROP COLUMN asker;
