/* SPDX-License-Identifier: Apache-2.0
 * Every route of the Crypto API: one line each. */
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/apps.h"

#define SMALL (16u << 10)
#define SOBJECT (128u << 10)
#define WITH_FACTOR (64u << 10) /* an authenticator's answer in it */
#define NONE 0u
#define PROVES (ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE | ROUTE_PROVES)
#define OF_FACTORS (ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE)
#define SHOWS_FACTOR (OF_FACTORS | ROUTE_BEFORE_FACTOR)
#define USES_KEY (ROUTE_AUDITED | ROUTE_SECRET)
#define CHANGES (ROUTE_AUDITED | ROUTE_SECRET) /* with a PIN in it, perhaps */

// clang-format off
const struct crypto_route crypto_routes[] = {
	/* The system */
	{ "GET",    "/sys/v1/version", "Crypto:Version", CALLER_NOBODY, NONE, 0, &crypto_version },
	{ "GET",    "/sys/v1/health",  "Crypto:Health",  CALLER_NOBODY, NONE, 0, &crypto_health },
	{ "GET",    "/sys/v1/info",    "Crypto:Info",    CALLER_NOBODY, NONE, 0, &crypto_info },

	{ "GET",    "/sys/v1/roles",          "Crypto:ListRoles",         CALLER_ANY, NONE, 0, &crypto_no_roles },
	{ "GET",    "/sys/v1/external_roles", "Crypto:ListExternalRoles", CALLER_ANY, NONE, 0, &crypto_none },
	{ "GET",    "/sys/v1/plugins",        "Crypto:ListPlugins",       CALLER_ANY, NONE, 0, &crypto_none },
	{ "GET",    "/sys/v1/apps/client_configs", "Crypto:GetClientConfigs", CALLER_APP, NONE, 0, &crypto_client_configs },

	/* Sessions */
	{ "POST",   "/sys/v1/session/auth",           "Crypto:OpenSession", CALLER_NOBODY, PROVES, SMALL, &crypto_session_auth },
	{ "POST",   "/sys/v1/session/auth/discover",  "Crypto:DiscoverSession", CALLER_NOBODY, NONE, SMALL, &crypto_session_discover },
	{ "POST",   "/sys/v1/session/select_account", "Crypto:SelectAccount", CALLER_ANY, ROUTE_SENSITIVE, SMALL, &crypto_session_select },
	{ "POST",   "/sys/v1/session/refresh",        "Crypto:RefreshSession", CALLER_ANY, ROUTE_SENSITIVE, SMALL, &crypto_session_refresh_op },
	{ "POST",   "/sys/v1/session/terminate",      "Crypto:CloseSession", CALLER_ANY, ROUTE_SENSITIVE | ROUTE_BEFORE_FACTOR, SMALL, &crypto_session_terminate },
	{ "POST",   "/sys/v1/session/reauth",         "Crypto:OpenSession", CALLER_ANY, ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_session_reauth },
	{ "POST",   "/sys/v1/session/auth/2fa/fido2", "Crypto:SessionSecondFactor", CALLER_ANY, SHOWS_FACTOR, WITH_FACTOR, &crypto_session_fido2 },
	{ "POST",   "/sys/v1/session/auth/2fa/u2f",   "Crypto:SessionSecondFactor", CALLER_ANY, SHOWS_FACTOR, SMALL, &crypto_session_u2f },
	{ "POST",   "/sys/v1/session/auth/2fa/recovery_code", "Crypto:SessionRecoveryCode", CALLER_ANY, SHOWS_FACTOR, SMALL, &crypto_session_recovery },
	{ "POST",   "/sys/v1/session/config_2fa/auth",      "Crypto:UnlockSecondFactors", CALLER_ANY, OF_FACTORS, SMALL, &crypto_factor_unlock },
	{ "POST",   "/sys/v1/session/config_2fa/terminate", "Crypto:LockSecondFactors", CALLER_ANY, OF_FACTORS, SMALL, &crypto_factor_lock },
	{ "POST",   "/sys/v1/session/config_2fa/new_challenge", "Crypto:ChallengeSecondFactor", CALLER_ANY, ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_factor_challenge },
	{ "POST",   "/sys/v1/users/generate_recovery_codes", "Crypto:MakeRecoveryCodes", CALLER_ANY, OF_FACTORS, SMALL, &crypto_factor_codes },

	/* Apps */
	{ "POST",   "/sys/v1/apps",         "Crypto:CreateApp", CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET, APP_BODY_MAX, &crypto_app_create },
	{ "GET",    "/sys/v1/apps",         "Crypto:ListApps",   CALLER_ANY,   NONE, 0, &crypto_app_list },
	{ "GET",    "/sys/v1/apps/:app_id", "Crypto:GetApp",    CALLER_ANY,   NONE, 0, &crypto_app_show },
	{ "PATCH",  "/sys/v1/apps/:app_id", "Crypto:UpdateApp", CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET, APP_BODY_MAX, &crypto_app_change },
	{ "DELETE", "/sys/v1/apps/:app_id", "Crypto:DeleteApp", CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_app_delete },
	{ "GET",    "/sys/v1/apps/:app_id/credential",   "Crypto:GetAppCredential",  CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET, 0, &crypto_app_credential },
	{ "POST",   "/sys/v1/apps/:app_id/reset_secret", "Crypto:ResetAppSecret", CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET, SMALL, &crypto_app_reset_secret },
	{ "DELETE", "/sys/v1/apps/:app_id/previous_credential", "Crypto:EndPreviousCredential", CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_app_end_previous },
	{ "GET",    "/sys/v1/apps/:app_id/groups",           "Crypto:ListAppGroups",  CALLER_ANY,   NONE, 0, &crypto_app_group_list },
	{ "POST",   "/sys/v1/apps/:app_id/groups",           "Crypto:AddAppGroup",    CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_app_group_add },
	{ "GET",    "/sys/v1/apps/:app_id/groups/:group_id", "Crypto:GetAppGroup",    CALLER_ANY,   NONE, 0, &crypto_app_group_show },
	{ "PATCH",  "/sys/v1/apps/:app_id/groups/:group_id", "Crypto:UpdateAppGroup", CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_app_group_change },
	{ "DELETE", "/sys/v1/apps/:app_id/groups/:group_id", "Crypto:RemoveAppGroup", CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_app_group_leave },

	/* Users and the account */
	{ "GET",    "/sys/v1/users",          "Crypto:ListUsers",  CALLER_ANY,   NONE, 0, &crypto_user_list },
	{ "POST",   "/sys/v1/users",          "Crypto:CreateUser", CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_user_create },
	{ "POST",   "/sys/v1/users/invite",   "Crypto:InviteUser", CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_user_invite },
	{ "GET",    "/sys/v1/users/accounts", "Crypto:ListOwnAccounts", CALLER_ANY, NONE, 0, &crypto_user_accounts },
	{ "GET",    "/sys/v1/users/permissions", "Crypto:ListOwnPermissions", CALLER_ANY, NONE, 0, &crypto_user_permissions },
	{ "POST",   "/sys/v1/users/change_password", "Crypto:ChangePassword", CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_password_change },
	{ "POST",   "/sys/v1/users/process_invite",  "Crypto:ProcessInvite",  CALLER_ADMIN, ROUTE_SENSITIVE, SMALL, &crypto_process_invite },
	{ "POST",   "/sys/v1/users/forgot_password", "Crypto:ForgotPassword", CALLER_NOBODY, ROUTE_SENSITIVE, SMALL, &crypto_password_forgot },
	{ "GET",    "/sys/v1/users/:user_id", "Crypto:GetUser",    CALLER_ANY,   NONE, 0, &crypto_user_show },
	{ "PATCH",  "/sys/v1/users/:user_id", "Crypto:UpdateUser", CALLER_ADMIN, ROUTE_AUDITED, WITH_FACTOR, &crypto_user_change },
	{ "DELETE", "/sys/v1/users/:user_id", "Crypto:RemoveUser", CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_user_remove },
	{ "DELETE", "/sys/v1/users/:user_id/accounts",       "Crypto:RemoveUser",    CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_user_remove },
	{ "POST",   "/sys/v1/users/:user_id/resend_invite",  "Crypto:InviteUser",    CALLER_ADMIN, ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_user_invite_again },
	{ "POST",   "/sys/v1/users/:user_id/validate_token", "Crypto:ValidateCode",  CALLER_NOBODY, ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_code_validate },
	{ "POST",   "/sys/v1/users/:user_id/reset_password", "Crypto:ResetPassword", CALLER_NOBODY, ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_password_reset },
	{ "GET",    "/sys/v1/accounts",          "Crypto:ListAccounts",  CALLER_ANY,   NONE, 0, &crypto_account_list },
	{ "GET",    "/sys/v1/accounts/:acct_id", "Crypto:GetAccount",    CALLER_ANY,   NONE, 0, &crypto_account_show },
	{ "PATCH",  "/sys/v1/accounts/:acct_id", "Crypto:UpdateAccount", CALLER_ADMIN, ROUTE_AUDITED, SOBJECT, &crypto_account_change },

	/* The log */
	{ "GET",    "/sys/v1/logs", "Crypto:ReadLog", CALLER_ADMIN, ROUTE_AUDITED, 0, &crypto_logs },

	/* Groups and their connections */
	{ "GET",    "/sys/v1/groups", "Crypto:ListGroups", CALLER_ANY, NONE, 0, &crypto_group_list },
	{ "POST",   "/sys/v1/groups", "Crypto:CreateGroup", CALLER_ADMIN, CHANGES, CRYPTO_BODY_MAX, &crypto_group_create },
	{ "POST",   "/sys/v1/groups/hmg/check", "Crypto:CheckConnection", CALLER_ADMIN, CHANGES | ROUTE_SENSITIVE, CRYPTO_BODY_MAX, &crypto_link_check },
	{ "GET",    "/sys/v1/groups/:group_id", "Crypto:GetGroup", CALLER_ANY, NONE, 0, &crypto_group_get },
	{ "PATCH",  "/sys/v1/groups/:group_id", "Crypto:UpdateGroup", CALLER_ADMIN, CHANGES, CRYPTO_BODY_MAX, &crypto_group_change },
	{ "DELETE", "/sys/v1/groups/:group_id", "Crypto:DeleteGroup", CALLER_ADMIN, ROUTE_AUDITED, 0, &crypto_group_remove },
	{ "POST",   "/sys/v1/groups/:group_id/replace_approval_policy", "Crypto:ReplaceLostPolicy", CALLER_ADMIN, ROUTE_AUDITED, SOBJECT, &crypto_group_replace_policy },
	{ "POST",   "/sys/v1/groups/:group_id/hmg/check", "Crypto:CheckGroupConnection", CALLER_ADMIN, CHANGES | ROUTE_SENSITIVE, CRYPTO_BODY_MAX, &crypto_group_link_check },

	/* What is in a slot */
	{ "POST",   "/sys/v1/groups/:group_id/hmg/scan", "Crypto:Scans:Run", CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_scan_now },
	{ "POST",   "/sys/v1/groups/:group_id/hmg/scans", "Crypto:Scans:Begin", CALLER_ADMIN, ROUTE_AUDITED, SMALL, &crypto_scan_begin },
	{ "GET",    "/sys/v1/groups/:group_id/hmg/scans", "Crypto:Scans:List", CALLER_ANY, NONE, 0, &crypto_scans_list },
	{ "GET",    "/sys/v1/groups/:group_id/hmg/scans/:scan_id", "Crypto:Scans:Read", CALLER_ANY, NONE, 0, &crypto_scan_get },

	/* Security objects */
	{ "POST",   "/crypto/v1/keys", "Crypto:CreateSobject", CALLER_ANY, ROUTE_AUDITED, SOBJECT, &crypto_key_generate },
	{ "PUT",    "/crypto/v1/keys", "Crypto:ImportSobject", CALLER_ANY, ROUTE_AUDITED | ROUTE_SECRET, CRYPTO_BODY_MAX, &crypto_key_import },
	{ "GET",    "/crypto/v1/keys", "Crypto:ListSobjects", CALLER_ANY, NONE, 0, &crypto_key_list },
	{ "POST",   "/crypto/v1/keys/info", "Crypto:GetSobject", CALLER_ANY, NONE, SMALL, &crypto_key_info },
	{ "POST",   "/crypto/v1/keys/kcv", "Crypto:GetKcv", CALLER_ANY, NONE, SMALL, &crypto_key_kcv },
	{ "POST",   "/crypto/v1/keys/kcv/verify", "Crypto:VerifyKcv", CALLER_ANY, ROUTE_SECRET, SMALL, &crypto_kcv_verify },
	{ "POST",   "/crypto/v1/keys/digest", "Crypto:DigestSobject", CALLER_APP, ROUTE_AUDITED | ROUTE_SECRET, SMALL, &crypto_key_digest },
	{ "POST",   "/crypto/v1/keys/components/export", "Crypto:ExportComponents", CALLER_APP, ROUTE_SECRET, SMALL, &crypto_key_components },
	{ "POST",   "/crypto/v1/keys/components/import", "Crypto:ImportComponents", CALLER_APP, ROUTE_SECRET, SMALL, &crypto_key_components },
	{ "POST",   "/crypto/v1/keys/key_attestation", "Crypto:AttestKey", CALLER_APP, NONE, SMALL, &crypto_key_attestation },
	{ "POST",   "/crypto/v1/keys/rekey", "Crypto:RotateSobject", CALLER_ANY, ROUTE_AUDITED, SOBJECT, &crypto_key_rekey },
	{ "POST",   "/crypto/v1/keys/replace", "Crypto:ReplaceSobject", CALLER_ANY, ROUTE_AUDITED, SMALL, &crypto_key_replace },
	{ "POST",   "/crypto/v1/keys/copy", "Crypto:CopySobject", CALLER_ANY, ROUTE_AUDITED, SOBJECT, &crypto_key_copy },
	{ "POST",   "/crypto/v1/keys/export", "Crypto:ExportSobject", CALLER_APP, ROUTE_AUDITED | ROUTE_SECRET, SMALL, &crypto_key_export },
	{ "POST",   "/crypto/v1/keys/persist", "Crypto:PersistTransientKey", CALLER_APP, ROUTE_AUDITED | ROUTE_SECRET, SOBJECT, &crypto_key_persist },
	{ "GET",    "/crypto/v1/keys/:key_id", "Crypto:GetSobject", CALLER_ANY, NONE, 0, &crypto_key_get },
	{ "PATCH",  "/crypto/v1/keys/:key_id", "Crypto:UpdateSobject", CALLER_ANY, ROUTE_AUDITED, SOBJECT, &crypto_key_update },
	{ "DELETE", "/crypto/v1/keys/:key_id", "Crypto:DeleteSobject", CALLER_ANY, ROUTE_AUDITED, 0, &crypto_key_delete },
	{ "POST",   "/crypto/v1/keys/:key_id/activate", "Crypto:ActivateSobject", CALLER_ANY, ROUTE_AUDITED, SMALL, &crypto_key_activate },
	{ "POST",   "/crypto/v1/keys/:key_id/revoke", "Crypto:RevokeSobject", CALLER_ANY, ROUTE_AUDITED, SMALL, &crypto_key_revoke },
	{ "POST",   "/crypto/v1/keys/:key_id/destroy", "Crypto:DestroySobject", CALLER_ANY, ROUTE_AUDITED, SMALL, &crypto_key_destroy },
	{ "DELETE", "/crypto/v1/keys/:key_id/private", "Crypto:RemovePrivate", CALLER_ANY, ROUTE_AUDITED, 0, &crypto_key_drop_private },
	{ "PUT",    "/crypto/v1/keys/:key_id/revert", "Crypto:RevertPrevKeyOp", CALLER_ANY, ROUTE_AUDITED, SMALL, &crypto_key_revert },
	{ "GET",    "/crypto/v1/pubkey/:acct_id/:name", "Crypto:GetPubkey", CALLER_NOBODY, NONE, 0, &crypto_public_key },
	/* … as old clients have it */
	{ "GET",    "/crypto/v1/keys/:key_id/export", "Crypto:ExportSobject", CALLER_APP, ROUTE_AUDITED | ROUTE_SECRET, 0, &crypto_key_export },
	{ "POST",   "/crypto/v1/keys/:key_id/export", "Crypto:ExportSobject", CALLER_APP, ROUTE_AUDITED | ROUTE_SECRET, SMALL, &crypto_key_export },

	/* Operations on keys */
	{ "POST",   "/crypto/v1/encrypt", "Crypto:Encrypt", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_encrypt },
	{ "POST",   "/crypto/v1/decrypt", "Crypto:Decrypt", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_decrypt },
	{ "POST",   "/crypto/v1/sign", "Crypto:Sign", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_sign },
	{ "POST",   "/crypto/v1/verify", "Crypto:Verify", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_verify },
	{ "POST",   "/crypto/v1/mac", "Crypto:Mac", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_mac },
	{ "POST",   "/crypto/v1/macverify", "Crypto:MacVerify", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_mac_verify },
	{ "POST",   "/crypto/v1/wrapkey", "Crypto:WrapKey", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_wrap },
	{ "POST",   "/crypto/v1/unwrapkey", "Crypto:UnwrapKey", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_unwrap },
	{ "POST",   "/crypto/v1/derive", "Crypto:Derive", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_derive },
	{ "POST",   "/crypto/v1/agree", "Crypto:Agree", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_agree },
	{ "POST",   "/crypto/v1/random", "Crypto:Random", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_random },
	{ "POST",   "/crypto/v1/keys/generate_data_key", "Crypto:GenerateDataKey", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_data_key },
	{ "POST",   "/crypto/v1/digest", "Crypto:Digest", CALLER_ANY, ROUTE_SECRET, CRYPTO_BODY_MAX, &crypto_digest },
	{ "POST",   "/crypto/v1/encrypt/init", "Crypto:EncryptInit", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_encrypt_init },
	{ "POST",   "/crypto/v1/encrypt/update", "Crypto:EncryptUpdate", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_encrypt_update },
	{ "POST",   "/crypto/v1/encrypt/final", "Crypto:EncryptFinal", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_encrypt_final },
	{ "POST",   "/crypto/v1/decrypt/init", "Crypto:DecryptInit", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_decrypt_init },
	{ "POST",   "/crypto/v1/decrypt/update", "Crypto:DecryptUpdate", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_decrypt_update },
	{ "POST",   "/crypto/v1/decrypt/final", "Crypto:DecryptFinal", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_decrypt_final },
	{ "POST",   "/crypto/v1/transform",   "Crypto:Transform",   CALLER_APP, ROUTE_SECRET, SMALL, &crypto_no_mechanism },
	{ "POST",   "/crypto/v1/encapsulate", "Crypto:Encapsulate", CALLER_APP, ROUTE_SECRET, SMALL, &crypto_no_mechanism },
	{ "POST",   "/crypto/v1/decapsulate", "Crypto:Decapsulate", CALLER_APP, ROUTE_SECRET, SMALL, &crypto_no_mechanism },
	/* … as old clients have them */
	{ "POST",   "/crypto/v1/keys/:key_id/encrypt", "Crypto:Encrypt", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_encrypt },
	{ "POST",   "/crypto/v1/keys/:key_id/decrypt", "Crypto:Decrypt", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_decrypt },
	{ "POST",   "/crypto/v1/keys/:key_id/sign", "Crypto:Sign", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_sign },
	{ "POST",   "/crypto/v1/keys/:key_id/verify", "Crypto:Verify", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_verify },
	{ "POST",   "/crypto/v1/keys/:key_id/mac", "Crypto:Mac", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_mac },
	{ "POST",   "/crypto/v1/keys/:key_id/macverify", "Crypto:MacVerify", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_mac_verify },
	{ "POST",   "/crypto/v1/keys/:key_id/wrapkey", "Crypto:WrapKey", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_wrap },
	{ "POST",   "/crypto/v1/keys/:key_id/unwrapkey", "Crypto:UnwrapKey", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_unwrap },
	{ "POST",   "/crypto/v1/keys/:key_id/derive", "Crypto:Derive", CALLER_APP, USES_KEY, CRYPTO_BODY_MAX, &crypto_derive },

	/* Batches */
	{ "POST",   "/crypto/v1/keys/batch/encrypt", "Crypto:BatchEncrypt", CALLER_APP, USES_KEY, CRYPTO_BATCH_BODY_MAX, &crypto_batch_encrypt },
	{ "POST",   "/crypto/v1/keys/batch/decrypt", "Crypto:BatchDecrypt", CALLER_APP, USES_KEY, CRYPTO_BATCH_BODY_MAX, &crypto_batch_decrypt },
	{ "POST",   "/crypto/v1/keys/batch/sign", "Crypto:BatchSign", CALLER_APP, USES_KEY, CRYPTO_BATCH_BODY_MAX, &crypto_batch_sign },
	{ "POST",   "/crypto/v1/keys/batch/verify", "Crypto:BatchVerify", CALLER_APP, USES_KEY, CRYPTO_BATCH_BODY_MAX, &crypto_batch_verify },
	{ "POST",   "/batch/v1", "Crypto:Batch", CALLER_ANY, ROUTE_SECRET, CRYPTO_BATCH_BODY_MAX, &crypto_generic_batch },

	/* Approvals */
	{ "POST",   "/sys/v1/approval_requests", "Crypto:Approvals:Create", CALLER_ANY, ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE, CRYPTO_BODY_MAX, &crypto_approval_ask },
	{ "GET",    "/sys/v1/approval_requests", "Crypto:Approvals:List", CALLER_ANY, ROUTE_SECRET | ROUTE_SENSITIVE, 0, &crypto_approval_list },
	{ "GET",    "/sys/v1/approval_requests/:req_id", "Crypto:Approvals:Read", CALLER_ANY, ROUTE_SECRET | ROUTE_SENSITIVE, 0, &crypto_approval_get },
	{ "DELETE", "/sys/v1/approval_requests/:req_id", "Crypto:Approvals:Withdraw", CALLER_ANY, ROUTE_AUDITED | ROUTE_SENSITIVE, 0, &crypto_approval_withdraw },
	{ "POST",   "/sys/v1/approval_requests/:req_id/approve", "Crypto:Approvals:Approve", CALLER_ANY, ROUTE_AUDITED | ROUTE_SECRET | ROUTE_SENSITIVE, WITH_FACTOR, &crypto_approval_approve },
	{ "POST",   "/sys/v1/approval_requests/:req_id/challenge", "Crypto:Approvals:Challenge", CALLER_ANY, ROUTE_SENSITIVE, SMALL, &crypto_approval_challenge },
	{ "POST",   "/sys/v1/approval_requests/:req_id/deny", "Crypto:Approvals:Deny", CALLER_ANY, ROUTE_AUDITED | ROUTE_SENSITIVE, SMALL, &crypto_approval_deny },
	{ "POST",   "/sys/v1/approval_requests/:req_id/result", "Crypto:Approvals:Result", CALLER_ANY, ROUTE_SECRET | ROUTE_SENSITIVE, SMALL, &crypto_approval_result },
};
// clang-format on

const size_t crypto_route_count = HF_COUNT(crypto_routes);
