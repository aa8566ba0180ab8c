/* SPDX-License-Identifier: Apache-2.0
 * holdfast-signer: the only program that loads a vendor's PKCS#11 library. Started by hsmhost,
 * which is the other end of its standard input and output (signer/wire.h); it is of no use by hand.
 */
#include "base/log.h"
#include "os/harden.h"
#include "os/signals.h"
#include "signer/output.h"
#include "signer/serve.h"

#include <fcntl.h>
#include <stdio.h>

/* Vendor libraries print to standard output, where our frames go: the pipes move to other numbers,
 * and whatever is printed goes to the log. */
static hf_status take_pipes(int *ret_in, int *ret_out)
{
	HF_FD int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	HF_ENSURE(null >= 0 && in >= 0 && out >= 0, HF_IO);
	HF_ENSURE(dup2(null, STDIN_FILENO) == 0 && dup2(STDERR_FILENO, STDOUT_FILENO) == 1, HF_IO);
	*ret_in = in;
	*ret_out = out;
	return HF_SUCCESS;
}

/* The authorizers are read while the frame is there; of words about them there is no need, since
 * the driver has read the same text. */
static hf_status read_setup(struct input *in, struct signer_setup *ret,
                            struct authorizers **ret_authorizers)
{
	struct authorizers *authorizers = NULL;
	struct wire_frame frame;
	hf_status s;

	while ((s = input_next(in, &frame)).code == HF_BUSY)
		HF_TRY(input_fill(in, -1));
	HF_TRY(s);
	HF_ENSURE(frame.type == WIRE_SETUP, HF_INVALID);
	s = wire_get_setup(frame.body, ret);
	if (hf_ok(s) && ret->authorizers.len)
		s = authorizers_parse(ret->authorizers, &authorizers, NULL);
	ret->authorizers = HF_SPAN(NULL, 0);
	input_wipe(in);
	*ret_authorizers = authorizers;
	return s;
}

static void tell_ready(const struct token *t)
{
	struct wire_ready ready = { .have_profile = t->have_profile, .profile = t->profile };

	snprintf(ready.token, sizeof(ready.token), "%s", t->id.description);
	snprintf(ready.master_id, sizeof(ready.master_id), "%s", t->master_id);
	output_ready(&ready);
}

static int list_tokens(struct token *t, struct signer_setup *setup, pid_t parent)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	struct hf_err err = { 0 };
	hf_status s = token_list(t, setup, parent, &report, &err);

	if (hf_ok(s))
		s = hf_buf_status(&report);
	if (!hf_ok(s)) {
		output_failed(s.code, err.code == s.code ? err.text : hf_code_name(s.code));
		return SIGNER_FAILED;
	}
	output_text(WIRE_REPORT, hf_buf_span(&report));
	output_flush();
	token_close(t);
	return SIGNER_ENDED;
}

int main(void)
{
	static struct token token;
	static struct input in;
	pid_t parent = getppid();
	struct signer_setup setup = { 0 };
	struct authorizers *authorizers;
	struct p11_session session = { 0 };
	struct masters masters = { 0 };
	struct hf_err err = { 0 };
	int in_fd, out_fd;
	hf_status s;

	os_signals_ignore();
	os_harden();
	hf_log_setup("signer", HF_LOG_INFO, HF_LOG_AUTO);
	if (!hf_ok(take_pipes(&in_fd, &out_fd)) || !hf_ok(input_open(in_fd, &in)))
		return SIGNER_FAILED;
	output_open(out_fd);
	if (!hf_ok(read_setup(&in, &setup, &authorizers))) {
		fprintf(stderr,
		        "holdfast-signer is started by `holdfast driver`, `gateway` and `hsm`, "
		        "of the same version, not by hand\n");
		return SIGNER_PROTOCOL;
	}
	if (!hf_ok(os_sandbox_module()))
		HF_WARN("no seccomp here: the vendor's library runs without a sandbox");
	if (setup.list_tokens)
		return list_tokens(&token, &setup, parent);
	s = token_open(&token, &setup, parent, &session, &masters, &err);
	token.authorizers = authorizers;
	if (hf_ok(s))
		s = serve_open(&token, &session, &masters, &err);
	if (!hf_ok(s)) {
		output_failed(s.code, err.code == s.code ? err.text : hf_code_name(s.code));
		return SIGNER_FAILED;
	}
	tell_ready(&token);
	return serve(&in);
}
