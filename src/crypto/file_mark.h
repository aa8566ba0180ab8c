/* SPDX-License-Identifier: Apache-2.0
 * Has a file changed since it was read? By inode, size and time of change, which costs one system
 * call and opens nothing. */
#ifndef HF_CRYPTO_FILE_MARK_H
#define HF_CRYPTO_FILE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_mark {
	uint64_t device, inode;
	int64_t size, changed_s, changed_ns; /* all 0: there is no such file */
};

/* Of each path that is not NULL. Take the marks before reading the files: what changes while they
 * are read is then noticed the next time. */
void file_marks(const char *const *paths, size_t n, struct file_mark *to);
bool file_marks_same(const struct file_mark *a, const struct file_mark *b, size_t n);

#endif
