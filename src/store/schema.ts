/** SQLite's application_id of a Steward database: the letters "Stwd". */
export const APPLICATION_ID = 0x53747764;

/**
 * The schema's steps; PRAGMA user_version counts those that were taken.
 *
 * `outbox` holds what is still to be delivered, `ledger` what is known of every message ever queued; both are
 * keyed by lane * 2^32 + seq, so that a run of messages of one lane is one range. `intents` are effects under way.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE lanes (
    id INTEGER PRIMARY KEY, subject TEXT NOT NULL, epoch TEXT NOT NULL UNIQUE, next_seq INTEGER NOT NULL,
    retired_at INTEGER);

  CREATE TABLE outbox (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, queued_at INTEGER NOT NULL, expires_at INTEGER, budget_at INTEGER,
    ack_timeout INTEGER NOT NULL, format INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE INDEX outbox_expires ON outbox (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX outbox_budget ON outbox (budget_at) WHERE budget_at IS NOT NULL;

  CREATE TABLE ledger (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, batch TEXT, state TEXT NOT NULL, queued_at INTEGER NOT NULL,
    sent_at INTEGER, accepted_at INTEGER, started_at INTEGER, ended_at INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT, exit_code INTEGER, signal TEXT, stderr_tail BLOB, output_bytes INTEGER, format INTEGER, body BLOB);
  CREATE UNIQUE INDEX ledger_id ON ledger (id);

  CREATE TABLE journal_lanes (
    id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, subject TEXT NOT NULL, from_node TEXT NOT NULL,
    next INTEGER NOT NULL, used_at INTEGER NOT NULL, UNIQUE (epoch, subject));

  CREATE TABLE journal (
    row INTEGER PRIMARY KEY, lane INTEGER, seq INTEGER, id TEXT NOT NULL, from_node TEXT NOT NULL,
    subject TEXT NOT NULL, state TEXT NOT NULL, not_after INTEGER, accepted_at INTEGER NOT NULL, started_at INTEGER,
    ended_at INTEGER, reason TEXT, exit_code INTEGER, signal TEXT, stderr_tail BLOB, output_bytes INTEGER,
    reported INTEGER NOT NULL, format INTEGER NOT NULL, body BLOB);
  CREATE INDEX journal_lane ON journal (lane, seq) WHERE lane IS NOT NULL;
  CREATE INDEX journal_open ON journal (row) WHERE state IN ('accepted', 'running');
  CREATE INDEX journal_unreported ON journal (row) WHERE reported = 0;

  CREATE TABLE intents (
    lane INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, method TEXT NOT NULL, note TEXT NOT NULL);

  CREATE TABLE nodes (name TEXT PRIMARY KEY, last_seen INTEGER NOT NULL, info TEXT) WITHOUT ROWID;
  `,
  `
  CREATE TABLE cancellations (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX journal_id ON journal (id);
  `,
  `
  ALTER TABLE journal ADD COLUMN forward TEXT;
  ALTER TABLE journal ADD COLUMN reply_key TEXT;
  CREATE UNIQUE INDEX journal_forward ON journal (forward) WHERE forward IS NOT NULL;
  CREATE INDEX journal_reply_key ON journal (reply_key) WHERE reply_key IS NOT NULL;
  `,
  // `schedule` is JSON; `schedules` holds how far those have come that are running, by their row in the journal.
  `
  ALTER TABLE outbox ADD COLUMN schedule TEXT;
  ALTER TABLE journal ADD COLUMN schedule TEXT;
  CREATE TABLE schedules (
    row INTEGER PRIMARY KEY, runs INTEGER NOT NULL, failed INTEGER NOT NULL, skipped INTEGER NOT NULL, run_at INTEGER);
  `,
  // The highest id that was taken in a lane tells a repeated message from one that this node has never seen.
  `
  ALTER TABLE journal_lanes ADD COLUMN last_id TEXT NOT NULL DEFAULT '';
  `,
  // `outputs` holds what requests printed, as far as it is kept: `stream` is 1 or 2, as descriptors have it. `output` says
  // what the sender wants of it; `stdout` is what an end that is not reported yet has to tell, `*_sent` how far what runs
  // was told of. The ledger's times are of this node's clock, those of the target are in `there_*`.
  // A request that goes on as another message (`forward`) ends in the transaction in which that message ends. The journal's
  // `endForwarded` does that; the trigger is there for version 0.1, which relies on it.
  `
  CREATE TABLE outputs (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, stream INTEGER NOT NULL, offset INTEGER NOT NULL, data BLOB NOT NULL);
  CREATE UNIQUE INDEX outputs_place ON outputs (id, stream, offset);
  ALTER TABLE outbox ADD COLUMN output TEXT;
  ALTER TABLE journal ADD COLUMN output TEXT;
  ALTER TABLE journal ADD COLUMN stdout BLOB;
  ALTER TABLE journal ADD COLUMN stderr_bytes INTEGER;
  ALTER TABLE journal ADD COLUMN stdout_sent INTEGER;
  ALTER TABLE journal ADD COLUMN stderr_sent INTEGER;
  ALTER TABLE ledger ADD COLUMN there_accepted_at INTEGER;
  ALTER TABLE ledger ADD COLUMN there_started_at INTEGER;
  ALTER TABLE ledger ADD COLUMN there_ended_at INTEGER;
  ALTER TABLE ledger ADD COLUMN stderr_bytes INTEGER;
  DROP TRIGGER IF EXISTS forward_ended;
  CREATE TRIGGER forward_ended AFTER UPDATE OF ended_at ON ledger WHEN new.ended_at IS NOT NULL BEGIN
    UPDATE journal SET
      state = CASE new.state WHEN 'accepted' THEN 'handed-over' ELSE new.state END,
      reason = CASE WHEN new.state IN ('undelivered', 'expired', 'rejected')
        THEN (SELECT subject FROM lanes WHERE id = new.key / 4294967296) || ': ' || new.reason ELSE new.reason END,
      exit_code = new.exit_code, signal = new.signal, stderr_tail = new.stderr_tail, output_bytes = new.output_bytes,
      stderr_bytes = new.stderr_bytes,
      stdout = (SELECT data FROM outputs WHERE id = new.id AND stream = 1 ORDER BY offset DESC LIMIT 1),
      stdout_sent = (SELECT offset FROM outputs WHERE id = new.id AND stream = 1 ORDER BY offset DESC LIMIT 1),
      started_at = new.started_at, ended_at = new.ended_at, reported = lane IS NULL
    WHERE forward = new.id;
  END;
  `,
  // Requests have a batch, messages of the node's own have none. `ledger_notable` leaves out the two states that most
  // requests are in, so that queueing a message and its success touch no index. A batch's messages lie between its ids, or,
  // where it came in several submissions, between those of `batch_parts`. `steps` and `request_options` hold what few have.
  `
  CREATE INDEX ledger_notable ON ledger (state, id, ended_at)
    WHERE batch IS NOT NULL AND state NOT IN ('queued', 'succeeded');
  CREATE INDEX ledger_own ON ledger (batch, state) WHERE batch IS NULL;
  CREATE TABLE batches (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, label TEXT NOT NULL, total INTEGER NOT NULL, first_id TEXT NOT NULL,
    last_id TEXT NOT NULL, plan TEXT) WITHOUT ROWID;
  CREATE TABLE batch_parts (
    batch TEXT NOT NULL, first_id TEXT NOT NULL, last_id TEXT NOT NULL, PRIMARY KEY (batch, first_id)) WITHOUT ROWID;
  INSERT INTO batches (id, at, label, total, first_id, last_id)
    SELECT batch, min(queued_at), '', count(*), min(id), max(id) FROM ledger WHERE batch IS NOT NULL GROUP BY batch;
  CREATE TABLE steps (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, other TEXT, note TEXT);
  CREATE INDEX steps_id ON steps (id);
  CREATE TABLE request_options (id TEXT PRIMARY KEY, options TEXT NOT NULL) WITHOUT ROWID;
  `,
];

/**
 * What was added since and changes nothing for a version that does not know it: made wherever it is missing, without a
 * step, so that the version before still opens the database.
 */
