-- A store of version 2, which kept every observation: ten of them, a rule, a flag, an audit line.
PRAGMA journal_mode = WAL;
BEGIN TRANSACTION;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  reason TEXT NOT NULL, detail TEXT NOT NULL);
INSERT INTO "audit" VALUES(1,1700000100.0,'qa','tolerate','14b83bf4d6d9','known','{}');
CREATE TABLE buckets (
  source TEXT NOT NULL, route TEXT NOT NULL, bucket TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (source, route, bucket, reason));
INSERT INTO "buckets" VALUES('shadow','pools.list','compared','',10);
CREATE TABLE flag_history (
  revision INTEGER NOT NULL, route TEXT NOT NULL, stage TEXT NOT NULL, percent REAL NOT NULL,
  named TEXT NOT NULL, left_shadow INTEGER NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
  reason TEXT NOT NULL, sunset TEXT NOT NULL, forced INTEGER NOT NULL, before TEXT NOT NULL,
  PRIMARY KEY (revision, route));
INSERT INTO "flag_history" VALUES(1,'pools.list','shadow',0.0,'[]',0,'eva',1700000000.0,'begin','',0,'legacy');
CREATE TABLE flags (
  route TEXT PRIMARY KEY, stage TEXT NOT NULL, percent REAL NOT NULL, named TEXT NOT NULL,
  left_shadow INTEGER NOT NULL, revision INTEGER NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
  reason TEXT NOT NULL, sunset TEXT NOT NULL, forced INTEGER NOT NULL);
INSERT INTO "flags" VALUES('pools.list','shadow',0.0,'[]',0,1,'eva',1700000000.0,'begin','',0);
CREATE TABLE idempotency (
  slot TEXT PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL, head TEXT NOT NULL, body TEXT NOT NULL,
  holder TEXT NOT NULL, answer BLOB NOT NULL, leased REAL NOT NULL, expires REAL NOT NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "meta" VALUES('salt','00112233445566778899aabbccddeeff');
INSERT INTO "meta" VALUES('revision','1');
CREATE TABLE observations (
  id TEXT PRIMARY KEY, route TEXT NOT NULL, at REAL NOT NULL, verdict TEXT NOT NULL, mode TEXT NOT NULL,
  source TEXT NOT NULL, digest TEXT NOT NULL, subject TEXT NOT NULL, shape TEXT NOT NULL,
  legacy_status INTEGER NOT NULL, gateway_status INTEGER NOT NULL, legacy_seconds REAL NOT NULL,
  gateway_seconds REAL NOT NULL, refused INTEGER NOT NULL, differences TEXT NOT NULL, legacy TEXT NOT NULL,
  gateway TEXT NOT NULL, note TEXT NOT NULL);
INSERT INTO "observations" VALUES('o1','pools.list',1700000040.0,'match','read','live','d1','ann','query:limit',200,200,0.01,0.02,0,'[]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o2','pools.list',1700000041.0,'match','read','live','d1','ann','query:limit',200,200,0.01,0.02,0,'[]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o3','pools.list',1700000042.0,'mismatch','read','live','d1','ann','query:limit',200,200,0.01,0.02,0,'[{"location": "body", "path": "$[id=1].name", "kind": "changed", "legacy": "old", "gateway": "new", "by": ""}, {"location": "body", "path": "$[id=2].name", "kind": "changed", "legacy": "old", "gateway": "new", "by": ""}]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o4','pools.list',1700000110.0,'match','read','live','d1','bob','query:limit',200,200,0.01,0.02,0,'[]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o5','pools.list',1700000111.0,'mismatch','read','live','d1','cid','query:limit',200,500,0.01,0.02,0,'[{"location": "body", "path": "$[id=3].name", "kind": "changed", "legacy": "old", "gateway": "new", "by": ""}, {"location": "status", "path": "200\u2192500", "kind": "changed", "legacy": "200", "gateway": "500", "by": ""}]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o6','pools.list',1700000112.0,'expected','read','live','d1','dan','query:limit',200,200,0.01,0.02,0,'[{"location": "body", "path": "$[id=4].name", "kind": "changed", "legacy": "old", "gateway": "new", "by": "ws-url"}]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o7','pools.list',1700000113.0,'failed','read','live','d1','eve','query:limit',200,200,0.01,0.02,0,'[]','{"status": 200}','{"status": 200}','gateway: timeout');
INSERT INTO "observations" VALUES('o8','pools.list',1700000114.0,'inconclusive','read','live','d1','fay','query:limit',200,200,0.01,0.02,0,'[{"location": "body", "path": "$[id=5].name", "kind": "changed", "legacy": "old", "gateway": "new", "by": ""}]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o9','pools.list',1700000115.0,'match','read','live','d0','ann','query:limit',404,200,0.01,0.02,0,'[]','{"status": 200}','{"status": 200}','');
INSERT INTO "observations" VALUES('o10','pools.list',1700000116.0,'match','dry-run','live','d1','gil','body:name',200,0,0.01,0.0,0,'[]','{"status": 200}','{"status": 200}','');
CREATE TABLE policy_shadow (
  route TEXT NOT NULL, subject TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL,
  count INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  PRIMARY KEY (route, subject, status, reason));
CREATE TABLE processes (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, address TEXT NOT NULL,
  started REAL NOT NULL, seen REAL NOT NULL, revision INTEGER NOT NULL, applied REAL NOT NULL);
CREATE TABLE results (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL, passed INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE rules (
  signature TEXT PRIMARY KEY, decision TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
  created REAL NOT NULL, expires REAL);
INSERT INTO "rules" VALUES('14b83bf4d6d9','tolerated','qa','known',1700000100.0,NULL);
CREATE TABLE served (
  route TEXT NOT NULL, side TEXT NOT NULL, minute INTEGER NOT NULL, requests INTEGER NOT NULL,
  errors INTEGER NOT NULL, fallbacks INTEGER NOT NULL, seconds REAL NOT NULL,
  PRIMARY KEY (route, side, minute));
CREATE TABLE signatures (
  signature TEXT PRIMARY KEY, route TEXT NOT NULL, location TEXT NOT NULL, pattern TEXT NOT NULL,
  kind TEXT NOT NULL, count INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  sample TEXT NOT NULL, by TEXT NOT NULL);
INSERT INTO "signatures" VALUES('f30ec66466e1','pools.list','body','$[*].name','changed',5,1700000042.0,1700000114.0,'o8','');
INSERT INTO "signatures" VALUES('14b83bf4d6d9','pools.list','status','200→500','changed',1,1700000111.0,1700000111.0,'o5','');
CREATE INDEX observations_by_route ON observations (route, at);
CREATE INDEX signatures_by_route ON signatures (route);
CREATE INDEX idempotency_by_expiry ON idempotency (expires);
COMMIT;
PRAGMA user_version = 2;
