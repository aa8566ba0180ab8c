/* SPDX-License-Identifier: Apache-2.0
 * Apps that are proved by a certificate of an authority (`trustedca` of a credential): the
 * authorities, and the names of which the certificate must have one. Thread-safe. */
#ifndef HF_SERVER_CORE_ACCESS_TRUSTED_CA_H
#define HF_SERVER_CORE_ACCESS_TRUSTED_CA_H

#include "json/read.h"

/* Is this a way to trust? *ret_until_s: when the last of its authorities expires. HF_INVALID,
 * HF_UNSUPPORTED with words. */
HF_MUST hf_status trusted_ca_check(const struct json_t *ca, int64_t *ret_until_s,
                                   struct hf_err *err);
/* `shown`: crypto/tls.h's tls_peer_shown(). HF_UNAUTHENTIC with words. */
HF_MUST hf_status trusted_ca_accepts(const struct json_t *ca, struct hf_span shown, int64_t now_ms,
                                     struct hf_err *err);

#endif
