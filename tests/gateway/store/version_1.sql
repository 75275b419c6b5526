-- A store as Cutover 0.1 wrote it, with a flag and an audit line in it.
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE flags (
  route TEXT PRIMARY KEY, stage TEXT NOT NULL, percent REAL NOT NULL, named TEXT NOT NULL,
  left_shadow INTEGER NOT NULL, revision INTEGER NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
  reason TEXT NOT NULL, sunset TEXT NOT NULL, forced INTEGER NOT NULL);
CREATE TABLE flag_history (
  revision INTEGER NOT NULL, route TEXT NOT NULL, stage TEXT NOT NULL, percent REAL NOT NULL,
  named TEXT NOT NULL, left_shadow INTEGER NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
  reason TEXT NOT NULL, sunset TEXT NOT NULL, forced INTEGER NOT NULL, before TEXT NOT NULL,
  PRIMARY KEY (revision, route));
CREATE TABLE processes (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, address TEXT NOT NULL,
  started REAL NOT NULL, seen REAL NOT NULL, revision INTEGER NOT NULL, applied REAL NOT NULL);
CREATE TABLE observations (
  id TEXT PRIMARY KEY, route TEXT NOT NULL, at REAL NOT NULL, verdict TEXT NOT NULL, mode TEXT NOT NULL,
  source TEXT NOT NULL, digest TEXT NOT NULL, subject TEXT NOT NULL, shape TEXT NOT NULL,
  legacy_status INTEGER NOT NULL, gateway_status INTEGER NOT NULL, legacy_seconds REAL NOT NULL,
  gateway_seconds REAL NOT NULL, refused INTEGER NOT NULL, differences TEXT NOT NULL, legacy TEXT NOT NULL,
  gateway TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX observations_by_route ON observations (route, at);
CREATE TABLE signatures (
  signature TEXT PRIMARY KEY, route TEXT NOT NULL, location TEXT NOT NULL, pattern TEXT NOT NULL,
  kind TEXT NOT NULL, count INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  sample TEXT NOT NULL, by TEXT NOT NULL);
CREATE INDEX signatures_by_route ON signatures (route);
CREATE TABLE rules (
  signature TEXT PRIMARY KEY, decision TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
  created REAL NOT NULL, expires REAL);
CREATE TABLE buckets (
  source TEXT NOT NULL, route TEXT NOT NULL, bucket TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (source, route, bucket, reason));
CREATE TABLE policy_shadow (
  route TEXT NOT NULL, subject TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL,
  count INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  PRIMARY KEY (route, subject, status, reason));
CREATE TABLE served (
  route TEXT NOT NULL, side TEXT NOT NULL, minute INTEGER NOT NULL, requests INTEGER NOT NULL,
  errors INTEGER NOT NULL, fallbacks INTEGER NOT NULL, seconds REAL NOT NULL,
  PRIMARY KEY (route, side, minute));
CREATE TABLE results (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL, passed INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  reason TEXT NOT NULL, detail TEXT NOT NULL);
INSERT INTO meta VALUES ('salt', '00112233445566778899aabbccddeeff'), ('revision', '7');
INSERT INTO flags VALUES ('users.list', 'canary', 25.0, '[]', 1, 7, 'ada', 1.0, 'first step', '', 0);
INSERT INTO audit VALUES (1, 1.0, 'ada', 'promote', 'users.list', 'first step', '{}');
