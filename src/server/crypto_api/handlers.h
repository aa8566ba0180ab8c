/* SPDX-License-Identifier: Apache-2.0
 * The operations of routes.c's table, by the file that has them. */
#ifndef HF_SERVER_CRYPTO_API_HANDLERS_H
#define HF_SERVER_CRYPTO_API_HANDLERS_H

#include "server/crypto_api/call.h"

/* system.c */
extern const struct crypto_operation crypto_version, crypto_health, crypto_info,
        crypto_client_configs, crypto_none, crypto_no_roles;

/* people/sessions.c */
extern const struct crypto_operation crypto_session_auth, crypto_session_discover,
        crypto_session_select, crypto_session_refresh_op, crypto_session_terminate,
        crypto_session_reauth;
/* people/factor_login.c, factor_config.c */
extern const struct crypto_operation crypto_session_fido2, crypto_session_recovery,
        crypto_session_u2f, crypto_factor_unlock, crypto_factor_lock, crypto_factor_challenge,
        crypto_factor_codes;
/* people/apps.c, app_list.c, app_credential.c */
extern const struct crypto_operation crypto_app_create, crypto_app_show, crypto_app_change,
        crypto_app_delete, crypto_app_list, crypto_app_credential, crypto_app_reset_secret,
        crypto_app_end_previous;
/* people/app_groups.c */
extern const struct crypto_operation crypto_app_group_list, crypto_app_group_show,
        crypto_app_group_add, crypto_app_group_change, crypto_app_group_leave;
/* people/users.c, user_list.c, user_invite.c, user_passwords.c */
extern const struct crypto_operation crypto_user_list, crypto_user_accounts,
        crypto_user_permissions, crypto_user_show, crypto_user_change, crypto_user_remove,
        crypto_user_invite, crypto_user_create, crypto_user_invite_again, crypto_password_change,
        crypto_code_validate, crypto_password_reset, crypto_password_forgot, crypto_process_invite;
/* people/accounts.c, logs.c */
extern const struct crypto_operation crypto_account_list, crypto_account_show,
        crypto_account_change, crypto_logs;

/* objects/create.c */
extern const struct crypto_operation crypto_key_generate, crypto_key_import;
/* objects/list.c */
extern const struct crypto_operation crypto_key_list;
/* objects/read.c */
extern const struct crypto_operation crypto_key_info, crypto_key_get, crypto_key_kcv,
        crypto_public_key;
/* objects/update.c */
extern const struct crypto_operation crypto_key_update;
/* objects/rotate.c */
extern const struct crypto_operation crypto_key_rekey, crypto_key_replace;
/* objects/life.c */
extern const struct crypto_operation crypto_key_activate, crypto_key_revoke, crypto_key_destroy,
        crypto_key_delete, crypto_key_drop_private;
/* objects/revert.c */
extern const struct crypto_operation crypto_key_revert;
/* objects/persist.c */
extern const struct crypto_operation crypto_key_persist;
/* objects/copy.c */
extern const struct crypto_operation crypto_key_copy, crypto_key_export, crypto_key_digest;
/* objects/not_here.c */
extern const struct crypto_operation crypto_key_components, crypto_key_attestation,
        crypto_no_mechanism;
/* objects/check_value.c */
extern const struct crypto_operation crypto_kcv_verify;

/* crypto/single.c */
extern const struct crypto_operation crypto_encrypt, crypto_decrypt, crypto_sign, crypto_verify,
        crypto_mac, crypto_mac_verify;
/* crypto/digest.c */
extern const struct crypto_operation crypto_digest, crypto_random;
/* crypto/wrap.c */
extern const struct crypto_operation crypto_wrap;
/* crypto/unwrap.c, derive.c, agree.c */
extern const struct crypto_operation crypto_unwrap, crypto_derive, crypto_agree;
/* crypto/data_key.c */
extern const struct crypto_operation crypto_data_key;
/* crypto/multipart.c */
extern const struct crypto_operation crypto_encrypt_init, crypto_encrypt_update,
        crypto_encrypt_final, crypto_decrypt_init, crypto_decrypt_update, crypto_decrypt_final;
/* crypto/batch.c */
extern const struct crypto_operation crypto_batch_encrypt, crypto_batch_decrypt, crypto_batch_sign,
        crypto_batch_verify;
/* crypto/generic_batch.c */
extern const struct crypto_operation crypto_generic_batch;

/* approvals/ */
extern const struct crypto_operation crypto_approval_ask, crypto_approval_list, crypto_approval_get,
        crypto_approval_approve, crypto_approval_deny, crypto_approval_result,
        crypto_approval_withdraw, crypto_approval_challenge;
/* groups/groups.c, list.c, check.c */
extern const struct crypto_operation crypto_group_list, crypto_group_create, crypto_group_get,
        crypto_group_change, crypto_group_replace_policy, crypto_group_remove, crypto_link_check,
        crypto_group_link_check;
/* objects/scans.c */
extern const struct crypto_operation crypto_scan_now, crypto_scan_begin, crypto_scans_list,
        crypto_scan_get;

#endif
