/* SPDX-License-Identifier: Apache-2.0
 * holdfast health: what a container's health check runs, where there is no curl. */
#include "cli/commands.h"
#include "http/client.h"

#include <stdio.h>
#include <string.h>

struct options {
	const char *listen;
	int64_t timeout_ms;
};

static const struct cli_option options[] = {
	CLI_OPTION_TEXT(struct options, listen, "health-listen", "HOST:PORT", "127.0.0.1:9443",
	                "where the server, driver or gateway tells its health"),
	CLI_OPTION_NUMBER(struct options, timeout_ms, "timeout-ms", "3000", 1, 600000,
	                  "it is unwell when it has not answered after so many milliseconds"),
};

static void answered(void *ctx, const struct http_reply *reply)
{
	int *status = ctx;

	*status = reply->status;
	if (reply->status == 0)
		fprintf(stderr, "holdfast health: %s\n", reply->error);
	else if (reply->status != 204)
		fprintf(stderr, "holdfast health: unwell (HTTP %d), its log says why\n",
		        reply->status);
}

static hf_status ask(const struct options *o, int *status, struct hf_err *err)
{
	char url[512];
	struct http_client_config config = { .base_url = url };
	struct http_client_request request = { .method = "GET",
		                               .path = "/health",
		                               .timeout_ms = (int)o->timeout_ms,
		                               .done = answered,
		                               .ctx = status };
	struct http_client *client;
	hf_status s;

	if (strcmp(o->listen, "none") == 0 || strlen(o->listen) > sizeof(url) - 16)
		return hf_fail(err, HF_INVALID, "--health-listen %s: give HOST:PORT", o->listen);
	snprintf(url, sizeof(url), "http://%s", o->listen);
	HF_TRY(http_client_new(&config, &client, err));
	s = http_client_send(client, &request);
	while (hf_ok(s) && http_client_pending(client) > 0)
		s = http_client_step(client, NULL, 0, 1000);
	http_client_free(client);
	return s;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	int status = 0;
	hf_status s = ask(config, &status, &err);

	if (!hf_ok(s))
		return cli_failed("health", s, &err);
	return status == 204 ? 0 : 1;
}

const struct cli_command cmd_health = {
	.name = "health",
	.summary = "ask a server, driver or gateway on this machine whether it is well",
	.details = "Exit status 0 when it is, 1 when it is not or does not answer; standard error "
	           "says which.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
