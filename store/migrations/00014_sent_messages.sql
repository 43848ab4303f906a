-- +goose Up

SET LOCAL lock_timeout = '10s'; -- see 00006; it can be repeated

-- What a message from outside was made into: the case that it was sent to, and its key
-- there. What a case had not recorded when its workflow was terminated is found by it and
-- sent again. Of messages of before nobody knows it, and they are not.
ALTER TABLE inbox ADD COLUMN sent_to uuid, ADD COLUMN sent_key text NOT NULL DEFAULT '';
CREATE INDEX inbox_by_case ON inbox (sent_to) WHERE sent_to IS NOT NULL;

-- +goose Down

DROP INDEX inbox_by_case;
ALTER TABLE inbox DROP COLUMN sent_key, DROP COLUMN sent_to;
