/* SPDX-License-Identifier: Apache-2.0
 * Migration 6: policies, approvals and their decisions, change requests, and what went out of each
 * key (for limits over time). For migrations.c.
 *
 * approvals.id commits to the user action that asked (proof/approval_id.h), so it is not ordered by
 * time: `seq` is. approvals.approval_groups: who has to approve, as the policies said when it was
 * made. outflows.amount: 32 bytes, big-endian, of `symbol`; NULL: it could not be read.
 * policy_versions: a new one with every change of an organisation's policies, so that a server sees
 * by one row whether it knows them (core/policies/policy_set.h). */
#ifndef HF_SERVER_STORE_MIGRATIONS_POLICIES_H
#define HF_SERVER_STORE_MIGRATIONS_POLICIES_H

// clang-format off
#define POLICIES(TEXT, BYTES, CLUSTERED) \
	"CREATE TABLE policies (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" name " TEXT " NOT NULL, activity_kind " TEXT " NOT NULL, rule " TEXT " NOT NULL," \
	" action " TEXT " NOT NULL, filters " TEXT ", status " TEXT " NOT NULL," \
	" created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)" CLUSTERED ";" \
	"CREATE INDEX policies_org ON policies (org_id, id);" \
	\
	"CREATE TABLE approvals (" \
	" id " TEXT " PRIMARY KEY NOT NULL, seq " TEXT " NOT NULL UNIQUE, org_id " TEXT " NOT NULL," \
	" activity_kind " TEXT " NOT NULL, subject_id " TEXT " NOT NULL, initiator_id " TEXT " NOT NULL," \
	" status " TEXT " NOT NULL, expires_at BIGINT, evaluations " TEXT " NOT NULL," \
	" approval_groups " TEXT " NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL," \
	" resolved_at BIGINT)" CLUSTERED ";" \
	"CREATE INDEX approvals_org ON approvals (org_id, seq);" \
	"CREATE INDEX approvals_expiry ON approvals (expires_at) WHERE status = 'Pending';" \
	\
	"CREATE TABLE approval_decisions (" \
	" approval_id " TEXT " NOT NULL REFERENCES approvals(id), identity_id " TEXT " NOT NULL," \
	" value " TEXT " NOT NULL, reason " TEXT ", decided_at BIGINT NOT NULL," \
	" proof " BYTES " NOT NULL, body " BYTES " NOT NULL," \
	" PRIMARY KEY (approval_id, identity_id));" \
	\
	"CREATE TABLE change_requests (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL, kind " TEXT " NOT NULL," \
	" operation_kind " TEXT " NOT NULL, status " TEXT " NOT NULL, requester_id " TEXT " NOT NULL," \
	" token_id " TEXT ", entity_id " TEXT " NOT NULL, filter_id " TEXT ", approval_id " TEXT "," \
	" body " TEXT " NOT NULL, reason " TEXT ", created_at BIGINT NOT NULL, resolved_at BIGINT)" CLUSTERED ";" \
	"CREATE INDEX change_requests_entity ON change_requests (entity_id, status);" \
	"CREATE UNIQUE INDEX change_requests_pending ON change_requests (org_id, entity_id)" \
	" WHERE status = 'Pending';" \
	\
	"CREATE TABLE outflows (" \
	" key_id " TEXT " NOT NULL, happened_at BIGINT NOT NULL, signature_id " TEXT " NOT NULL," \
	" symbol " TEXT ", amount " BYTES "," \
	" PRIMARY KEY (key_id, happened_at, signature_id))" CLUSTERED ";" \
	"CREATE INDEX outflows_signature ON outflows (signature_id);" \
	\
	"CREATE TABLE policy_versions (" \
	" org_id " TEXT " PRIMARY KEY NOT NULL, version " TEXT " NOT NULL)" CLUSTERED
// clang-format on

#endif
