/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/file_mark.h"

#include <sys/stat.h>

void file_marks(const char *const *paths, size_t n, struct file_mark *to)
{
	for (size_t i = 0; i < n; i++) {
		struct stat st;

		to[i] = (struct file_mark){ 0 };
		if (paths[i] && stat(paths[i], &st) == 0)
			to[i] = (struct file_mark){
				.device = st.st_dev,
				.inode = st.st_ino,
				.size = st.st_size,
				.changed_s = st.st_mtim.tv_sec,
				.changed_ns = st.st_mtim.tv_nsec,
			};
	}
}

bool file_marks_same(const struct file_mark *a, const struct file_mark *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].device != b[i].device || a[i].inode != b[i].inode ||
		    a[i].size != b[i].size || a[i].changed_s != b[i].changed_s ||
		    a[i].changed_ns != b[i].changed_ns)
			return false;
	return true;
}
