-- +goose Up

-- People, and how they come in.

CREATE TABLE applicants (
    id            uuid PRIMARY KEY,
    candidate_id  uuid NOT NULL UNIQUE,          -- what the exam vendor knows a person by
    email         text NOT NULL,
    email_folded  text NOT NULL UNIQUE,          -- lower case: one address is one person
    first_name    text NOT NULL,
    middle_name   text NOT NULL DEFAULT '',
    last_name     text NOT NULL,
    called        text NOT NULL DEFAULT '',
    phone         text NOT NULL DEFAULT '',
    address       jsonb NOT NULL,
    county_plan   text NOT NULL,
    language      text NOT NULL,
    date_of_birth date,
    customer_id   text NOT NULL DEFAULT '',      -- at the payment processor
    created_at    timestamptz NOT NULL
);

CREATE TABLE registrations (
    id           uuid PRIMARY KEY,
    email_folded text NOT NULL,
    details      jsonb NOT NULL,                 -- what was typed, until the address is confirmed
    language     text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    tries        int NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    applicant_id uuid REFERENCES applicants,
    case_id      uuid                            -- chosen here; the case itself may still have to be opened
);
CREATE INDEX registrations_by_applicant ON registrations (applicant_id, confirmed_at) WHERE applicant_id IS NOT NULL;
CREATE INDEX registrations_by_expiry ON registrations (expires_at);
CREATE INDEX registrations_by_email ON registrations (email_folded, created_at DESC);

CREATE TABLE tokens (
    id         uuid PRIMARY KEY,
    hash       bytea NOT NULL UNIQUE,            -- SHA-256: the token itself is nowhere
    role       text NOT NULL,
    actor_id   text NOT NULL,
    label      text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX tokens_by_actor ON tokens (actor_id);

-- Cases: a projection for lists, and the whole case as a snapshot.

CREATE TABLE cases (
    id                 uuid PRIMARY KEY,
    number             text NOT NULL UNIQUE,
    applicant_id       uuid NOT NULL REFERENCES applicants,
    stage              text NOT NULL,
    outcome            text NOT NULL DEFAULT '',
    revision           int NOT NULL,
    waits_on           text NOT NULL,
    due_at             timestamptz,
    overdue            boolean NOT NULL DEFAULT false,
    assignee           text NOT NULL DEFAULT '',
    attention          text[] NOT NULL DEFAULT '{}',
    county_plan        text NOT NULL DEFAULT '',
    certificate_number text UNIQUE,
    expires_at         timestamptz,
    snapshot           jsonb NOT NULL,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    -- What lists are sorted by: a case without a due instant comes last.
    sort_at            timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(due_at, '9999-01-01 00:00:00+00'::timestamptz)) STORED
);
-- Each filter of the list has an index that also sorts, so that a page costs the
-- same however many cases there are.
CREATE INDEX cases_by_due ON cases (sort_at, id);
CREATE INDEX cases_by_waits_on ON cases (waits_on, sort_at, id);
CREATE INDEX cases_by_stage ON cases (stage, sort_at, id);
CREATE INDEX cases_by_county_plan ON cases (county_plan, sort_at, id);
CREATE INDEX cases_by_assignee ON cases (assignee, sort_at, id) WHERE assignee <> '';
CREATE INDEX cases_by_overdue ON cases (sort_at, id) WHERE overdue;
CREATE INDEX cases_with_attention ON cases (sort_at, id) WHERE attention <> '{}';
CREATE INDEX cases_by_applicant ON cases (applicant_id, id);

-- The log: append-only. A void event came from a workflow task that never
-- completed, and was replaced.
CREATE TABLE case_events (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id   uuid NOT NULL REFERENCES cases,
    revision  int NOT NULL,
    key       text NOT NULL,
    event     jsonb NOT NULL,
    settled   jsonb NOT NULL,                    -- the answer that the workflow got
    at        timestamptz NOT NULL,
    voided_at timestamptz
);
CREATE UNIQUE INDEX case_events_by_revision ON case_events (case_id, revision) WHERE voided_at IS NULL;
CREATE UNIQUE INDEX case_events_by_key ON case_events (case_id, key) WHERE voided_at IS NULL;
CREATE INDEX case_events_by_case ON case_events (case_id, id);

CREATE TABLE promises (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES cases,
    revision    int NOT NULL,                    -- of the case, that opened it
    kind        text NOT NULL,
    waits_on    text NOT NULL,
    consequence text NOT NULL,
    since       timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    stopped_at  timestamptz,
    overdue     boolean NOT NULL,
    next_at     timestamptz NOT NULL,
    ended_at    timestamptz,
    ended_by    int,                             -- revision of the case
    kept        boolean
);
CREATE INDEX promises_by_case ON promises (case_id, since);
CREATE INDEX promises_open ON promises (due_at) WHERE ended_at IS NULL;

-- What a transition makes due outside. Each row is known to Temporal by its id only.

CREATE TABLE notices (
    id              uuid PRIMARY KEY,
    case_id         uuid REFERENCES cases,
    registration_id uuid REFERENCES registrations ON DELETE CASCADE,
    revision        int NOT NULL,
    letter          text NOT NULL,
    facts           jsonb NOT NULL,
    notes_key       text NOT NULL DEFAULT '',    -- decision_notes of the message that caused it
    created_at      timestamptz NOT NULL,
    claimed_until   timestamptz,                 -- a sender is at it until then
    sent_at         timestamptz,
    voided_at       timestamptz
);
CREATE INDEX notices_by_case ON notices (case_id, created_at);
CREATE INDEX notices_by_registration ON notices (registration_id) WHERE registration_id IS NOT NULL;
CREATE INDEX notices_unsent ON notices (created_at) WHERE sent_at IS NULL AND voided_at IS NULL;

