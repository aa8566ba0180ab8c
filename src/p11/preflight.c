/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/preflight.h"

#include "base/clock.h"
#include "p11/rv.h"
#include "p11/trial.h"

#include <stdio.h>
#include <string.h>

/* One mechanism that wraps on this token, and into what. */
struct found_wrap {
	CK_MECHANISM_TYPE mechanism;
	enum wrap_format format;
};

#define FOUND_MAX 8

struct preflight {
	struct trial trial;
	const struct preflight_config *config;
	struct preflight_report *report;
	struct p11_master master;
	struct found_wrap found[FOUND_MAX];
	size_t n_found;
};

HF_PRINTF(2, 3) static void tell(struct preflight *p, const char *fmt, ...)
{
	char line[320];
	va_list args;

	if (!p->config->progress)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	p->config->progress(p->config->ctx, line);
}

/* "No" is an answer; a token that is gone is not. */
static bool token_alive(struct preflight *p)
{
	CK_SESSION_INFO info = { 0 };

	return p->trial.s->fn->C_GetSessionInfo(p->trial.s->handle, &info) == CKR_OK;
}

static struct preflight_row *row_new(struct preflight *p, enum key_type type, int format,
                                     uint64_t mechanism, const struct p11_type_profile *t)
{
	static struct preflight_row
	        spare; /* never read: the rows suffice for all types and formats */
	struct preflight_report *r = p->report;
	struct preflight_row *row = r->n_rows < PREFLIGHT_ROWS_MAX ? &r->rows[r->n_rows++] : &spare;

	*row = (struct preflight_row){
		.type = type,
		.format = format,
		.mechanism = mechanism,
		.generate_mechanism = t->generate_mechanism,
		.params = t->params,
		.quirks = t->quirks,
		.outcome = PREFLIGHT_FAILS,
		.step = "",
	};
	return row;
}

static void row_fault(struct preflight *p, struct preflight_row *row, const char *step)
{
	row->step = step;
	row->rv = p->trial.s->rv;
	snprintf(row->why, sizeof(row->why), "%.*s", (int)sizeof(row->why) - 1,
	         p->trial.fault.text);
}

const char *preflight_outcome_name(enum preflight_outcome o)
{
	switch (o) {
	case PREFLIGHT_WORKS:
		return "works";
	case PREFLIGHT_RESIDENT:
		return "resident";
	case PREFLIGHT_NEEDS_ALLOW:
		return "needs-allow-resident";
	case PREFLIGHT_FAILS:
		return "fails";
	case PREFLIGHT_UNSAFE:
		return "unsafe";
	}
	return "";
}

static void tell_row(struct preflight *p, const struct preflight_row *row)
{
	tell(p, "%s, %s: %s%s%s%s%s", key_type_info(row->type)->name,
	     row->format ? wrap_format_name(row->format) : "no wrap format",
	     preflight_outcome_name(row->outcome), row->step[0] ? " at " : "", row->step,
	     row->why[0] ? ": " : "", row->why);
}

/* From a blob whose key is destroyed: unwrap, sign, verify. */
static void judge_blob(struct preflight *p, enum key_type type, struct p11_type_profile *t,
                       struct hf_span blob, const struct public_key *pub, struct preflight_row *row)
{
	int64_t began = hf_mono_us();
	CK_OBJECT_HANDLE object;
	hf_status status;

	if (!hf_ok(trial_unwrap(&p->trial, type, t, blob, &object))) {
		row_fault(p, row, "unwrap");
		return;
	}
	p->trial.s->rv = CKR_OK;
	status = trial_sign(&p->trial, type, t, object, pub);
	p11_object_destroy(p->trial.s, object);
	row->us += hf_mono_us() - began;
	row->quirks = t->quirks;
	if (!hf_ok(status)) {
		row_fault(p, row, status.code == HF_UNAUTHENTIC ? "verify" : "sign");
		return;
	}
	row->outcome = PREFLIGHT_WORKS;
	if (t->format == WRAP_CBC_PAD && !p->master.mac_mechanism) {
		row->outcome = PREFLIGHT_UNSAFE;
		snprintf(row->why, sizeof(row->why),
		         "this format has no integrity, and the HSM makes no HMAC");
		return;
	}
	if (p->config->quick)
		return;
	tell(p, "%s, %s: a wrapped key with a flipped bit", key_type_info(type)->name,
	     wrap_format_name(t->format));
	if (!trial_refuses_corrupt(&p->trial, type, t, blob)) {
		row->outcome = PREFLIGHT_UNSAFE;
		row->step = "corrupt-blob";
		snprintf(row->why, sizeof(row->why),
		         "the HSM accepts a wrapped key with a flipped bit");
	}
}

/* --- one key type --- */

