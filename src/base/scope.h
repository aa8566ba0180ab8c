/* SPDX-License-Identifier: Apache-2.0
 * Clean-up by scope: locals that own something are released when their scope ends.
 * Ownership moves out by hf_take(), which leaves NULL behind. Destructors accept NULL. */
#ifndef HF_BASE_SCOPE_H
#define HF_BASE_SCOPE_H

#include <stdlib.h>
#include <unistd.h>

#define HF_CLEANUP(fn) __attribute__((cleanup(fn)))

/* HF_DEFINE_CLEANUP(db_close, struct db *) defines db_close_at for HF_CLEANUP(db_close_at). */
#define HF_DEFINE_CLEANUP(fn, type)                                                                \
	static inline void fn##_at(type *p)                                                        \
	{                                                                                          \
		if (*p)                                                                            \
			fn(*p);                                                                    \
	}

static inline void hf_free_at(void *p)
{
	free(*(void **)p);
}

static inline void hf_fd_close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define HF_FREE HF_CLEANUP(hf_free_at)
#define HF_FD HF_CLEANUP(hf_fd_close_at)

#define hf_take(p)                                                                                 \
	({                                                                                         \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})

#define HF_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
