/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/core.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "server/store/secret_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_FILE_LEN 32

static hf_status check_file(int fd, const char *path, struct hf_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return hf_fail(err, HF_IO, "cannot look at the secret file %s: %s", path,
		               strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hf_fail(err, HF_DENIED, "the secret file %s is not a regular file", path);
	if (st.st_mode & 077)
		return hf_fail(err, HF_DENIED,
		               "the secret file %s can be read by others: chmod 600 %s", path,
		               path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hf_fail(err, HF_DENIED,
		               "the secret file %s belongs to another user: chown it to the one "
		               "that runs the server",
		               path);
	if (st.st_size != SECRET_FILE_LEN)
		return hf_fail(err, HF_INVALID,
		               "the secret file %s has %lld bytes instead of %d: it is not one "
		               "that holdfast server init made",
		               path, (long long)st.st_size, SECRET_FILE_LEN);
	return HF_SUCCESS;
}

static hf_status read_file(const char *path, struct hf_secret *ret, struct hf_err *err)
{
	HF_SECRET struct hf_secret secret = { 0 };
	HF_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return hf_fail(err, HF_IO,
		               "there is no secret file %s: make it with holdfast server init",
		               path);
	if (fd < 0)
		return hf_fail(err, HF_IO, "cannot open the secret file %s: %s", path,
		               strerror(errno));
	HF_TRY(check_file(fd, path, err));
	if (!hf_ok(hf_secret_new(SECRET_FILE_LEN, &secret)))
		return hf_fail(err, HF_NOMEM,
		               "no locked memory for secrets: raise RLIMIT_MEMLOCK (ulimit -l)");
	if (read(fd, secret.ptr, secret.len) != (ssize_t)secret.len)
		return hf_fail(err, HF_IO, "cannot read the secret file %s", path);
	*ret = hf_secret_take(&secret);
	return HF_SUCCESS;
}

static hf_status derive(const struct hf_secret *from, const char *label, struct hf_secret *ret)
{
	return hkdf_sha256(HF_SPAN(from->ptr, from->len), hf_span_text("holdfast server"),
	                   hf_span_text(label), CORE_KEY_LEN, ret);
}

static hf_status derive_fingerprint(const struct hf_secret *from, char to[2 * CORE_KEY_LEN + 1])
{
	HF_SECRET struct hf_secret derived = { 0 };

	HF_TRY(derive(from, "fingerprint", &derived));
	hf_hex(derived.ptr, derived.len, to);
	return HF_SUCCESS;
}

static hf_status derive_all(const struct hf_secret *from, struct core_secrets *to)
{
	HF_TRY(derive(from, "token seed", &to->token_seed));
	HF_TRY(derive(from, "token seeds", &to->token_root));
	HF_TRY(derive(from, "ticket mac", &to->ticket_mac));
	HF_TRY(derive(from, "challenge mac", &to->challenge_mac));
	HF_TRY(derive(from, "user action mac", &to->action_mac));
	HF_TRY(derive_fingerprint(from, to->fingerprint));
	HF_TRY(derive(from, "storage key", &to->storage_key));
	return derive(from, "paging mac", &to->paging_mac);
}

hf_status core_secrets_load(const char *path, struct core_secrets *ret, struct hf_err *err)
{
	HF_SECRET struct hf_secret secret = { 0 };
	struct core_secrets derived = { 0 };
	hf_status s;

	HF_TRY(read_file(path, &secret, err));
	s = derive_all(&secret, &derived);
	if (!hf_ok(s)) {
		core_secrets_done(&derived);
		return hf_fail(err, s.code, "cannot derive keys from the secret file: %s",
		               hf_code_name(s.code));
	}
	*ret = derived;
	return HF_SUCCESS;
}

hf_status core_token_seed(const struct core_secrets *s, int64_t generation, struct hf_secret *ret)
{
	char label[64];

	if (generation == 1)
		return hf_secret_copy(s->token_seed.ptr, s->token_seed.len, ret);
	snprintf(label, sizeof(label), "token seed %lld", (long long)generation);
	return derive(&s->token_root, label, ret);
}

hf_status core_secrets_check(const struct core_secrets *s, struct db *db, struct hf_err *err)
{
	bool same = false;
	hf_status status = secret_row_compare(db, s->fingerprint, &same);

	if (!hf_ok(status))
		return hf_fail(err, status.code,
		               "cannot compare the secret with the database's: %s", db_error(db));
	if (!same)
		return hf_fail(err, HF_STATE,
		               "this database belongs to servers with another secret file, who "
		               "would refuse this one's tokens as it would theirs: copy the file "
		               "that holdfast server init made, or name it with --secret-file");
	return HF_SUCCESS;
}

void core_secrets_done(struct core_secrets *s)
{
	hf_secret_done(&s->token_seed);
	hf_secret_done(&s->token_root);
	hf_secret_done(&s->ticket_mac);
	hf_secret_done(&s->challenge_mac);
	hf_secret_done(&s->action_mac);
	hf_secret_done(&s->paging_mac);
	hf_secret_done(&s->storage_key);
}
