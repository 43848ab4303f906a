-- +goose Up

-- A code that is mailed confirms an address: of somebody who registers, who signs in,
-- or who changes theirs. All share one table and one count.
ALTER TABLE registrations
    ADD COLUMN purpose      text NOT NULL DEFAULT 'registration', -- or sign_in, new_address, another_case (that one without a code)
    ADD COLUMN former_email text NOT NULL DEFAULT '';             -- where it is told that the address was changed

ALTER TABLE applicants
    ADD COLUMN sessions_from timestamptz NOT NULL DEFAULT '0001-01-01 00:00:00+00', -- sessions that began earlier are over
    ADD COLUMN closed_at     timestamptz;                                           -- when they asked to close their account

-- Who is signed in at the portal. They go by this server's clock, as the limits do: a
-- clock that is moved for the cases signs nobody out.
CREATE TABLE sessions (
    token      text PRIMARY KEY,                 -- a hash: the token itself is with the browser alone
    data       bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- How often somebody asked for something in the window that is open. Not logged: after
-- a crash all windows begin anew, and that is cheaper than a disk for every request.
CREATE UNLOGGED TABLE limits (
    who     bytea PRIMARY KEY,                   -- a keyed hash of what and who
    used    int NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX limits_by_end ON limits (ends_at);

-- Names as the public search compares them: small letters without accents.
-- +goose StatementBegin
CREATE FUNCTION folded(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT lower(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g')) $$;
-- +goose StatementEnd

-- The words of a name; those of the last name have the weight A.
-- +goose StatementBegin
CREATE FUNCTION sought(first_name text, middle_name text, last_name text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT setweight(to_tsvector('pg_catalog.simple', folded(last_name)), 'A')
    || setweight(to_tsvector('pg_catalog.simple', folded(first_name || ' ' || middle_name)), 'B') $$;
-- +goose StatementEnd

CREATE INDEX applicants_by_name ON applicants USING gin (sought(first_name, middle_name, last_name));

-- +goose Down
DROP INDEX applicants_by_name;
DROP FUNCTION sought(text, text, text);
DROP FUNCTION folded(text);
DROP TABLE limits, sessions;
ALTER TABLE applicants DROP COLUMN sessions_from, DROP COLUMN closed_at;
ALTER TABLE registrations DROP COLUMN purpose, DROP COLUMN former_email;
