/* SPDX-License-Identifier: Apache-2.0
 * Names and nesting are WebAuthn's. The algorithm is the one that clients of the reference know. */
#include "server/crypto_api/people/factor.h"

#include "base/text.h"

#include <string.h>

#define COSE_ES256 (-7)

hf_status factor_protocol(const struct crypto_call *c, struct hf_err *err)
{
	const char *protocol = crypto_call_query(c, "protocol");

	if (protocol && strcasecmp(protocol, "fido2") != 0)
		return hf_fail(err, HF_UNSUPPORTED, FACTOR_NO_U2F_TEXT);
	if (!c->api->party.is.id)
		return hf_fail(err, HF_UNSUPPORTED,
		               "authenticators are not taken here: the server has to be started "
		               "with --rp-id and --origin");
	return HF_SUCCESS;
}

static hf_status print_descriptor(void *ctx, const struct mfa_device_row *row)
{
	struct json_writer *w = ctx;

	json_open_object(w, NULL);
	json_text(w, "type", "public-key");
	json_text(w, "id", row->credential_id);
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status print_descriptors(struct json_writer *w, const char *key,
                                   const struct crypto_call *c, struct db *db)
{
	json_open_array(w, key);
	HF_TRY(mfa_device_rows_list(db, c->who->identity_id, print_descriptor, w));
	json_close_array(w);
	return HF_SUCCESS;
}

static const char *verification(const struct crypto_call *c)
{
	return c->api->party.is.verify_user ? "required" : "preferred";
}

hf_status factor_print_request(struct json_writer *w, const char *key, const struct crypto_call *c,
                               struct db *db, const char *challenge)
{
	json_open_object(w, key);
	json_text(w, "challenge", challenge);
	json_int(w, "timeout", FACTOR_CHALLENGE_MS);
	json_text_if(w, "rpId", c->api->party.is.id);
	HF_TRY(print_descriptors(w, "allowCredentials", c, db));
	json_text(w, "userVerification", verification(c));
	json_close_object(w);
	return HF_SUCCESS;
}

static void print_user(struct json_writer *w, const struct crypto_call *c)
{
	HF_BUF_SCOPED struct hf_buf id = HF_BUF(128);

	hf_buf_base64url(&id, hf_span_text(c->who->identity_id));
	json_open_object(w, "user");
	json_span(w, "id", hf_buf_span(&id));
	json_text(w, "name", c->who->name);
	json_text(w, "displayName", c->who->name);
	json_close_object(w);
}

static void print_selection(struct json_writer *w, const struct crypto_call *c)
{
	json_open_object(w, "authenticatorSelection");
	json_text(w, "residentKey", "discouraged");
	json_bool(w, "requireResidentKey", false);
	json_text(w, "userVerification", verification(c));
	json_close_object(w);
}

hf_status factor_print_creation(struct json_writer *w, const struct crypto_call *c, struct db *db,
                                const char *challenge)
{
	json_open_object(w, NULL);
	json_open_object(w, "rp");
	json_text(w, "name", c->api->party.is.id);
	json_text(w, "id", c->api->party.is.id);
	json_close_object(w);
	print_user(w, c);
	json_text(w, "challenge", challenge);
	json_open_array(w, "pubKeyCredParams");
	json_open_object(w, NULL);
	json_text(w, "type", "public-key");
	json_int(w, "alg", COSE_ES256);
	json_close_object(w);
	json_close_array(w);
	json_int(w, "timeout", FACTOR_CHALLENGE_MS);
	HF_TRY(print_descriptors(w, "excludeCredentials", c, db));
	print_selection(w, c);
	json_text(w, "attestation", "none");
	json_close_object(w);
	return HF_SUCCESS;
}

struct devices {
	struct json_writer *w;
	bool any;
};

static hf_status print_device(void *ctx, const struct mfa_device_row *row)
{
	struct devices *d = ctx;

	d->any = true;
	json_open_object(d->w, NULL);
	json_text(d->w, "name", row->name);
	json_text(d->w, "type", "Fido2");
	json_text(d->w, "origin", row->origin);
	json_close_object(d->w);
	return HF_SUCCESS;
}

hf_status factor_print_devices(struct json_writer *w, const char *key, struct db *db,
                               const char *identity_id, bool *ret_any)
{
	struct devices d = { .w = w };

	json_open_array(w, key);
	HF_TRY(mfa_device_rows_list(db, identity_id, print_device, &d));
	json_close_array(w);
	*ret_any = d.any;
	return HF_SUCCESS;
}

hf_status factor_print_due(struct json_writer *w, const struct crypto_call *c, struct db *db,
                           const char *challenge)
{
	bool any;

	HF_TRY(factor_print_request(w, "fido2_assertion_options", c, db, challenge));
	json_open_array(w, "allowed_mfa_methods");
	json_open_object(w, NULL);
	json_open_object(w, "Fido2");
	HF_TRY(factor_print_request(w, "challenge", c, db, challenge));
	json_base64(w, "challenge_token", hf_span_text(challenge));
	HF_TRY(factor_print_devices(w, "mfa_devices", db, c->who->identity_id, &any));
	json_close_object(w);
	json_close_object(w);
	json_close_array(w);
	return HF_SUCCESS;
}
