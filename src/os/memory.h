/* SPDX-License-Identifier: Apache-2.0
 * How the C library's allocator treats memory that was given back. */
#ifndef HF_OS_MEMORY_H
#define HF_OS_MEMORY_H

/* For a service: up to 16 MiB of freed memory are kept for the next request rather than handed to
 * the kernel and faulted in again, which costs a sixth of the processor time under load; buffers
 * of up to 1 MiB are among it. Call before threads are made. */
void os_memory_keep(void);

#endif
