/* SPDX-License-Identifier: Apache-2.0
 * What making the master keys (master.c) and finding them (master_find.c) share. */
#ifndef HF_P11_MASTER_IMPL_H
#define HF_P11_MASTER_IMPL_H

#include "p11/master.h"

#define MASTER_LEN 32
#define MAC_SUFFIX "mac" /* of the MAC key's CKA_ID: see p11/master.h */

/* Two at most: more than one is wrong already. */
HF_MUST hf_status master_find_by_label(struct p11_session *s, const char *label,
                                       CK_OBJECT_HANDLE found[2], size_t *ret_n,
                                       struct hf_err *err);
/* The MAC key's label, of its master key's. */
void master_mac_label(const char *label, char to[MASTER_LABEL_MAX + 8]);
/* Whether the HSM can make an HMAC at all. */
bool master_makes_mac(struct p11_session *s);

#endif
