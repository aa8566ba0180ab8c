/* SPDX-License-Identifier: Apache-2.0 */
#include "os/memory.h"

#include <malloc.h>

enum { KEPT = 16 << 20 };

void os_memory_keep(void)
{
	mallopt(M_TRIM_THRESHOLD, KEPT);
}
