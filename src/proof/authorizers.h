/* SPDX-License-Identifier: Apache-2.0
 * The operator's own word on who may have what signed: a file beside the HSM, which no server can
 * change. JSON, read strictly:
 *
 *   { "version": 1,
 *     "organization": "or-…",
 *     "maxAge": 900,                 how old the proof of a request may be, in seconds
 *     "maxAgeWithApprovals": 86400,  the same where a rule asks for approvals
 *     "credentials": [ { "id": "…", "identity": "us-…", "kind": "Key",
 *                        "publicKey": "-----BEGIN PUBLIC KEY-----…", "name": "for people" } ],
 *     "rules": [ { "name": "treasury", "keys": ["key-…"], "initiators": ["us-…"],
 *                  "approvals": [ { "approvers": ["us-…", "us-…"], "quorum": 2 } ],
 *                  "maxAge": 3600 } ],
 *     "auditKeys": ["key-…"] }
 *
 * "keys" and "initiators" are lists or "*", which stands for every key, and for every identity that
 * has a credential here. Credentials of kind Fido2 have "rpId" and "origins" besides, and may have
 * "verifyUser": true, when a PIN or finger has to have been asked for.
 *
 * How rules combine: closed by default, and all that match must hold. A key that no rule names is
 * not signed with. For a key that several rules name (a "*" names every key) each of them has to
 * hold: the identity that asked is among its initiators, and in each of its groups at least
 * `quorum` different approvers have approved this very request. Who asked never counts as an
 * approver; one approver counts in every group that lists him. The proof may be as old as the
 * smallest "maxAge" of those rules that have one; if none has, as the file's "maxAge", or, when one
 * of them asks for approvals, its "maxAgeWithApprovals".
 *
 * Checkpoints of the organisation's audit log (proof/checkpoint.h) are signed without anybody's
 * asking, by the keys in "auditKeys": a list, whose keys then sign nothing else, or "*", by which
 * every key may sign them besides what rules allow it. Without it, none is signed.
 *
 * Immutable: any thread. */
#ifndef HF_PROOF_AUTHORIZERS_H
#define HF_PROOF_AUTHORIZERS_H

#include "proof/action.h"
#include "proof/client_data.h"

#define AUTHORIZERS_FILE_MAX (1u << 20)
#define AUTHORIZERS_CREDENTIALS_MAX 4096
#define AUTHORIZERS_RULES_MAX 256
#define AUTHORIZERS_LIST_MAX 1024 /* keys, initiators, approvers of one rule */
#define AUTHORIZERS_GROUPS_MAX 16
#define AUTHORIZERS_AGE_MAX_S (30 * 86400)
#define AUTHORIZERS_AGE_S 900
#define AUTHORIZERS_AGE_APPROVED_S 86400

struct authorizer {
	const char *identity; /* "us-…" */
	const char *name;     /* for people; "" */
	struct action_verifier verifier;
	struct relying_party party; /* kind Fido2 */
	const char **origins;       /* the party's */
};

/* Texts of a list, in byte order. */
struct authorizers_list {
	bool all; /* "*" */
	const char **texts;
	size_t n;
};

struct authorizers_group {
	struct authorizers_list approvers;
	unsigned quorum;
};

struct authorizers_rule {
	const char *name;
	struct authorizers_list keys, initiators;
	struct authorizers_group *groups;
	size_t n_groups;
	int64_t max_age_s; /* 0: it says nothing on that */
};

struct authorizers {
	const char *organization;
	int64_t max_age_s, max_age_approved_s;
	struct authorizer *credentials; /* in the order of their ids */
	size_t n_credentials;
	struct authorizers_rule *rules;
	size_t n_rules;
	struct authorizers_list audit_keys;
	struct json_t *doc; /* what the texts point into */
};

/* HF_TOOBIG, HF_INVALID, HF_UNSUPPORTED with words that name the place. The caller owns *ret. */
HF_MUST hf_status authorizers_parse(struct hf_span text, struct authorizers **ret,
                                    struct hf_err *err);
void authorizers_free(struct authorizers *a);
HF_DEFINE_CLEANUP(authorizers_free, struct authorizers *)
#define AUTHORIZERS_SCOPED HF_CLEANUP(authorizers_free_at)

/* NULL: not in the file. */
const struct authorizer *authorizers_find(const struct authorizers *a, const char *credential_id);
bool authorizers_lists(const struct authorizers_list *list, const char *text);
/* How old a proof over a request on this key may be, in seconds; 0: no rule names the key. */
int64_t authorizers_age_s(const struct authorizers *a, const char *key_id);
/* The oldest that a proof may be over any key. */
int64_t authorizers_age_most_s(const struct authorizers *a);

#endif
