"""The tables of a worker's book."""

VERSION = 1
"""`PRAGMA user_version` of a book of these tables."""

TABLES = """
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Cameras, and the epoch under which the center granted each to this book.
CREATE TABLE holdings (
    camera_id TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL
) WITHOUT ROWID;

-- How many incidents a rule has opened on a zone: the last episode's number.
CREATE TABLE episodes (
    camera_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    zone_id TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (camera_id, rule_id, zone_id)
) WITHOUT ROWID;

-- Those that are open, and those in their cool-down, which may come back.
CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    camera_id TEXT NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each file that an incident should have. `record` is written before the file is
-- sealed, so that after a crash it is known whose the file is; `done` once the center was told.
CREATE TABLE owed (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    incident_id TEXT NOT NULL,
    camera_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    record TEXT,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX ix_owed_incident ON owed (incident_id);

-- Messages that wait for the bus. Of a low rank the oldest are given up first when room is short.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    lane TEXT NOT NULL,
    rank INTEGER NOT NULL,
    envelope BLOB NOT NULL
);
CREATE INDEX ix_outbox_lane ON outbox (lane, number);
"""

ADDED = """
-- Commands of the center that were done, with their answers: what comes twice is done once. Only
-- the newest are kept.
CREATE TABLE IF NOT EXISTS commands (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    answer TEXT NOT NULL
);

-- Cameras that people have paused.
CREATE TABLE IF NOT EXISTS pauses (
    camera_id TEXT PRIMARY KEY,
    document TEXT NOT NULL
) WITHOUT ROWID;
"""
"""Tables that came later. A program that does not know them leaves them alone, so the version
stays."""
