-- SPDX-License-Identifier: Apache-2.0
-- A server's database as version 1 of its schema left it. Never edited: test_migrations.c brings it up to today.
CREATE TABLE schema_versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL);
INSERT INTO schema_versions VALUES('server',1);
CREATE TABLE orgs ( id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL) WITHOUT ROWID;
INSERT INTO orgs VALUES('or-01k9h-x3v7q-8m2c4d6e8f0g1h2j','Example Bank',1763600000000);
CREATE TABLE key_stores ( id TEXT PRIMARY KEY NOT NULL, org_id TEXT NOT NULL REFERENCES orgs(id), name TEXT NOT NULL, kind TEXT NOT NULL, is_primary BIGINT NOT NULL, issuer_key_id TEXT, created_at BIGINT NOT NULL) WITHOUT ROWID;
INSERT INTO key_stores VALUES('store-01k9h-x3v7q-8m2c4d6e8f0g1h2j','or-01k9h-x3v7q-8m2c4d6e8f0g1h2j','hsm-1','Hsm',1,NULL,1763600000000);
CREATE TABLE identities ( id TEXT PRIMARY KEY NOT NULL, org_id TEXT NOT NULL REFERENCES orgs(id), kind TEXT NOT NULL, name TEXT NOT NULL, is_active BIGINT NOT NULL, created_at BIGINT NOT NULL) WITHOUT ROWID;
INSERT INTO identities VALUES('us-01k9h-x3v7q-8m2c4d6e8f0g1h2j','or-01k9h-x3v7q-8m2c4d6e8f0g1h2j','ServiceAccount','treasury',1,1763600000000);
CREATE TABLE credentials ( id TEXT PRIMARY KEY NOT NULL, uuid TEXT NOT NULL UNIQUE, org_id TEXT NOT NULL REFERENCES orgs(id), identity_id TEXT NOT NULL REFERENCES identities(id), kind TEXT NOT NULL, name TEXT NOT NULL, public_key TEXT NOT NULL, is_active BIGINT NOT NULL, created_at BIGINT NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens ( id TEXT PRIMARY KEY NOT NULL, org_id TEXT NOT NULL REFERENCES orgs(id), identity_id TEXT NOT NULL REFERENCES identities(id), credential_id TEXT, kind TEXT NOT NULL, is_active BIGINT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL) WITHOUT ROWID;
CREATE TABLE used_actions ( expires_at BIGINT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (expires_at, id)) WITHOUT ROWID;
INSERT INTO used_actions VALUES(1763600480000,'ua-01k9h-x3v7q-8m2c4d6e8f0g1h2j');
CREATE TABLE keys ( id TEXT PRIMARY KEY NOT NULL, org_id TEXT NOT NULL REFERENCES orgs(id), store_id TEXT NOT NULL REFERENCES key_stores(id), scheme TEXT NOT NULL, curve TEXT NOT NULL, key_type BIGINT NOT NULL, public_key BLOB, name TEXT, status TEXT NOT NULL, resident BIGINT NOT NULL DEFAULT 0, created_by TEXT NOT NULL, date_created BIGINT NOT NULL, date_deleted BIGINT, failure TEXT, failure_code BIGINT, proof BLOB NOT NULL);
INSERT INTO keys VALUES('key-01k9h-x3v7q-8m2c4d6e8f0g1h2j','or-01k9h-x3v7q-8m2c4d6e8f0g1h2j','store-01k9h-x3v7q-8m2c4d6e8f0g1h2j','ECDSA','secp256k1',1,X'0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',NULL,'Active',0,'us-01k9h-x3v7q-8m2c4d6e8f0g1h2j',1763600000000,NULL,NULL,NULL,X'01');
CREATE TABLE signatures ( id TEXT PRIMARY KEY NOT NULL, org_id TEXT NOT NULL, key_id TEXT NOT NULL REFERENCES keys(id), requester_id TEXT NOT NULL, token_id TEXT, kind TEXT NOT NULL, body BLOB NOT NULL, body_hash BLOB NOT NULL, proof BLOB NOT NULL, external_id TEXT, status TEXT NOT NULL, reason TEXT, r BLOB, s BLOB, recid BIGINT, date_requested BIGINT NOT NULL, date_signed BIGINT);
INSERT INTO signatures VALUES('sig-01k9h-x3v7q-8m2c4d6e8f0g1h2j','or-01k9h-x3v7q-8m2c4d6e8f0g1h2j','key-01k9h-x3v7q-8m2c4d6e8f0g1h2j','us-01k9h-x3v7q-8m2c4d6e8f0g1h2j',NULL,'Hash',X'7b7d',X'0000000000000000000000000000000000000000000000000000000000000000',X'01','first','Executing',NULL,NULL,NULL,NULL,1763600000001,NULL);
CREATE TABLE jobs ( id INTEGER PRIMARY KEY NOT NULL, store_id TEXT NOT NULL, state SMALLINT NOT NULL, attempts SMALLINT NOT NULL, owner TEXT, lease_until BIGINT, created_at BIGINT NOT NULL, subject SMALLINT NOT NULL, subject_id TEXT NOT NULL, op BLOB NOT NULL);
INSERT INTO jobs VALUES(1849260000000000001,'store-01k9h-x3v7q-8m2c4d6e8f0g1h2j',0,0,NULL,NULL,1763600000001,2,'sig-01k9h-x3v7q-8m2c4d6e8f0g1h2j',X'01');
CREATE INDEX key_stores_org ON key_stores (org_id, id);
CREATE INDEX credentials_identity ON credentials (identity_id, id);
CREATE INDEX keys_org ON keys (org_id, id);
CREATE INDEX signatures_key ON signatures (key_id, id);
CREATE UNIQUE INDEX signatures_external ON signatures (org_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX jobs_ready ON jobs (store_id, id) WHERE state = 0;
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 1;
