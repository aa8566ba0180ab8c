/* SPDX-License-Identifier: Apache-2.0
 * The commands, one file each, and what they share. */
#ifndef HF_CLI_COMMANDS_H
#define HF_CLI_COMMANDS_H

#include "base/log.h"
#include "cli/options.h"

extern const struct cli_command cmd_server, cmd_server_init, cmd_server_driver_ca,
        cmd_server_store_add, cmd_server_store_list, cmd_server_store_set_primary,
        cmd_server_user_code, cmd_server_rotate_token_key, cmd_server_account_token,
        cmd_server_crypto_admin, cmd_server_clear_second_factor;
extern const struct cli_command cmd_driver, cmd_gateway, cmd_health, cmd_help;
extern const struct cli_command cmd_hsm_init_master, cmd_hsm_check, cmd_hsm_canary;
extern const struct cli_command cmd_pki_init_root, cmd_pki_template, cmd_pki_sign,
        cmd_pki_server_cert, cmd_pki_request, cmd_pki_accept, cmd_pki_leaf, cmd_pki_bundle,
        cmd_pki_renew, cmd_pki_revoke, cmd_pki_crl, cmd_pki_inspect;
extern const struct cli_command cmd_audit_export, cmd_audit_show, cmd_audit_verify;
extern const struct cli_command cmd_authorizers_check, cmd_authorizers_export;
extern const struct cli_command cmd_db_status, cmd_db_migrate, cmd_db_backup, cmd_db_restore,
        cmd_db_verify, cmd_db_rewrap;
extern const struct cli_command cmd_bench_api, cmd_bench_crypto, cmd_bench_growth, cmd_bench_hsm,
        cmd_bench_pages, cmd_bench_queue;
extern const struct cli_command cmd_completion;

/* cli/remote */
extern const struct cli_command cmd_group_sync, cmd_group_link_list, cmd_group_delete,
        cmd_group_link_remove, cmd_group_scan, cmd_group_link_set, cmd_group_update,
        cmd_group_replace_policy, cmd_group_create, cmd_group_link_add, cmd_group_list,
        cmd_group_link_test, cmd_group_show, cmd_group_scans, cmd_key_drop_private, cmd_key_delete,
        cmd_key_import, cmd_key_decrypt, cmd_key_update, cmd_key_activate, cmd_key_rotate,
        cmd_key_encrypt, cmd_key_destroy, cmd_key_sign, cmd_key_deactivate, cmd_key_generate,
        cmd_key_show, cmd_key_verify, cmd_key_export, cmd_key_detokenize, cmd_key_list,
        cmd_key_tokenize, cmd_account_show, cmd_account_update, cmd_app_grant, cmd_app_reset,
        cmd_app_end_old_key, cmd_app_create, cmd_app_api_key, cmd_app_show, cmd_app_list,
        cmd_app_delete, cmd_app_revoke, cmd_app_update, cmd_user_invite, cmd_user_show,
        cmd_user_list, cmd_user_update, cmd_user_delete, cmd_approval_approve, cmd_approval_list,
        cmd_approval_withdraw, cmd_approval_result, cmd_approval_deny, cmd_approval_show,
        cmd_completion;
extern const struct cli_command cmd_account_show, cmd_account_update;
extern const struct cli_command cmd_app_api_key, cmd_app_create, cmd_app_delete,
        cmd_app_end_old_key, cmd_app_grant, cmd_app_list, cmd_app_reset, cmd_app_revoke,
        cmd_app_show, cmd_app_update;
extern const struct cli_command cmd_approval_approve, cmd_approval_deny, cmd_approval_list,
        cmd_approval_result, cmd_approval_show, cmd_approval_withdraw;
extern const struct cli_command cmd_group_create, cmd_group_delete, cmd_group_link_add,
        cmd_group_link_list, cmd_group_link_remove, cmd_group_link_set, cmd_group_link_test,
        cmd_group_list, cmd_group_scan, cmd_group_scans, cmd_group_show, cmd_group_sync,
        cmd_group_update;
extern const struct cli_command cmd_key_activate, cmd_key_deactivate, cmd_key_decrypt,
        cmd_key_delete, cmd_key_destroy, cmd_key_detokenize, cmd_key_drop_private, cmd_key_encrypt,
        cmd_key_export, cmd_key_generate, cmd_key_import, cmd_key_list, cmd_key_rotate,
        cmd_key_show, cmd_key_sign, cmd_key_tokenize, cmd_key_update, cmd_key_verify;
extern const struct cli_command cmd_user_delete, cmd_user_invite, cmd_user_list, cmd_user_show,
        cmd_user_update;

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
