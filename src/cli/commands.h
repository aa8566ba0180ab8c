/* SPDX-License-Identifier: Apache-2.0
 * The commands, one file each, and what they share. */
#ifndef HF_CLI_COMMANDS_H
#define HF_CLI_COMMANDS_H

#include "base/log.h"
#include "cli/options.h"

extern const struct cli_command cmd_server, cmd_server_init, cmd_driver, cmd_hsm_init_master,
        cmd_hsm_check, cmd_hsm_canary, cmd_bench_api, cmd_bench_growth, cmd_bench_hsm,
        cmd_bench_queue, cmd_health, cmd_help;
extern const struct cli_command cmd_pki_init_root, cmd_pki_template, cmd_pki_sign,
        cmd_pki_server_cert, cmd_pki_request, cmd_pki_accept, cmd_pki_leaf, cmd_pki_bundle,
        cmd_pki_renew, cmd_pki_revoke, cmd_pki_crl, cmd_pki_inspect;
extern const struct cli_command cmd_audit_export, cmd_audit_show, cmd_audit_verify;
extern const struct cli_command cmd_db_status, cmd_db_migrate, cmd_db_backup, cmd_db_restore,
        cmd_db_verify, cmd_db_rewrap, cmd_server_driver_ca;
extern const struct cli_command cmd_authorizers_check, cmd_authorizers_export;

extern const struct cli_command cmd_bench_pages, cmd_server_store_add, cmd_server_store_list,
        cmd_server_store_set_primary;
extern const struct cli_command cmd_server_user_code, cmd_server_rotate_token_key,
        cmd_server_account_token;

/* Says on standard error why `command` failed. The exit status: 1, or 78 (EX_CONFIG) for HF_STOP,
 * at which a service manager shall not start it again by itself. */
int cli_failed(const char *command, hf_status s, const struct hf_err *err);

/* Logging, for every command that runs long. */
struct cli_log_options {
	const char *level, *format;
};
#define CLI_LOG_OPTIONS(owner, member)                                                             \
	CLI_OPTION_TEXT(owner, member.level, "log-level", "LEVEL", "info",                         \
	                "least that is logged: debug, info, warn or error"),                       \
	        CLI_OPTION_TEXT(owner, member.format, "log-format", "FORMAT", "auto",              \
	                        "text, json, or auto: text on a terminal, JSON otherwise")
HF_MUST hf_status cli_log_setup(const char *role, const struct cli_log_options *o,
                                struct hf_err *err);

/* A file that tells whoever started us that we are ready: fd for server_run() and driver_run(), or
 * -1 when `path` is NULL. It is empty until then, and holds one whole line afterwards. */
HF_MUST hf_status cli_ready_open(const char *path, int *ret_fd, struct hf_err *err);

#endif
