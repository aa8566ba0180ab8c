/* SPDX-License-Identifier: Apache-2.0
 * What login_bodies.c and credential_bodies.c share. For these two only. */
#ifndef HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_FIELDS_H
#define HF_SERVER_SIGNING_API_PEOPLE_PEOPLE_FIELDS_H

#include "server/signing_api/people/login_bodies.h"

#define SHORT_MAX 64 /* kinds, codes, ids */
#define BASE64_MAX(bytes) (4 * ((bytes) + 2) / 3 + 4)

#define TEXT(owner, name, member, needed, min, max)                                                \
	{                                                                                          \
		name, JSON_READ_TEXT, offsetof(owner, member), needed, false, min, max             \
	}

/* A member that names a kind of credential: passwords are HF_UNSUPPORTED, with words. */
HF_MUST hf_status refuse_old_kinds(const struct json_t *object, const char *member,
                                   struct hf_err *err);
HF_MUST hf_status read_factor(const struct json_t *from, size_t client_data_max,
                              struct factor_body *ret, struct hf_err *err);

#endif
