/* SPDX-License-Identifier: Apache-2.0
 * A user's devices, changed by himself: an administrator who could would need nobody's second
 * factor. */
#include "server/crypto_api/people/factor.h"

#include "server/core/access/quorum_factors.h"
#include "server/crypto_api/people/users.h"
#include "server/store/code_rows.h"
#include "server/store/member_rows.h"
#include "server/store/session_rows.h"

#include <string.h>

struct new_device {
	const char *name;
	struct json_t *result;
};
struct renaming {
	const char *old_name, *new_name;
};

#define NAME_FIELD(name, type, member)                                                             \
	{                                                                                          \
		name, JSON_READ_TEXT, offsetof(struct type, member), true, false, 1,               \
		        MFA_NAME_MAX - 1                                                           \
	}

static hf_status no_device(struct crypto_call *c, const char *name)
{
	return hf_fail(&c->err, HF_NOTFOUND, "you have no device \"%s\"", name);
}

static hf_status check_object(struct crypto_call *c, const struct json_t *value, const char *list)
{
	if (!json_value_is(value, JSON_READ_OBJECT))
		return hf_fail(&c->err, HF_INVALID, "%s: expected objects", list);
	return HF_SUCCESS;
}

static hf_status check_name(struct crypto_call *c, const char *name)
{
	if (strlen(name) >= MFA_NAME_MAX || strpbrk(name, "\r\n") ||
	    strspn(name, " ") == strlen(name))
		return hf_fail(&c->err, HF_INVALID, "a device's name is one line of up to %d bytes",
		               MFA_NAME_MAX - 1);
	return HF_SUCCESS;
}

/* ---- out */

static hf_status remove_one(struct crypto_call *c, struct db *db, const struct json_t *value)
{
	const struct json_field fields[] = { { "name", JSON_READ_TEXT, 0, true } };
	const char *name = NULL;
	hf_status s;

	HF_TRY(check_object(c, value, "del_mfa_devices"));
	HF_TRY(json_read(value, fields, HF_COUNT(fields), &name, &c->err));
	s = mfa_device_row_delete(db, c->who->identity_id, name);
	return s.code == HF_NOTFOUND ? no_device(c, name) : s;
}

/* Who has none any longer has no second factor: his codes, too, stood for one. */
static hf_status check_left(struct crypto_call *c, struct db *db)
{
	int64_t left;

	HF_TRY(mfa_device_rows_count(db, c->who->identity_id, &left));
	if (left)
		return HF_SUCCESS;
	HF_TRY(quorum_factors_unused(db, c->who->org_id, c->who->identity_id, &c->err));
	return factor_clear(db, c->who->identity_id);
}

/* ---- another name */

static hf_status rename_one(struct crypto_call *c, struct db *db, const struct json_t *value)
{
	static const struct json_field fields[] = {
		NAME_FIELD("old_name", renaming, old_name),
		NAME_FIELD("new_name", renaming, new_name),
	};
	struct renaming in = { 0 };
	hf_status s;

	HF_TRY(check_object(c, value, "rename_mfa_devices"));
	HF_TRY(json_read(value, fields, HF_COUNT(fields), &in, &c->err));
	HF_TRY(check_name(c, in.new_name));
	s = mfa_device_row_rename(db, c->who->identity_id, in.old_name, in.new_name);
	if (s.code == HF_EXISTS)
		return hf_fail(&c->err, HF_EXISTS, "you have a device \"%s\" already", in.new_name);
	return s.code == HF_NOTFOUND ? no_device(c, in.old_name) : s;
}

/* ---- in */

static hf_status add_with(struct crypto_call *c, struct db *db, const struct session_row *session,
                          const struct new_device *in)
{
	HF_CLEANUP(factor_proof_done) struct factor_proof proof = { 0 };
	char challenge[MFA_CHALLENGE_MAX];
	const struct factor_device device = { .identity_id = c->who->identity_id,
		                              .name = in->name,
		                              .proof = &proof,
		                              .challenge = challenge };
	hf_status s;

	HF_TRY(factor_proof_read(in->result, true, &proof, &c->err));
	s = factor_challenge_take(db, c->who->identity_id, FACTOR_REGISTER, session->id, c->now_ms,
	                          challenge);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_DENIED,
		               "there is no challenge for a new device, or no longer: ask for one "
		               "(POST /sys/v1/session/config_2fa/new_challenge)");
	HF_TRY(s);
	return factor_device_add(db, &c->api->party.is, &device, c->now_ms, &c->err);
}

static hf_status add_one(struct crypto_call *c, struct db *db, const struct session_row *session,
                         const struct json_t *value)
{
	static const struct json_field fields[] = {
		NAME_FIELD("name", new_device, name),
		{ "attestationResult", JSON_READ_OBJECT, offsetof(struct new_device, result),
		  true },
	};
	struct new_device in = { 0 };

	HF_TRY(check_object(c, value, "add_mfa_devices"));
	HF_TRY(json_read(value, fields, HF_COUNT(fields), &in, &c->err));
	HF_TRY(check_name(c, in.name));
	return add_with(c, db, session, &in);
}

static hf_status change_each(struct crypto_call *c, struct db *db, const struct user_edit *e,
                             const struct session_row *session)
{
	if (json_count(e->add_devices) > 1)
		return hf_fail(&c->err, HF_INVALID, "add_mfa_devices: one at a time");
	for (size_t i = 0; i < json_count(e->add_devices); i++)
		HF_TRY(add_one(c, db, session, json_element(e->add_devices, i)));
	for (size_t i = 0; i < json_count(e->rename_devices); i++)
		HF_TRY(rename_one(c, db, json_element(e->rename_devices, i)));
	for (size_t i = 0; i < json_count(e->del_devices); i++)
		HF_TRY(remove_one(c, db, json_element(e->del_devices, i)));
	return json_count(e->del_devices) ? check_left(c, db) : HF_SUCCESS;
}

hf_status factor_devices_change(struct crypto_call *c, struct db *db, const struct user_edit *e,
                                const char *identity_id)
{
	struct session_row session;
	struct hf_span hash = HF_SPAN(session.hash, sizeof(session.hash));

	if (strcmp(identity_id, c->who->identity_id) != 0)
		return hf_fail(&c->err, HF_DENIED,
		               "everybody changes his own devices: one who has lost all of them "
		               "uses a recovery code; who has none left, holdfast server "
		               "clear-second-factor helps, on the server's host");
	HF_TRY(password_row_hold(db, identity_id, 0)); /* no session begins meanwhile */
	HF_TRY(factor_unlocked(c, db, &session));
	HF_TRY(change_each(c, db, e, &session));
	HF_TRY(session_row_factor(db, hash, c->now_ms));
	return session_rows_delete_others(db, identity_id, hash);
}