CREATE TABLE payments (
    id                  uuid PRIMARY KEY,
    case_id             uuid NOT NULL REFERENCES cases,
    revision            int NOT NULL,
    fee                 text NOT NULL,
    amount_cents        bigint NOT NULL CHECK (amount_cents >= 0),
    currency            text NOT NULL,
    status              text NOT NULL,           -- open, paid, failed, waived, refunded, disputed, void
    asked_at            timestamptz NOT NULL,
    settled_at          timestamptz,
    settled_by          int,                     -- revision of the case
    session_id          text NOT NULL DEFAULT '',
    checkout_url        text NOT NULL DEFAULT '',
    checkout_expires_at timestamptz
);
CREATE INDEX payments_by_case ON payments (case_id, asked_at);
CREATE UNIQUE INDEX payments_one_open ON payments (case_id) WHERE status = 'open';

CREATE TABLE authorizations (
    id             uuid PRIMARY KEY,
    case_id        uuid NOT NULL REFERENCES cases,
    revision       int NOT NULL,
    attempt        int NOT NULL,
    language       text NOT NULL,
    place          text NOT NULL,
    eligible_from  timestamptz NOT NULL,
    eligible_until timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    sent_at        timestamptz,
    voided_at      timestamptz
);
CREATE INDEX authorizations_by_case ON authorizations (case_id);

-- What people hand in.

CREATE TABLE drafts (
    case_id            uuid NOT NULL REFERENCES cases,
    form               text NOT NULL,
    revision           int NOT NULL,
    draft_values       jsonb NOT NULL,
    submitted_revision int,                      -- not null while it is out of the applicant's hands
    saved_at           timestamptz NOT NULL,
    PRIMARY KEY (case_id, form)
);

-- Whose turn a draft was: handed in at a revision, or given back. The last one that
-- is not void says drafts.submitted_revision.
CREATE TABLE draft_turns (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id        uuid NOT NULL REFERENCES cases,
    form           text NOT NULL,
    revision       int NOT NULL,                 -- of the case
    draft_revision int,                          -- null when it was given back
    voided_at      timestamptz
);
CREATE INDEX draft_turns_by_case ON draft_turns (case_id, form, id);

CREATE TABLE documents (
    id                 uuid PRIMARY KEY,
    case_id            uuid NOT NULL REFERENCES cases,
    kind               text NOT NULL,
    status             text NOT NULL,
    refusal_code       text NOT NULL DEFAULT '',
    threat             text NOT NULL DEFAULT '',
    media_type         text NOT NULL,
    bytes              bigint NOT NULL,
    sha256             text NOT NULL,
    quarantine_key     text NOT NULL,
    quarantine_version text NOT NULL DEFAULT '',
    clean_key          text NOT NULL DEFAULT '',
    clean_version      text NOT NULL DEFAULT '',
    view_key           text NOT NULL DEFAULT '',
    file_name          text NOT NULL DEFAULT '',
    uploaded_at        timestamptz NOT NULL,
    checked_at         timestamptz
);
CREATE INDEX documents_by_case ON documents (case_id, uploaded_at);

CREATE TABLE decision_notes (                    -- a reviewer's words to the applicant
    case_id uuid NOT NULL REFERENCES cases,
    key     text NOT NULL,
    code    text NOT NULL,
    note    text NOT NULL,
    PRIMARY KEY (case_id, key, code)
);

CREATE TABLE video_progress (
    case_id     uuid NOT NULL REFERENCES cases,
    chapter     text NOT NULL,
    opened_at   timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (case_id, chapter)
);

-- Messages from outside, stored before they are answered.

CREATE TABLE inbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text NOT NULL,
    external_id  text NOT NULL,
    kind         text NOT NULL,
    payload      jsonb NOT NULL,
    received_at  timestamptz NOT NULL,
    next_try_at  timestamptz NOT NULL,
    tries        int NOT NULL DEFAULT 0,
    processed_at timestamptz,
    outcome      text NOT NULL DEFAULT '',
    UNIQUE (source, external_id)
);
CREATE INDEX inbox_waiting ON inbox (next_try_at) WHERE processed_at IS NULL;

-- The same key with the same request gives the same answer.

CREATE TABLE idempotency_keys (
    actor       text NOT NULL,
    key         text NOT NULL,
    digest      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    answer      jsonb,
    answered_at timestamptz,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Who of the staff looked at what, and why.

CREATE TABLE reads (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id  uuid NOT NULL REFERENCES cases,
    role     text NOT NULL,
    actor_id text NOT NULL,
    purpose  text NOT NULL,
    what     text NOT NULL,
    at       timestamptz NOT NULL
);
CREATE INDEX reads_by_case ON reads (case_id, at);

-- +goose Down
DROP TABLE reads, idempotency_keys, inbox, video_progress, decision_notes, documents, draft_turns, drafts, authorizations,
    payments, notices, promises, case_events, cases, tokens, registrations, applicants;
