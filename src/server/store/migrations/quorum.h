/* SPDX-License-Identifier: Apache-2.0
 * Requests that a group's quorum has to approve, and who has. For migrations.c.
 *
 * quorum_requests.body and result are sealed by a key of the server's secret file, bound to the
 * row's id. policy: the group's as it was when this was asked. running_at: since when it is carried
 * out; NULL: not begun. result_status: HTTP's; NULL: none yet. */
#ifndef HF_SERVER_STORE_MIGRATIONS_QUORUM_H
#define HF_SERVER_STORE_MIGRATIONS_QUORUM_H

// clang-format off
#define QUORUM(TEXT, BYTES, CLUSTERED) \
	"CREATE TABLE quorum_requests (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" group_id " TEXT " NOT NULL, object_id " TEXT ", requester " TEXT " NOT NULL," \
	" by_app BIGINT NOT NULL, method " TEXT " NOT NULL, operation " TEXT " NOT NULL," \
	" body " BYTES ", description " TEXT ", policy " TEXT " NOT NULL," \
	" status " TEXT " NOT NULL, denier " TEXT ", reason " TEXT ", created_at BIGINT NOT NULL," \
	" expires_at BIGINT NOT NULL, running_at BIGINT, result_status BIGINT, result " BYTES "," \
	" viewed BIGINT NOT NULL DEFAULT 0);" \
	"CREATE INDEX quorum_requests_org ON quorum_requests (org_id, id);" \
	"CREATE INDEX quorum_requests_expiry ON quorum_requests (expires_at);" \
	\
	"CREATE TABLE quorum_decisions (" \
	" request_id " TEXT " NOT NULL, identity_id " TEXT " NOT NULL, by_app BIGINT NOT NULL," \
	" decided_at BIGINT NOT NULL, PRIMARY KEY (request_id, identity_id))" CLUSTERED
// clang-format on

#endif
