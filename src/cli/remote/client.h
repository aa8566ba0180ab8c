/* SPDX-License-Identifier: Apache-2.0
 * Talking to a server's Crypto API, one request after another: what `holdfast group`, `key`, `app`,
 * `user` and `approval` do. */
#ifndef HF_CLI_REMOTE_CLIENT_H
#define HF_CLI_REMOTE_CLIENT_H

#include "cli/options.h"
#include "json/read.h"

#define REMOTE_REPLY_MAX (16u << 20)

struct remote_options {
	const char *endpoint, *ca;
	const char *user, *password_file; /* a person; otherwise an app: */
	const char *api_key_file;
	struct hf_secret password, api_key;
};

#define CLI_REMOTE_OPTIONS(owner, member)                                                          \
	CLI_OPTION_TEXT(owner, member.endpoint, "endpoint", "URL", "https://127.0.0.1:8445",       \
	                "where the server's Crypto API listens"),                                  \
	        CLI_OPTION_TEXT(                                                                   \
	                owner, member.ca, "ca", "PEM", NULL,                                       \
	                "authorities that the server's certificate must chain to; without "        \
	                "it, the system's"),                                                       \
	        CLI_OPTION_TEXT(owner, member.user, "user", "EMAIL", NULL,                         \
	                        "log in as this person; otherwise an app's API key is used"),      \
	        CLI_OPTION_TEXT(owner, member.password_file, "password-file", "FILE", NULL,        \
	                        "file with the person's password, readable by nobody else; "       \
	                        "otherwise HOLDFAST_PASSWORD, or a prompt"),                       \
	        { .name = "HOLDFAST_PASSWORD",                                                     \
		  .type = CLI_SECRET,                                                              \
		  .offset = offsetof(owner, member.password),                                      \
		  .help = "the person's password, as an environment variable" },                   \
	        CLI_OPTION_TEXT(owner, member.api_key_file, "api-key-file", "FILE", NULL,          \
	                        "file with the app's API key, readable by nobody else; otherwise " \
	                        "HOLDFAST_API_KEY"),                                               \
	{                                                                                          \
		.name = "HOLDFAST_API_KEY", .type = CLI_SECRET,                                    \
		.offset = offsetof(owner, member.api_key),                                         \
		.help = "the app's API key, as an environment variable"                            \
	}

struct remote;

/* Connects and, as a person, logs in. The secrets of `o` are wiped. The caller owns *ret. Words on
 * failure. */
HF_MUST hf_status remote_open(struct remote_options *o, struct remote **ret, struct hf_err *err);
/* Logs out. */
void remote_close(struct remote *r);
HF_DEFINE_CLEANUP(remote_close, struct remote *)
#define REMOTE_SCOPED HF_CLEANUP(remote_close_at)

/* One request; `body` empty: none. *ret is NULL when the answer is empty; the caller owns it. An
 * answer that is no success is a failure with the server's words: HF_DENIED for 403, HF_NOTFOUND
 * for 404, HF_UNAUTHENTIC for 401, HF_INVALID for others below 500, HF_IO for the rest. */
HF_MUST hf_status remote_call(struct remote *r, const char *method, const char *path,
                              struct hf_span body, struct json_t **ret, struct hf_err *err);
/* The last answer was "This operation requires approval". */
bool remote_wants_approval(const struct remote *r);
/* The last answer's bytes. */
struct hf_span remote_answer(const struct remote *r);

#endif
