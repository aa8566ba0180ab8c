/* SPDX-License-Identifier: Apache-2.0
 * Every reader of a request body of the Signing API. A body that is taken fits what comes after it.
 */
#include "fuzz.h"

#include "crypto/key_type.h"
#include "proof/payload.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/keys/wallet_bodies.h"
#include "server/store/signature_rows.h"

#include <string.h>

static void read_all(const struct json_t *doc)
{
	struct create_key_body create;
	struct update_key_body update;
	struct signature_body signature;
	struct create_wallet_body wallet;
	struct update_wallet_body change;
	struct tags_body tags;
	struct action_init_body init;
	struct hf_err err;

	if (hf_ok(read_create_key(doc, &create, &err)))
		FUZZ_CHECK(key_type_info(create.type) && create.name && create.store_id);
	hf_ignore(read_update_key(doc, &update, &err));
	hf_ignore(read_empty(doc, &err));
	if (hf_ok(read_signature(doc, &signature, &err)))
		FUZZ_CHECK(signature.external_id &&
		           strlen(signature.external_id) < EXTERNAL_ID_MAX);
	if (hf_ok(read_create_wallet(doc, &wallet, &err)))
		FUZZ_CHECK(wallet.network && wallet.name && wallet.external_id && wallet.store_id &&
		           wallet.key_id && wallet.tags.n <= WALLET_TAGS_MAX);
	if (hf_ok(read_update_wallet(doc, &change, &err)))
		FUZZ_CHECK(change.set_name || !change.name);
	if (hf_ok(read_tags(doc, &tags, &err)))
		FUZZ_CHECK(tags.n <= WALLET_TAGS_MAX);
	if (hf_ok(read_action_init(doc, &init, &err)))
		FUZZ_CHECK(init.payload && init.method && init.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct payload_hash hash;
	struct hf_err err;

	if (!hf_ok(payload_parse(HF_SPAN(data, size), PAYLOAD_MAX, &doc, &err)))
		return 0;
	FUZZ_CHECK(hf_ok(payload_hash(doc, &hash)));
	read_all(doc);
	return 0;
}