export const ADDITIONS = `
  -- Of retired lanes too, in place of an index that left them out.
  CREATE INDEX IF NOT EXISTS lanes_of_subject ON lanes (subject);
  DROP INDEX IF EXISTS lanes_subject;
  CREATE TABLE IF NOT EXISTS files (file TEXT NOT NULL);
  -- Which log of writes (-wal) began with which database: see log-origin.ts.
  CREATE TABLE IF NOT EXISTS log_origin (note TEXT NOT NULL);
  INSERT INTO log_origin SELECT 'none' WHERE NOT EXISTS (SELECT 1 FROM log_origin);
  -- When nodes came and went, by the wall clock.
  CREATE TABLE IF NOT EXISTS presence (
    name TEXT NOT NULL, at INTEGER NOT NULL, is_here INTEGER NOT NULL, PRIMARY KEY (name, at)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS presence_at ON presence (at);
  -- Parts of messages that come over thin links, kept every few seconds until the whole is there.
  CREATE TABLE IF NOT EXISTS arriving (
    epoch TEXT NOT NULL, subject TEXT NOT NULL, seq INTEGER NOT NULL, offset INTEGER NOT NULL, whole TEXT NOT NULL,
    at INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (epoch, subject, seq, offset)) WITHOUT ROWID;
  -- When a schedule began, by the kept clock.
  CREATE TABLE IF NOT EXISTS schedule_starts (row INTEGER PRIMARY KEY, started INTEGER NOT NULL);
  -- The words that a node named for what it understands, each between spaces.
  CREATE TABLE IF NOT EXISTS node_words (name TEXT PRIMARY KEY, words TEXT NOT NULL) WITHOUT ROWID;
  -- Nodes that proved who they are, and when they last did, unix ms.
  CREATE TABLE IF NOT EXISTS proofs (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  -- What a closed node refused, or would refuse, by day (unix ms / 86 400 000).
  CREATE TABLE IF NOT EXISTS refusals (
    day INTEGER NOT NULL, sender TEXT NOT NULL, claimed TEXT NOT NULL, method TEXT NOT NULL, reason TEXT NOT NULL,
    count INTEGER NOT NULL, last_at INTEGER NOT NULL, PRIMARY KEY (day, sender, claimed, method, reason)) WITHOUT ROWID;
  -- Batches that go from node to node and are not over; their plans are with them.
  CREATE TABLE IF NOT EXISTS waves (batch TEXT PRIMARY KEY) WITHOUT ROWID;
  -- Nodes that an operator took off the list, and how many messages for each were on their way then.
  CREATE TABLE IF NOT EXISTS forgotten (name TEXT PRIMARY KEY, left INTEGER NOT NULL) WITHOUT ROWID;
  -- Who submitted messages, whose ids were made one after the other.
  CREATE TABLE IF NOT EXISTS operators (
    first_id TEXT PRIMARY KEY, last_id TEXT NOT NULL, operator TEXT NOT NULL) WITHOUT ROWID;
  -- What nodes sent today that nobody asked for (day as above).
  CREATE TABLE IF NOT EXISTS quotas (
    day INTEGER NOT NULL, sender TEXT NOT NULL, bytes INTEGER NOT NULL, files INTEGER NOT NULL,
    PRIMARY KEY (day, sender)) WITHOUT ROWID;
  -- What went over the links of nodes by day, as their zones have it. What they sent is JSON, bytes of messages by class.
  CREATE TABLE IF NOT EXISTS link_days (
    day TEXT NOT NULL, node TEXT NOT NULL, in_bytes INTEGER NOT NULL, out_bytes INTEGER NOT NULL, sent TEXT,
    PRIMARY KEY (day, node)) WITHOUT ROWID;
  -- Passkeys of the console. Their public keys are SubjectPublicKeyInfo; credential is their id at the authenticator.
  CREATE TABLE IF NOT EXISTS passkeys (
    id TEXT PRIMARY KEY, credential TEXT NOT NULL UNIQUE, site TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL,
    public_key BLOB NOT NULL, counter INTEGER NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER) WITHOUT ROWID;
`;

