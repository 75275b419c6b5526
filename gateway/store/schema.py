"""The tables, version by version; the steps that lead from each to the next are listed in `database`."""

from __future__ import annotations

FIRST = """
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
"""

IDEMPOTENCY = """
CREATE TABLE idempotency (
  slot TEXT PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL, head TEXT NOT NULL, body TEXT NOT NULL,
  holder TEXT NOT NULL, answer BLOB NOT NULL, leased REAL NOT NULL, expires REAL NOT NULL);
CREATE INDEX idempotency_by_expiry ON idempotency (expires);
"""

NOISE = """
CREATE TABLE noise (
  route TEXT NOT NULL, digest TEXT NOT NULL, location TEXT NOT NULL, pattern TEXT NOT NULL, kind TEXT NOT NULL,
  legacy INTEGER NOT NULL, gateway INTEGER NOT NULL, both INTEGER NOT NULL, barred INTEGER NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (route, digest, location, pattern, kind));
"""

ROLLUPS = """
CREATE TABLE profiles (
  route TEXT NOT NULL, digest TEXT NOT NULL, profile TEXT NOT NULL, content TEXT NOT NULL,
  PRIMARY KEY (route, digest, profile));
CREATE TABLE rollups (
  route TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL, class INTEGER NOT NULL, shape TEXT NOT NULL,
  profile TEXT NOT NULL, count INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  PRIMARY KEY (route, digest, source, class, shape, profile));
CREATE TABLE pair_rollups (
  route TEXT NOT NULL, digest TEXT NOT NULL, profile TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (route, digest, profile));
CREATE TABLE latencies (
  route TEXT NOT NULL, digest TEXT NOT NULL, side TEXT NOT NULL, step INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (route, digest, side, step));
CREATE TABLE subjects (
  route TEXT NOT NULL, digest TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (route, digest, subject));
CREATE TABLE sightings (
  signature TEXT NOT NULL, digest TEXT NOT NULL, by TEXT NOT NULL, judged INTEGER NOT NULL, route TEXT NOT NULL,
  location TEXT NOT NULL, path TEXT NOT NULL, pattern TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,
  observations INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL, sample TEXT NOT NULL,
  PRIMARY KEY (signature, digest, by, judged));
CREATE INDEX sightings_by_route ON sightings (route);
CREATE TABLE observations (
  id TEXT PRIMARY KEY, route TEXT NOT NULL, at REAL NOT NULL, verdict TEXT NOT NULL, mode TEXT NOT NULL,
  source TEXT NOT NULL, digest TEXT NOT NULL, subject TEXT NOT NULL, shape TEXT NOT NULL,
  legacy_status INTEGER NOT NULL, gateway_status INTEGER NOT NULL, legacy_seconds REAL NOT NULL,
  gateway_seconds REAL NOT NULL, refused INTEGER NOT NULL, differences TEXT NOT NULL, legacy TEXT NOT NULL,
  gateway TEXT NOT NULL, note TEXT NOT NULL, revision INTEGER NOT NULL);
CREATE INDEX observations_by_route ON observations (route, at, id);
CREATE INDEX observations_by_time ON observations (at, id);
CREATE TABLE samples (
  route TEXT NOT NULL, digest TEXT NOT NULL, cell TEXT NOT NULL, id TEXT NOT NULL, at REAL NOT NULL,
  draw INTEGER NOT NULL, PRIMARY KEY (route, digest, cell, id));
CREATE INDEX samples_by_id ON samples (id);
CREATE TABLE pairs (
  pair TEXT PRIMARY KEY, route TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL, minute INTEGER NOT NULL,
  profile TEXT NOT NULL, arrival INTEGER NOT NULL);
CREATE INDEX pairs_by_arrival ON pairs (arrival);
CREATE TABLE forgotten (
  route TEXT NOT NULL, digest TEXT NOT NULL, source TEXT NOT NULL, minute INTEGER NOT NULL,
  PRIMARY KEY (route, digest, source));
CREATE TABLE recorded (id TEXT PRIMARY KEY, arrival INTEGER NOT NULL);
CREATE INDEX recorded_by_arrival ON recorded (arrival);
"""

ANSWER_SHAPES = """
CREATE TABLE answer_shapes (
  route TEXT NOT NULL, status INTEGER NOT NULL, shape TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (route, status));
"""

RULES = """
ALTER TABLE rules ADD COLUMN meaning TEXT NOT NULL DEFAULT '';
"""

SERVED = """
ALTER TABLE served ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
UPDATE served SET ended = minute + 1;
"""
