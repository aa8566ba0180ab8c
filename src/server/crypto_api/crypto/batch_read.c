/* SPDX-License-Identifier: Apache-2.0
 * Reading a batch: each of its requests is read by itself, and fails by itself. */
#include "server/crypto_api/crypto/batch.h"

#include "base/uuid.h"

#include <string.h>

/* {"kid", "request"} of encrypt and decrypt, a plain request of sign and verify. */
static hf_status split_item(const struct json_t *in, bool enveloped, const char **ret_kid,
                            const struct json_t **ret_body, struct hf_err *err)
{
	struct in {
		const char *kid;
		struct json_t *request;
	} item = { 0 };
	static const struct json_field fields[] = {
		{ "kid", JSON_READ_TEXT, offsetof(struct in, kid), true, false, 1, HF_UUID_MAX },
		{ "request", JSON_READ_OBJECT, offsetof(struct in, request), true, false, 0, 0 },
	};

	*ret_kid = NULL;
	*ret_body = in;
	if (!enveloped)
		return HF_SUCCESS;
	HF_TRY(json_read(in, fields, HF_COUNT(fields), &item, err));
	if (json_value_is(json_member(item.request, "key"), JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID,
		               "field \"key\": the item's \"kid\" names the key already");
	*ret_kid = item.kid;
	*ret_body = item.request;
	return HF_SUCCESS;
}

static hf_status name_key(struct batch_item *item, struct hf_err *err)
{
	const struct json_t *key = item->work.key;

	if (!item->kid) {
		item->kid = json_member_text(key, "kid");
		item->name = json_member_text(key, "name");
	}
	if (json_member(key, "transient_key") || json_member(key, "inline"))
		return hf_fail(err, HF_UNSUPPORTED,
		               "in a batch keys are named by kid or name: use a transient key in "
		               "calls of its own");
	if (!item->kid == !item->name)
		return hf_fail(err, HF_INVALID,
		               "a key is named by {\"kid\": …} or by {\"name\": …}, one of the "
		               "two");
	if (item->kid ? !hf_uuid_valid(item->kid)
	              : !*item->name || strlen(item->name) >= OBJECT_NAME_MAX)
		return hf_fail(err, HF_NOTFOUND, OBJECT_NOT_HERE_TEXT);
	return HF_SUCCESS;
}

static hf_status read_item(struct batch *b, struct batch_item *item, const struct json_t *in,
                           bool enveloped, struct hf_err *err)
{
	const struct json_t *body;

	HF_TRY(split_item(in, enveloped, &item->kid, &body, err));
	HF_TRY(b->work->read(body, &b->bytes, &item->work, err));
	return name_key(item, err);
}

hf_status batch_read(struct crypto_call *c, const struct work *work, bool enveloped,
                     struct hf_err *err)
{
	struct batch *b = (struct batch *)c;
	size_t n = json_count(c->body);

	if (!json_value_is(c->body, JSON_READ_ARRAY) || !n || n > BATCH_MAX)
		return hf_fail(err, n > BATCH_MAX ? HF_TOOBIG : HF_INVALID,
		               "expected an array of 1 to %d requests", BATCH_MAX);
	b->work = work;
	b->n = n;
	b->items = calloc(n, sizeof(*b->items));
	b->ops = calloc(n, sizeof(*b->ops));
	b->order = calloc(n, sizeof(*b->order));
	b->parts = calloc(n, sizeof(*b->parts));
	HF_ENSURE(b->items && b->ops && b->order && b->parts, HF_NOMEM);
	HF_TRY(body_reserve(c->body, &b->bytes));
	for (size_t i = 0; i < n; i++) {
		struct hf_err fault = { 0 };
		hf_status s =
		        read_item(b, &b->items[i], json_element(c->body, i), enveloped, &fault);

		HF_ENSURE(s.code != HF_NOMEM, HF_NOMEM);
		if (!hf_ok(s))
			batch_item_fail(&b->items[i], s, &fault);
	}
	return HF_SUCCESS;
}
