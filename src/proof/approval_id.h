/* SPDX-License-Identifier: Apache-2.0
 * An approval's id is derived from what is to be approved: the commitment of the user action that
 * asked for it. An approver who signs POST /v2/policy-approvals/ap-…/decisions therefore signs that
 * very request, and no other has that id: all 26 digits are the first 130 bits of
 *   SHA-256(field(APPROVAL_ID_LABEL) || commitment)
 * Such ids are not ordered by time. Any thread. */
#ifndef HF_PROOF_APPROVAL_ID_H
#define HF_PROOF_APPROVAL_ID_H

#include "base/buf.h"
#include "base/id.h"

#define APPROVAL_ID_PREFIX "ap"
#define APPROVAL_ID_LABEL "holdfast approval 1"

/* `commitment`: its encoded bytes (proof/action.h). */
HF_MUST hf_status approval_id_of(struct hf_span commitment, char ret[HF_ID_MAX]);

#endif
