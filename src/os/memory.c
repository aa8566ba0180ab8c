/* SPDX-License-Identifier: Apache-2.0 */
#include "os/memory.h"

#include <malloc.h>

enum { KEPT = 16 << 20, LARGE = 1 << 20 };

/* Setting the one stops glibc from raising the other by itself, and then each buffer of 128 KB,
 * such as a batch's, would be mapped and unmapped, page by page. */
void os_memory_keep(void)
{
	mallopt(M_TRIM_THRESHOLD, KEPT);
	mallopt(M_MMAP_THRESHOLD, LARGE);
}
