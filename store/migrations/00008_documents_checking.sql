-- +goose Up

SET LOCAL lock_timeout = '10s';

-- Whose check has not ended: few at any moment, counted every few seconds and looked
-- through by the reconciliation.
CREATE INDEX documents_checking ON documents (id) WHERE status = 'checking';

-- +goose Down

DROP INDEX documents_checking;
