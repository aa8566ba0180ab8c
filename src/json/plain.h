/* SPDX-License-Identifier: Apache-2.0
 * Most documents are plain: objects and arrays of texts of ASCII without escapes, whole numbers of
 * up to 18 digits, true, false and null. Those are read here, ten times as fast as by jansson,
 * which handles each byte several times: a kilobyte in base64 takes it as long as encrypting takes
 * an HSM.
 *
 * At anything else, be it valid or not, this gives up, and json_parse() asks jansson. So nothing is
 * valid by this that is not by jansson, with the same tree; fuzz_json holds us to it. */
#ifndef HF_JSON_PLAIN_H
#define HF_JSON_PLAIN_H

#include "base/buf.h"

struct json_t;

/* The document, or NULL: not plain, nested deeper than JSON_DEPTH_MAX, or out of memory. */
struct json_t *json_plain(struct hf_span text);

#endif
