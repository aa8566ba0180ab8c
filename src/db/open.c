/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db.h"

#include "base/clock.h"
#include "base/log.h"

#include <poll.h>

enum { PAUSE_BASE_MS = 100, PAUSE_CAP_MS = 1000 };

/* False: stopped. */
static bool pause_for(int64_t ms, int stop_fd)
{
	struct pollfd fd = { .fd = stop_fd, .events = POLLIN };

	return poll(&fd, 1, (int)ms) <= 0 || !fd.revents;
}

hf_status db_open_patiently(const struct db_config *config, int wait_ms, int stop_fd,
                            struct db **ret, struct hf_err *err)
{
	int64_t until_ms = hf_mono_ms() + wait_ms, left;
	struct hf_err why = { 0 };
	hf_status s;

	for (unsigned attempt = 0;; attempt++) {
		int64_t pause_ms = hf_backoff_ms(attempt, PAUSE_BASE_MS, PAUSE_CAP_MS);

		s = db_open(config, ret, &why);
		left = until_ms - hf_mono_ms();
		if (s.code != HF_BUSY || left <= 0)
			break;
		if (attempt == 0)
			HF_WARN("the database is away; waiting for it", HF_KS("reason", why.text),
			        HF_KI("seconds", wait_ms / 1000));
		if (!pause_for(pause_ms < left ? pause_ms : left, stop_fd))
			return hf_fail(err, HF_CLOSED, "stopped while waiting for the database");
	}
	if (hf_ok(s))
		return s;
	return hf_fail(err, s.code, "%s", why.text);
}
