/* SPDX-License-Identifier: Apache-2.0 */
#include "os/self.h"

#include "base/scope.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static hf_status self_dir(char to[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", to, PATH_MAX - 1);
	char *slash;

	HF_ENSURE(n > 0, HF_IO);
	to[n] = 0;
	slash = strrchr(to, '/');
	HF_ENSURE(slash, HF_IO);
	*slash = 0;
	return HF_SUCCESS;
}

hf_status os_helper_path(const char *name, char *to, size_t cap, struct hf_err *err)
{
	static const char *const places[] = { "", "/../libexec/holdfast", "/../signer" };
	char dir[PATH_MAX], path[PATH_MAX + 64];

	if (!hf_ok(self_dir(dir)))
		return hf_fail(err, HF_IO, "cannot find our own executable: is /proc mounted?");
	for (size_t i = 0; i < HF_COUNT(places); i++) {
		snprintf(path, sizeof(path), "%s%s/%s", dir, places[i], name);
		if (access(path, X_OK) != 0)
			continue;
		HF_ENSURE((size_t)snprintf(to, cap, "%s", path) < cap, HF_TOOBIG);
		return HF_SUCCESS;
	}
	return hf_fail(err, HF_NOTFOUND, "%s is neither in %s nor in %s%s: reinstall Holdfast",
	               name, dir, dir, places[1]);
}
