/* SPDX-License-Identifier: Apache-2.0
 * Migration 7: webhooks, and their events with the state of their delivery. For migrations.c.
 *
 * webhooks.secret is sealed by a key of the server's secret file. webhook_events.next_attempt: when
 * it is due; NULL: delivered, or given up. */
#ifndef HF_SERVER_STORE_MIGRATIONS_WEBHOOKS_H
#define HF_SERVER_STORE_MIGRATIONS_WEBHOOKS_H

// clang-format off
#define WEBHOOKS(TEXT, BYTES, CLUSTERED) \
	"CREATE TABLE webhooks (" \
	" id " TEXT " PRIMARY KEY NOT NULL, org_id " TEXT " NOT NULL REFERENCES orgs(id)," \
	" url " TEXT " NOT NULL, events " TEXT " NOT NULL, status " TEXT " NOT NULL," \
	" description " TEXT ", secret " BYTES " NOT NULL, created_at BIGINT NOT NULL," \
	" updated_at BIGINT NOT NULL)" CLUSTERED ";" \
	"CREATE INDEX webhooks_org ON webhooks (org_id, status, id);" \
	\
	"CREATE TABLE webhook_events (" \
	" id " TEXT " PRIMARY KEY NOT NULL, webhook_id " TEXT " NOT NULL, org_id " TEXT " NOT NULL," \
	" kind " TEXT " NOT NULL, data " BYTES " NOT NULL, happened_at BIGINT NOT NULL," \
	" attempt BIGINT NOT NULL, retry_of " TEXT ", status " TEXT ", sent_at BIGINT," \
	" failed BIGINT NOT NULL DEFAULT 0, error " TEXT ", next_attempt BIGINT);" \
	"CREATE INDEX webhook_events_list ON webhook_events (webhook_id, id);" \
	"CREATE INDEX webhook_events_due ON webhook_events (next_attempt) WHERE next_attempt IS NOT NULL;" \
	"CREATE INDEX webhook_events_age ON webhook_events (happened_at)"
// clang-format on

#endif
