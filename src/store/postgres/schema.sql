-- The first form of the tables. Times are milliseconds since 1970. Text that orders or is compared is in the C
-- collation, so that its order is that of its bytes on every machine.

CREATE TABLE report (
    id              uuid   NOT NULL,
    owner           text   COLLATE "C" NOT NULL,
    report_type     text   COLLATE "C" NOT NULL,
    keep_ms         bigint NOT NULL,
    idempotency_key text   COLLATE "C",
    fingerprint     bytea,
    -- what follows is made from the record with each of its versions
    status          text   COLLATE "C" NOT NULL,
    version         bigint NOT NULL,
    expires_at      bigint NOT NULL,
    waits_until     bigint,
    artifact        text,
    record          text   NOT NULL,
    -- with the owner: whoever asks for another's report touches no row of it
    PRIMARY KEY (id, owner)
);

-- A list is put together from the newest of each status, so that it neither passes over what was filtered out nor over
-- tombstones. The id stands there as bytes, which have its order: so that no plan walks the primary key instead;
-- and those of a type in another way, so that no plan walks all types for one that few have.
CREATE INDEX report_status ON report (status, owner, uuid_send(id));
CREATE INDEX report_typed ON report (report_type, owner, status, substr(uuid_send(id), 1));
CREATE UNIQUE INDEX report_idempotency ON report (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX report_expires ON report (expires_at) WHERE status <> 'expired';
CREATE INDEX report_unclaimed ON report (waits_until) WHERE waits_until IS NOT NULL;
CREATE INDEX report_forget ON report (expires_at) WHERE status = 'expired' AND artifact IS NULL;
CREATE INDEX report_leftover ON report (id) WHERE status = 'expired' AND artifact IS NOT NULL;

-- A task is there as long as its report is unfinished. Its due_at is the moment from which it may be claimed: the end
-- of the lease while it is leased, and NULL while its report is held back. It is leased while it has a token.
CREATE TABLE task (
    report  uuid    NOT NULL,
    kind    text    COLLATE "C" NOT NULL,
    owner   text    COLLATE "C" NOT NULL,
    due_at  bigint,
    token   uuid,
    attempt integer NOT NULL,
    PRIMARY KEY (report, kind)
);

CREATE INDEX task_due ON task (kind, owner, due_at, report);
CREATE INDEX task_leased ON task (owner, due_at) WHERE token IS NOT NULL;

-- How many turns an owner has had, counted from where they came in; and the turn that was served last. Who has had
-- fewer than that comes anew and begins there: they are next, but have saved nothing up.
CREATE TABLE tenant (
    name text   COLLATE "C" PRIMARY KEY,
    turn bigint NOT NULL
);
CREATE TABLE turn (served bigint NOT NULL);
INSERT INTO turn VALUES (0);

CREATE TABLE model (report uuid PRIMARY KEY, json bytea NOT NULL);
-- rows that came with a request: kept for a second try, and read by nobody but the worker
CREATE TABLE sent (report uuid PRIMARY KEY, json bytea NOT NULL);
-- faster than the default, and nearly as small
ALTER TABLE model ALTER COLUMN json SET COMPRESSION lz4;
ALTER TABLE sent ALTER COLUMN json SET COMPRESSION lz4;

CREATE TABLE endpoint (
    id            uuid   PRIMARY KEY,
    owner         text   COLLATE "C" NOT NULL,
    url           text   NOT NULL,
    description   text   NOT NULL,
    events        text   NOT NULL,
    state         text   NOT NULL,
    reason        text,
    consented     boolean,
    secrets       text   NOT NULL,
    created_at    bigint NOT NULL,
    failing_since bigint
);
CREATE INDEX endpoint_owner ON endpoint (owner, id);

-- What a message tells: the record as it was, once for all messages of an event.
CREATE TABLE news (id uuid PRIMARY KEY, record text NOT NULL);

-- One event for one target. Its due_at is the moment from which it may be claimed, the end of its lease while it is
-- claimed, and NULL once it has ended. Its lane is what it shares a limit with.
CREATE TABLE message (
    id         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event      text    NOT NULL,
    event_id   text    NOT NULL,
    report     uuid,
    news       uuid,
    channel    text    NOT NULL,
    endpoint   uuid,
    address    text,
    lane       text    COLLATE "C" NOT NULL,
    fallback   boolean NOT NULL,
    state      text    COLLATE "C" NOT NULL,
    created_at bigint  NOT NULL,
    due_at     bigint,
    token      uuid,
    attempt    integer NOT NULL
);
CREATE INDEX message_due ON message (lane, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX message_news ON message (news) WHERE news IS NOT NULL;
CREATE INDEX message_report ON message (report) WHERE report IS NOT NULL;
CREATE INDEX message_endpoint ON message (endpoint, state, id) WHERE endpoint IS NOT NULL;
CREATE INDEX message_age ON message (created_at);

-- The news goes with the last message that tells it. Its row is locked before it is asked for others: of two nodes that
-- delete the last two at once, the second sees what the first did.
CREATE FUNCTION news_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM news WHERE id = OLD.news FOR UPDATE;
    DELETE FROM news WHERE id = OLD.news AND NOT EXISTS (SELECT 1 FROM message WHERE message.news = OLD.news);
    RETURN NULL;
END $$;
CREATE TRIGGER news_told AFTER DELETE ON message
    FOR EACH ROW WHEN (OLD.news IS NOT NULL) EXECUTE FUNCTION news_told();

-- What is known of a lane. Which lanes there are is seen from the messages, so that whoever writes one need not wait for
-- another who does. A receiver is silent until it has answered.
CREATE TABLE lane (
    name   text    COLLATE "C" PRIMARY KEY,
    paused boolean NOT NULL,
    silent boolean NOT NULL
);

CREATE TABLE attempt (
    id       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint uuid    NOT NULL,
    event    text    NOT NULL,
    event_id text    NOT NULL,
    number   integer NOT NULL,
    at       bigint  NOT NULL,
    took_ms  bigint  NOT NULL,
    status   integer,
    answer   text    NOT NULL,
    error    text
);
CREATE INDEX attempt_endpoint ON attempt (endpoint, id);
CREATE INDEX attempt_age ON attempt (at);

CREATE TABLE api_key (
    id         uuid   PRIMARY KEY,
    hash       bytea  NOT NULL UNIQUE,
    owner      text   NOT NULL,
    scopes     text   NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint
);

-- The secrets that all nodes share, encrypted with the one that each is given.
CREATE TABLE secret (name text PRIMARY KEY, content bytea NOT NULL);

-- Which nodes there are, and who is connected to them. Not logged: after a crash everybody connects anew.
CREATE UNLOGGED TABLE node (
    id      uuid    PRIMARY KEY,
    workers integer NOT NULL,
    seen_at bigint  NOT NULL
);
CREATE UNLOGGED TABLE presence (
    report    uuid    NOT NULL,
    node      uuid    NOT NULL,
    listeners integer NOT NULL,
    PRIMARY KEY (report, node)
);
CREATE INDEX presence_node ON presence (node);

-- Who does what one node is enough for, and until when.
CREATE UNLOGGED TABLE duty (
    name  text   PRIMARY KEY,
    node  uuid   NOT NULL,
    until bigint NOT NULL
);

-- Rows of these come and go by the thousand: what is dead is cleared away long before a fifth of the table is.
ALTER TABLE report SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
ALTER TABLE task SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
ALTER TABLE message SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
ALTER TABLE news SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
ALTER TABLE presence SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
