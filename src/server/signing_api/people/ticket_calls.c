/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/ticket_calls.h"

#include "server/signing_api/people/people_print.h"

#include <string.h>

hf_status ticket_find_person(struct call *c, struct db *db, const char *org_id,
                             const char *username, const char *code, struct ticket *ticket,
                             struct identity_row *ret)
{
	struct identity_row person = { 0 };
	hf_status s;

	HF_TRY(person_is_said_to_be(c, db, org_id, username));
	s = person_find(db, org_id, username, &person);
	if (!hf_ok(s) && s.code != HF_NOTFOUND) /* nobody's code is refused as a wrong one is */
		return s;
	HF_TRY(person_code(c, db, &person, ticket->code_kind, code, false, ticket->code_hash));
	*ret = person;
	return HF_SUCCESS;
}

hf_status ticket_print_challenge(struct call *c, const struct identity_row *person,
                                 struct ticket *ticket, struct json_writer *w)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(TICKET_TEXT_MAX);
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);

	memcpy(ticket->org_id, person->org_id, sizeof(ticket->org_id));
	memcpy(ticket->identity_id, person->id, sizeof(ticket->identity_id));
	HF_TRY(ticket_put(&c->api->core->secrets.ticket_mac, ticket, c->now_ms, &text, &challenge));
	print_creation_challenge(
	        w, &(struct creation_challenge){
	                   .challenge = hf_buf_span(&challenge),
	                   .ticket = hf_buf_span(&text),
	                   .user_id = person->id,
	                   .username = person->name,
	                   .kind = ticket->credential_kind[0] ? ticket->credential_kind : NULL,
	                   .party = &c->api->party,
	           });
	json_open_array(w, "excludeCredentials");
	return HF_SUCCESS;
}

hf_status ticket_of_bearer(struct call *c, enum ticket_kind kind, const char *what,
                           struct ticket *ret, struct hf_buf *challenge, struct hf_err *err)
{
	hf_status s = ticket_open(&c->api->core->secrets.ticket_mac, kind, c->token, c->now_ms, ret,
	                          challenge, err);

	if (s.code == HF_INVALID)
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the temporary authentication token is missing, or not valid any "
		               "longer: begin the %s again",
		               what);
	return s;
}

hf_status ticket_redeem(struct call *c, struct db *db, const struct ticket *ticket,
                        struct identity_row *ret)
{
	struct identity_row person;
	hf_status s = identity_row_get(db, ticket->org_id, NULL, ticket->identity_id, &person);

	if (s.code == HF_NOTFOUND || (hf_ok(s) && !person.active))
		return hf_fail(&c->err, HF_UNAUTHENTIC, "User account has been deactivated.");
	HF_TRY(s);
	person_is(c, &person);
	HF_TRY(ticket_spend(db, ticket, &c->err));
	*ret = person;
	return HF_SUCCESS;
}

hf_status ticket_use_code(struct call *c, struct db *db, const struct ticket *ticket,
                          const char *what)
{
	struct code_row code = {
		.hash = HF_SPAN(ticket->code_hash, CODE_HASH_LEN),
		.kind = ticket->code_kind,
	};
	hf_status s;

	if (!ticket->code_kind[0])
		return HF_SUCCESS;
	memcpy(code.identity_id, ticket->identity_id, sizeof(code.identity_id));
	s = code_row_use(db, &code, c->now_ms);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_UNAUTHENTIC, "the %s was used, or has expired", what);
	return s;
}