/* rfc5649 before rfc3394 before its PKCS#7 cousin before cbc-pad. */
static int rank(int format)
{
	static const int ranks[WRAP_FORMAT_MAX + 1] = {
		[WRAP_RFC5649] = 4,
		[WRAP_RFC3394] = 3,
		[WRAP_RFC3394_PKCS7] = 2,
		[WRAP_CBC_PAD] = 1,
	};

	return ranks[format];
}

struct type_trial {
	enum key_type type;
	struct p11_type_profile best;
	struct preflight_row *best_row;
	bool generated; /* a pair could be made: only the wrapping is in doubt */
};

static void adopt(struct preflight *p, struct type_trial *trial, const struct p11_type_profile *t,
                  struct preflight_row *row)
{
	if (!p->report->profile.wrap_mechanisms[t->format])
		p->report->profile.wrap_mechanisms[t->format] = t->wrap_mechanism;
	if (trial->best_row && rank(t->format) <= rank(trial->best.format))
		return;
	trial->best = *t;
	trial->best.ability = ABILITY_WRAPPED;
	trial->best_row = row;
}

static void try_format(struct preflight *p, struct type_trial *trial,
                       const struct p11_type_profile *generated, const struct found_wrap *w)
{
	HF_BUF_SCOPED struct hf_buf blob = HF_BUF(WRAP_BLOB_MAX);
	struct p11_type_profile t = *generated;
	struct preflight_row *row = row_new(p, trial->type, w->format, w->mechanism, &t);
	struct p11_key key;
	int64_t began;
	hf_status status;

	t.format = w->format;
	t.wrap_mechanism = w->mechanism;
	p->trial.s->rv = CKR_OK;
	began = hf_mono_us();
	if (!hf_ok(p11_key_make(p->trial.s, &t, trial->type, KEY_WRAPPABLE, &key,
	                        &p->trial.fault))) {
		row_fault(p, row, "generate");
		return;
	}
	trial->generated = true;
	row->generate_us = hf_mono_us() - began;
	p->trial.s->rv = CKR_OK;
	began = hf_mono_us();
	status = p11_wrap(p->trial.s, p->master.key, t.wrap_mechanism, t.format, key.private_object,
	                  &blob, &p->trial.fault);
	row->us = hf_mono_us() - began;
	p11_key_done(p->trial.s, &key);
	if (hf_ok(status))
		judge_blob(p, trial->type, &t, hf_buf_span(&blob), &key.public_key, row);
	else
		row_fault(p, row, "wrap");
	if (row->outcome == PREFLIGHT_WORKS)
		adopt(p, trial, &t, row);
	tell_row(p, row);
}

static bool may_be_resident(const struct preflight *p)
{
	return p->config->allow_resident && p->trial.s->rw;
}

/* What cannot be wrapped may live in the token, where the operator allows it. */
static void try_resident(struct preflight *p, struct type_trial *trial,
                         const struct p11_type_profile *generated)
{
	struct p11_type_profile t = *generated;
	struct preflight_row *row = row_new(p, trial->type, WRAP_RESIDENT, 0, &t);
	struct p11_key key;
	int64_t began = hf_mono_us();

	p->trial.s->rv = CKR_OK;
	if (!may_be_resident(p)) {
		row->outcome = PREFLIGHT_NEEDS_ALLOW;
		snprintf(row->why, sizeof(row->why),
		         "cannot be wrapped: its keys could live in this HSM only "
		         "(--allow-resident)");
	} else if (!hf_ok(p11_key_make(p->trial.s, &t, trial->type, KEY_RESIDENT, &key,
	                               &p->trial.fault))) {
		row_fault(p, row, "generate");
	} else {
		row->generate_us = hf_mono_us() - began;
		began = hf_mono_us();
		if (hf_ok(trial_sign(&p->trial, trial->type, &t, key.private_object,
		                     &key.public_key))) {
			row->outcome = PREFLIGHT_RESIDENT;
			row->quirks = t.quirks;
			t.ability = ABILITY_RESIDENT;
			t.format = WRAP_RESIDENT;
			t.wrap_mechanism = 0;
			trial->best = t;
			trial->best_row = row;
		} else {
			row_fault(p, row, "sign");
		}
		row->us = hf_mono_us() - began;
		p11_key_discard(p->trial.s, &key);
	}
	tell_row(p, row);
}

static void try_formats(struct preflight *p, struct type_trial *trial,
                        const struct p11_type_profile *t)
{
	for (size_t i = 0; i < p->n_found; i++) {
		try_format(p, trial, t, &p->found[i]);
		if (!trial->generated || (p->config->quick && trial->best_row))
			return;
	}
	if (!trial->best_row)
		try_resident(p, trial, t);
}

