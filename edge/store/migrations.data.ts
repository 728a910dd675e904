// The database's shape, step by step. Forward only: a released step is never edited, a new one is added at the end.

/** Step n brings a database from version n − 1 to n. */
export const migrations: readonly string[] = [
  `
  -- One row for each FITS file on the shelf. 'going' marks a file that is about to be removed (see shelf.ts).
  CREATE TABLE exposure (
    id               TEXT PRIMARY KEY,
    path             TEXT NOT NULL UNIQUE,
    night            TEXT NOT NULL,
    camera           TEXT NOT NULL,
    frame_type       TEXT NOT NULL CHECK (frame_type IN ('light', 'dark', 'bias', 'flat')),
    object           TEXT,
    filter           TEXT,
    number           INTEGER NOT NULL,
    total            INTEGER NOT NULL,
    activity         TEXT,
    bytes            INTEGER NOT NULL,
    started_ms       REAL NOT NULL,
    exposure_seconds REAL NOT NULL,
    binning          INTEGER NOT NULL,
    width            INTEGER NOT NULL,
    height           INTEGER NOT NULL,
    gain             REAL,
    "offset"         REAL,
    sensor_celsius   REAL,
    measured         TEXT,
    ours             INTEGER NOT NULL CHECK (ours IN (0, 1)),
    going            INTEGER NOT NULL DEFAULT 0 CHECK (going IN (0, 1))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX exposure_by_night ON exposure (night, id);

  CREATE TABLE thumbnail (
    id      TEXT PRIMARY KEY REFERENCES exposure (id) ON DELETE CASCADE,
    picture BLOB NOT NULL
  ) STRICT;

  -- AUTOINCREMENT: a cursor is never given twice, even when the newest events were pruned.
  CREATE TABLE event (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    node   TEXT NOT NULL,
    boot   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    at_ms  REAL NOT NULL,
    body   TEXT NOT NULL,
    UNIQUE (node, boot, seq)
  ) STRICT;

  CREATE TABLE boot (
    boot       INTEGER PRIMARY KEY AUTOINCREMENT,
    started_ms REAL NOT NULL
  ) STRICT;

  -- Each service's small durable state, as JSON; and what a later version could not read of it.
  CREATE TABLE kept (
    name     TEXT PRIMARY KEY,
    value    TEXT NOT NULL,
    saved_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE kept_aside (
    place    INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    aside_ms REAL NOT NULL
  ) STRICT;
  `,
]
