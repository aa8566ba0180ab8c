/* SPDX-License-Identifier: Apache-2.0
 * UUIDs (RFC 9562) in their text form: lower-case, hyphenated. Those made here are version 7,
 * ordered by time as base/id.h's ids are. The 128 bits of an id are a UUID too, so that one
 * identity has one name in both forms. Any thread. */
#ifndef HF_BASE_UUID_H
#define HF_BASE_UUID_H

#include "base/id.h"

#define HF_UUID_MAX 37 /* with the NUL */

void hf_uuid_new(char to[HF_UUID_MAX]);
/* The text form and nothing else. */
bool hf_uuid_valid(const char *uuid);
/* "us-01k9h-x3v7q-8m2c4d6e8f0g1h2j" as a UUID. HF_INVALID: it is no id. */
HF_MUST hf_status hf_uuid_of_id(const char *id, char to[HF_UUID_MAX]);
/* And back. HF_INVALID: it is no UUID. */
HF_MUST hf_status hf_id_of_uuid(const char *prefix, const char *uuid, char to[HF_ID_MAX]);

#endif