/* A first pair finds the mechanism and the encoding. */
static bool find_generation(struct preflight *p, enum key_type type, struct p11_type_profile *t)
{
	struct p11_key key;

	if (hf_ok(trial_generate(&p->trial, type, KEY_WRAPPABLE, t, &key)) ||
	    hf_ok(trial_generate(&p->trial, type, KEY_SESSION, t, &key))) {
		p11_key_done(p->trial.s, &key);
		return true;
	}
	if (!may_be_resident(p) || !hf_ok(trial_generate(&p->trial, type, KEY_RESIDENT, t, &key)))
		return false;
	p11_key_discard(p->trial.s, &key);
	return true;
}

static hf_status try_type(struct preflight *p, enum key_type type)
{
	const struct p11_type_profile none = { 0 };
	struct type_trial trial = { .type = type };
	struct p11_type_profile t = { 0 };
	int64_t began = hf_mono_us();

	/* Where there is one way only, a slow RSA generation is spared. */
	if (key_type_info(type)->family == FAMILY_RSA && p->n_found) {
		t.generate_mechanism = p11_kind(type)->generate[0];
		try_formats(p, &trial, &t);
	} else if (find_generation(p, type, &t)) {
		trial.generated = true;
		try_formats(p, &trial, &t);
	} else if (p->report->master_impossible && !may_be_resident(p)) {
		try_resident(p, &trial, &t);
	} else {
		struct preflight_row *row = row_new(p, type, 0, 0, &none);

		row->generate_us = hf_mono_us() - began;
		row_fault(p, row, "generate");
		tell_row(p, row);
	}
	if (trial.best_row) {
		trial.best_row->chosen = true;
		p->report->profile.types[type] = trial.best;
	}
	if (!token_alive(p))
		return hf_context(&p->trial.fault, HF_FAILURE(HF_IO),
		                  "the token was lost while trying %s", key_type_info(type)->name);
	return HF_SUCCESS;
}

/* --- the whole --- */

static void find_wraps(struct preflight *p)
{
	size_t n;
	const struct wrap_candidate *c = wrap_candidates(&n);

	for (size_t i = 0; i < n && p->n_found < FOUND_MAX; i++) {
		struct found_wrap w = { .mechanism = c[i].mechanism };

		if (!hf_ok(p11_wrap_probe(p->trial.s, p->master.key, w.mechanism, &w.format,
		                          &p->trial.fault))) {
			tell(p, "mechanism 0x%lx does not wrap here: %s", w.mechanism,
			     p->trial.fault.text);
			continue;
		}
		tell(p, "mechanism 0x%lx wraps as %s", w.mechanism, wrap_format_name(w.format));
		p->found[p->n_found++] = w;
	}
}

static bool wanted(const struct preflight_config *config, enum key_type type)
{
	if (config->quick && (type == KEY_RSA_3072 || type == KEY_RSA_4096))
		return false;
	return !config->types || (config->types & (1u << type));
}

/* RSA sizes differ in nothing but the number of bits. */
static void stand_in(struct p11_profile *profile)
{
	profile->types[KEY_RSA_3072] = profile->types[KEY_RSA_2048];
	profile->types[KEY_RSA_4096] = profile->types[KEY_RSA_2048];
}

static hf_status run(struct preflight *p)
{
	p->report->profile.mac_mechanism = p->master.mac_mechanism;
	p->report->profile.mac_key_type = p->master.mac_key_type;
	if (!p->report->master_impossible)
		find_wraps(p);
	for (int type = 1; type <= KEY_TYPE_MAX; type++)
		if (wanted(p->config, type))
			HF_TRY(try_type(p, type));
	if (p->config->quick)
		stand_in(&p->report->profile);
	return HF_SUCCESS;
}

hf_status p11_preflight(struct p11_session *s, const struct preflight_config *config,
                        struct preflight_report *ret, struct hf_err *err)
{
	struct preflight p = { .trial = { .s = s }, .config = config, .report = ret };
	int64_t began = hf_mono_us();
	hf_status status;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->module, sizeof(ret->module), "%s", s->module->description);
	snprintf(ret->token, sizeof(ret->token), "%s", s->token.description);
	ret->master_temporary = !config->master;
	if (config->master) {
		p.master = *config->master;
		p.master.temporary = false;
		snprintf(ret->master_id, sizeof(ret->master_id), "%s", config->master->id);
	} else if (!p11_master_possible(s)) {
		ret->master_temporary = false;
		ret->master_impossible = true;
		tell(&p, "this token makes no AES keys, so it can have no master key: its keys can "
		         "only live inside it");
	} else {
		HF_TRY(p11_master_temporary(s, &p.master, err));
	}
	p.trial.master = p.master.key;
	status = run(&p);
	p11_master_done(s, &p.master);
	ret->us = hf_mono_us() - began;
	if (!hf_ok(status))
		return hf_fail(err, status.code, "%s", p.trial.fault.text);
	return HF_SUCCESS;
}
