/* SPDX-License-Identifier: Apache-2.0
 * The handlers of the routes, by resource, and the readers of their bodies. */
#ifndef HF_SERVER_SIGNING_API_HANDLERS_H
#define HF_SERVER_SIGNING_API_HANDLERS_H

#include "server/signing_api/call.h"

/* auth.c */
void handle_action_init(struct http_request *req, void *api);
void handle_action(struct http_request *req, void *api);
/* key_stores.c */
void handle_list_key_stores(struct http_request *req, void *api);
/* keys.c */
void handle_create_key(struct http_request *req, void *api);
void handle_list_keys(struct http_request *req, void *api);
void handle_get_key(struct http_request *req, void *api);
void handle_update_key(struct http_request *req, void *api);
void handle_delete_key(struct http_request *req, void *api);
/* signatures.c */
void handle_create_signature(struct http_request *req, void *api);
void handle_list_signatures(struct http_request *req, void *api);
void handle_get_signature(struct http_request *req, void *api);

#endif
