-- The first schema. {ID} is the engine's spelling of a generated BIGINT primary key; everything else is common to both engines.
-- A sort key that may be absent is an expression, the same in its index and in the lists. What is wide stands last in its table, so that
-- reading the rest of a row does not touch it; words that are searched one by one stand in a text with a space around each.
-- What stands between {SQLITE and SQLITE} is for SQLite alone: indices that have all rows of a table in their order without what is wide in
-- them, so that a question for which there is no index reads only what it asks about. PostgreSQL's indices hold no rows of that length.
-- Every TEXT is ordered by its bytes. A text in an index is at most 2,000 bytes long, because PostgreSQL's pages end there.
-- Whole numbers, times (milliseconds since 1970, UTC) and truth (0 or 1) are BIGINT. JSON is TEXT. `search` is lower-case text made by the program.

CREATE TABLE people (
    id {ID},
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    client TEXT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person);

CREATE TABLE tokens (
    id {ID},
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    person BIGINT REFERENCES people (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE login_links (
    hash TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    person BIGINT REFERENCES people (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE enrolment_tokens (
    hash TEXT PRIMARY KEY,
    created_by BIGINT REFERENCES people (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    uses_left BIGINT NOT NULL
);

CREATE TABLE devices (
    id {ID},
    uid TEXT NOT NULL UNIQUE,
    public_key BYTES NOT NULL,
    machine TEXT,
    hostname TEXT,
    name TEXT NOT NULL,
    os TEXT NOT NULL,
    os_version TEXT,
    arch TEXT NOT NULL,
    person BIGINT REFERENCES people (id),
    sensor_version TEXT,
    enrolled_at BIGINT NOT NULL,
    revoked_at BIGINT,
    seen_at BIGINT,
    reported_at BIGINT,
    sequence BIGINT NOT NULL DEFAULT 0,
    state TEXT,
    scanned_at BIGINT,
    scan_ms BIGINT,
    sight TEXT NOT NULL DEFAULT 'none',
    unreadable BIGINT NOT NULL DEFAULT 0,
    artifacts BIGINT NOT NULL DEFAULT 0,
    runtimes BIGINT NOT NULL DEFAULT 0,
    agents BIGINT NOT NULL DEFAULT 0,
    packages BIGINT NOT NULL DEFAULT 0,
    critical BIGINT NOT NULL DEFAULT 0,
    high BIGINT NOT NULL DEFAULT 0,
    medium BIGINT NOT NULL DEFAULT 0,
    low BIGINT NOT NULL DEFAULT 0,
    info BIGINT NOT NULL DEFAULT 0,
    search TEXT NOT NULL,
    coverage TEXT,
    accelerators TEXT NOT NULL DEFAULT '[]',
    notes TEXT NOT NULL DEFAULT '[]'
);
{SQLITE CREATE INDEX devices_scan ON devices (id, name, os, os_version, arch, person, sensor_version, seen_at, reported_at, enrolled_at, revoked_at,
    sight, unreadable, artifacts, runtimes, agents, packages, critical, high, medium, low, info, search); SQLITE}
CREATE INDEX devices_name ON devices (LOWER(name), id);
CREATE INDEX devices_heard ON devices (revoked_at, seen_at);
CREATE INDEX devices_sight ON devices (revoked_at, sight, unreadable);
CREATE INDEX devices_person ON devices (person);

-- What a device cannot see, for counting.
CREATE TABLE gaps (
    device BIGINT NOT NULL REFERENCES devices (id),
    capability TEXT NOT NULL,
    lost TEXT NOT NULL,
    remedy TEXT NOT NULL,
    PRIMARY KEY (device, capability)
);
CREATE INDEX gaps_capability ON gaps (capability, device);

CREATE TABLE artifacts (
    id {ID},
    uid TEXT NOT NULL UNIQUE,
    sha256 TEXT,
    digest_status TEXT NOT NULL,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    size BIGINT NOT NULL,
    license TEXT,
    commercial_use TEXT,
    registry TEXT,
    repository TEXT,
    revision TEXT,
    publisher TEXT,
    role TEXT,
    architecture TEXT,
    quantization TEXT,
    parameters BIGINT,
    verdict TEXT NOT NULL,
    devices BIGINT NOT NULL DEFAULT 0,
    holdings BIGINT NOT NULL DEFAULT 0,
    loaded BIGINT NOT NULL DEFAULT 0,
    severity BIGINT,
    base TEXT NOT NULL DEFAULT '',
    stores TEXT NOT NULL DEFAULT '',
    first_seen_at BIGINT NOT NULL,
    search TEXT NOT NULL,
    license_json TEXT,
    origin_json TEXT,
    metadata TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX artifacts_sha256 ON artifacts (sha256);
CREATE INDEX artifacts_name ON artifacts (LOWER(name), id);
CREATE INDEX artifacts_first_seen ON artifacts (first_seen_at, id, role);
CREATE INDEX artifacts_size ON artifacts (size, id);
CREATE INDEX artifacts_devices ON artifacts (devices, id);
CREATE INDEX artifacts_loaded ON artifacts (loaded, id);
CREATE INDEX artifacts_severity ON artifacts (COALESCE(severity, -1), id);
CREATE INDEX artifacts_license ON artifacts (COALESCE(LOWER(license), ''), id);
CREATE INDEX artifacts_commercial ON artifacts (COALESCE(commercial_use, 'unknown'), role);
CREATE INDEX artifacts_role ON artifacts (COALESCE(role, ''), id);
CREATE INDEX artifacts_publisher ON artifacts (registry, publisher, first_seen_at, role);
CREATE INDEX artifacts_stores ON artifacts (stores, id);
{SQLITE CREATE INDEX artifacts_scan ON artifacts (id, name, format, digest_status, size, license, commercial_use, registry, repository, publisher, role,
    architecture, quantization, parameters, verdict, devices, loaded, severity, base, stores, first_seen_at, search); SQLITE}

-- `place` is the first eight bytes of the hash of the exact path; `item`, which is the artefact on its device whatever its number of
-- paths, is the place of the first of them. `path` is for people; `exact` is the base64 of the bytes where `path` is not exact or was cut.
CREATE TABLE holdings (
    id {ID},
    device BIGINT NOT NULL REFERENCES devices (id),
    item BIGINT NOT NULL,
    place BIGINT NOT NULL,
    path TEXT NOT NULL,
    exact TEXT NOT NULL DEFAULT '',
    artifact BIGINT NOT NULL REFERENCES artifacts (id),
    store TEXT,
    first_seen_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX holdings_place ON holdings (device, place);
CREATE INDEX holdings_item ON holdings (device, item, artifact);
CREATE INDEX holdings_artifact ON holdings (artifact, device, id);
-- What three million rows are asked stands in the indices of their orders, so that a row is passed over without being opened.
CREATE INDEX holdings_path ON holdings (path, id, artifact, device, store);
CREATE INDEX holdings_seen ON holdings (first_seen_at, id, artifact, device, store);

-- `kind` is runtime or agent; a program without a pid is installed and does not run. `item` is the key of the sensor, `places` a list
-- of the places of the models that it has loaded.
CREATE TABLE programs (
    id {ID},
    uid TEXT NOT NULL UNIQUE,
    device BIGINT NOT NULL REFERENCES devices (id),
    kind TEXT NOT NULL,
    item TEXT NOT NULL,
    places TEXT NOT NULL DEFAULT '[]',
    tool TEXT,
    name TEXT NOT NULL,
    pid BIGINT,
    exe TEXT,
    account TEXT,
    started_at BIGINT,
    confidence TEXT NOT NULL,
    exposed BIGINT NOT NULL,
    servers BIGINT NOT NULL DEFAULT 0,
    listeners TEXT NOT NULL DEFAULT '',
    unattended BIGINT NOT NULL DEFAULT 0,
    first_seen_at BIGINT NOT NULL,
    search TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX programs_device ON programs (device, kind);
CREATE INDEX programs_name ON programs (kind, LOWER(name), id);
CREATE INDEX programs_started ON programs (kind, COALESCE(started_at, 0), id);
CREATE INDEX programs_tool ON programs (kind, tool);
CREATE INDEX programs_running ON programs (kind, pid, confidence, id);
{SQLITE CREATE INDEX programs_scan ON programs (kind, id, device, tool, name, pid, exe, account, started_at, confidence, exposed, servers, listeners,
    unattended, first_seen_at, search); SQLITE}

CREATE TABLE loaded (
    program BIGINT NOT NULL REFERENCES programs (id),
    artifact BIGINT NOT NULL REFERENCES artifacts (id),
    PRIMARY KEY (program, artifact)
);
CREATE INDEX loaded_artifact ON loaded (artifact);

CREATE TABLE packages (
    id {ID},
    uid TEXT NOT NULL UNIQUE,
    device BIGINT NOT NULL REFERENCES devices (id),
    ecosystem TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT,
    path TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL
);
CREATE INDEX packages_device ON packages (device, name);
CREATE INDEX packages_name ON packages (LOWER(name), id);

-- `severity` is 0 (info) to 4 (critical).
CREATE TABLE findings (
    id {ID},
    uid TEXT NOT NULL UNIQUE,
    device BIGINT NOT NULL REFERENCES devices (id),
    rule TEXT NOT NULL,
    severity BIGINT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    artifact BIGINT REFERENCES artifacts (id),
    state TEXT NOT NULL,
    assignee BIGINT REFERENCES people (id),
    due TEXT,
    acknowledged_by BIGINT REFERENCES people (id),
    acknowledged_name TEXT,
    acknowledged_at BIGINT,
    reason TEXT,
    first_seen_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    search TEXT NOT NULL,
    evidence TEXT NOT NULL,
    help TEXT NOT NULL
);
CREATE INDEX findings_device ON findings (device, state);
CREATE INDEX findings_open ON findings (state, severity, id);
-- Rule and state stand in it, so that what the order passes over is passed over without opening its rows.
CREATE INDEX findings_severity ON findings (severity, id, rule, state);
CREATE INDEX findings_seen ON findings (first_seen_at, id);
CREATE INDEX findings_due ON findings (COALESCE(due, '~'), id);
CREATE INDEX findings_rule ON findings (state, rule, device, severity, id);
{SQLITE CREATE INDEX findings_scan ON findings (id, device, rule, severity, subject, artifact, state, assignee, due, first_seen_at, changed_at, search); SQLITE}
CREATE INDEX findings_artifact ON findings (artifact, state, severity);
CREATE INDEX findings_assignee ON findings (assignee, state, rule, severity);

-- What happened. Rows are only added, and removed when they are old.
CREATE TABLE records (
    id {ID},
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor BIGINT REFERENCES people (id),
    actor_name TEXT,
    device BIGINT REFERENCES devices (id),
    subject TEXT NOT NULL,
    subject_id TEXT,
    detail TEXT NOT NULL,
    search TEXT NOT NULL
);
CREATE INDEX records_device ON records (device, id);
CREATE INDEX records_kind ON records (kind, id);
CREATE INDEX records_at ON records (at);
CREATE INDEX records_subject ON records (COALESCE(subject_id, ''), id);

-- Orders to sensors, numbered so that none can be played again.
CREATE TABLE orders (
    serial {ID},
    device BIGINT NOT NULL REFERENCES devices (id),
    body TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answered_at BIGINT
);
CREATE INDEX orders_device ON orders (device, serial);

-- One row per day (UTC, days since 1970), for the small curves.
CREATE TABLE days (
    day BIGINT PRIMARY KEY,
    artifacts BIGINT NOT NULL,
    runtimes BIGINT NOT NULL,
    agents BIGINT NOT NULL,
    devices BIGINT NOT NULL
);
