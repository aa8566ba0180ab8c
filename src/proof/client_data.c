/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/client_data.h"

#include "base/text.h"
#include "json/read.h"

#include <string.h>

struct client_data {
	const char *type, *challenge, *origin;
	bool cross_origin;
};

static hf_status read_data(struct hf_span bytes, size_t max, struct json_t **doc,
                           struct client_data *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "type", JSON_READ_TEXT, offsetof(struct client_data, type), true },
		{ "challenge", JSON_READ_TEXT, offsetof(struct client_data, challenge), true },
		{ "origin", JSON_READ_TEXT, offsetof(struct client_data, origin) },
		{ "crossOrigin", JSON_READ_BOOL, offsetof(struct client_data, cross_origin) },
	};

	HF_TRY(json_parse(bytes, max, doc, err));
	return json_read_some(*doc, fields, HF_COUNT(fields), ret, err);
}

static hf_status check_type(const struct client_data *data, const char *type, struct hf_err *err)
{
	if (strcmp(data->type, type) != 0)
		return hf_fail(err, HF_INVALID, "clientData: expected \"type\" to be \"%s\"", type);
	return HF_SUCCESS;
}

static hf_status wrong_challenge(struct hf_err *err)
{
	return hf_fail(err, HF_INVALID,
	               "clientData: \"challenge\" is not the one of this challengeIdentifier");
}

hf_status client_data_check(struct hf_span bytes, const char *type, struct hf_span challenge,
                            struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct client_data data = { 0 };

	HF_TRY(hf_context(err, read_data(bytes, CLIENT_DATA_MAX, &doc, &data, err), "clientData"));
	HF_TRY(check_type(&data, type, err));
	if (!hf_span_is(challenge, data.challenge))
		return wrong_challenge(err);
	return HF_SUCCESS;
}

static bool lists(const struct relying_party *party, const char *origin)
{
	for (size_t i = 0; origin && i < party->n_origins; i++)
		if (strcmp(party->origins[i], origin) == 0)
			return true;
	return false;
}

hf_status client_data_check_page(struct hf_span bytes, const char *type, struct hf_span challenge,
                                 const struct relying_party *party, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(CLIENT_DATA_MAX);
	JSON_SCOPED struct json_t *doc = NULL;
	struct client_data data = { 0 };

	HF_TRY(hf_context(err, read_data(bytes, CLIENT_DATA_MAX, &doc, &data, err), "clientData"));
	HF_TRY(check_type(&data, type, err));
	hf_buf_base64url(&encoded, challenge);
	HF_TRY(hf_buf_status(&encoded));
	if (!hf_span_is(challenge, data.challenge) &&
	    !hf_span_is(hf_buf_span(&encoded), data.challenge))
		return wrong_challenge(err);
	if (!lists(party, data.origin))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "clientData: the origin \"%.200s\" is not one of those that this "
		               "server takes",
		               data.origin ? data.origin : "");
	if (data.cross_origin)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "clientData: the page was shown inside of another origin's");
	return HF_SUCCESS;
}