/**
 * Columns that were added in the same way. `outbox.re` is the request that a reply is to, `priority` what a sender said of
 * a message and of the reply to it, `supersedes` the key of which only the newest counts; `nodes.told_at` is
 * when the hello came whose facts are kept, unix ms; `ledger.place` is where the reply
 * to a request goes, as a digest.
 */
export const ADDED_COLUMNS = [
  { table: 'outbox', column: 're', type: 'TEXT' },
  { table: 'ledger', column: 'place', type: 'TEXT' },
  { table: 'outbox', column: 'priority', type: 'TEXT' },
  { table: 'journal', column: 'priority', type: 'TEXT' },
  { table: 'outbox', column: 'supersedes', type: 'TEXT' },
  { table: 'journal', column: 'supersedes', type: 'TEXT' },
  { table: 'nodes', column: 'told_at', type: 'INTEGER' },
  { table: 'arriving', column: 'sender', type: "TEXT NOT NULL DEFAULT ''" },
] as const;

/** Indexes of these columns. */
export const ADDED_INDEXES = `
  CREATE INDEX IF NOT EXISTS outbox_supersedes ON outbox (supersedes) WHERE supersedes IS NOT NULL;
  CREATE INDEX IF NOT EXISTS journal_supersedes ON journal (supersedes, from_node, id) WHERE supersedes IS NOT NULL;
`;
