/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/groups/groups.h"
#include "server/crypto_api/objects/print.h"
#include "server/slot_links.h"

#include <string.h>

static const char *state_name(enum link_state state)
{
	switch (state) {
	case LINK_UNKNOWN:
		return "Unknown";
	case LINK_CONNECTED:
		return "Connected";
	case LINK_NOT_CONNECTED:
		return "NotConnected";
	}
	return "Unknown";
}

static void print_token(struct json_writer *w, const struct group_link *l,
                        const struct link_view *view)
{
	if (!view->known && !*l->serial)
		return;
	json_open_object(w, "token");
	json_text(w, "serial", view->known ? view->serial : l->serial);
	json_text(w, "label", view->known ? view->label : l->label);
	if (view->known) {
		json_text(w, "manufacturer", view->manufacturer);
		json_text(w, "model", view->model);
		json_text(w, "library", view->library);
		json_int(w, "slot", (int64_t)view->slot);
	}
	json_close_object(w);
}

static void print_link(struct json_writer *w, const struct core *core, const struct group_link *l)
{
	struct link_view view = { .state = LINK_UNKNOWN };

	if (core->slots)
		slot_links_view(core->slots->links, l->id, &view);
	json_open_object(w, l->id);
	json_text(w, "kind", link_kind_official(l->kind));
	json_text(w, "url", l->url);
	json_int(w, "slot", (int64_t)l->slot);
	json_raw(w, "tls", hf_span_text(l->tls));
	json_int(w, "hsm_order", l->order);
	json_open_object(w, "connection");
	json_text(w, "kind", link_kind_shown(l->kind));
	json_text(w, "state", state_name(view.state));
	json_text_if(w, "message", view.message);
	json_bool(w, "has_pin", l->has_pin);
	print_token(w, l, &view);
	json_close_object(w);
	json_close_object(w);
}

static void print_links(struct json_writer *w, const struct core *core, const struct group *g)
{
	if (!g->n_links)
		return;
	json_open_object(w, "hmg");
	for (size_t i = 0; i < g->n_links; i++)
		print_link(w, core, &g->links[i]);
	json_close_object(w);
	if (g->by_priority)
		json_text(w, "hmg_redundancy", "PriorityFailover");
}

static void print_json(struct json_writer *w, const char *key, const char *json)
{
	if (json)
		json_raw(w, key, hf_span_text(json));
}

void group_print(struct json_writer *w, const struct core *core, const struct group *g)
{
	json_open_object(w, NULL);
	print_uuid(w, "acct_id", g->org_id);
	json_text(w, "group_id", g->id);
	json_text(w, "name", g->name);
	json_text_if(w, "description", g->description);
	json_basic_date(w, "created_at", g->created_ms);
	print_principal(w, "creator", g->created_by);
	json_open_object(w, "client_configurations");
	json_close_object(w);
	print_json(w, "custom_metadata", g->custom_metadata);
	print_json(w, "approval_policy", g->approval_policy);
	print_json(w, "cryptographic_policy", g->cryptographic_policy);
	print_json(w, "key_history_policy", g->key_history_policy);
	print_links(w, core, g);
	if (!*g->store_id) {
		json_bool(w, "hmg_segregation", g->segregation);
		json_bool(w, "hmg_sync", g->apply_to_hsm);
	}
	json_text_if(w, "key_store", g->store_id);
	json_close_object(w);
}
