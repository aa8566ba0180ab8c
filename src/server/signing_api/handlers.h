/* SPDX-License-Identifier: Apache-2.0
 * The operations of the routes (routes.c), by resource. */
#ifndef HF_SERVER_SIGNING_API_HANDLERS_H
#define HF_SERVER_SIGNING_API_HANDLERS_H

#include "server/signing_api/call.h"

/* auth.c */
extern const struct operation api_action_init;
extern const struct operation api_action;
/* key_stores.c */
extern const struct operation api_list_key_stores;
/* keys.c */
extern const struct operation api_create_key;
extern const struct operation api_list_keys;
extern const struct operation api_get_key;
extern const struct operation api_update_key;
extern const struct operation api_delete_key;
/* signatures.c */
extern const struct operation api_create_signature;
extern const struct operation api_list_signatures;
extern const struct operation api_get_signature;
/* webhooks.c */
extern const struct operation api_create_webhook;
extern const struct operation api_list_webhooks;
extern const struct operation api_get_webhook;
extern const struct operation api_update_webhook;
extern const struct operation api_delete_webhook;
extern const struct operation api_ping_webhook;
/* webhook_events.c */
extern const struct operation api_list_webhook_events;
extern const struct operation api_get_webhook_event;

#endif
