/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>

static size_t whole_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

hf_status hf_secret_new(size_t cap, struct hf_secret *ret)
{
	size_t size = whole_pages(cap ? cap : 1);
	uint8_t *p;

	HF_ENSURE(cap <= HF_SECRET_MAX, HF_TOOBIG);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	HF_ENSURE(p != MAP_FAILED, HF_NOMEM);
	if (mlock(p, size) != 0 || madvise(p, size, MADV_DONTDUMP) != 0 ||
	    madvise(p, size, MADV_WIPEONFORK) != 0) {
		munmap(p, size);
		return HF_FAILURE(HF_NOMEM);
	}
	*ret = (struct hf_secret){ .ptr = p, .len = cap, .cap = cap };
	return HF_SUCCESS;
}

hf_status hf_secret_copy(const void *from, size_t len, struct hf_secret *ret)
{
	struct hf_secret copy;

	HF_TRY(hf_secret_new(len, &copy));
	if (len)
		memcpy(copy.ptr, from, len);
	*ret = copy;
	return HF_SUCCESS;
}

void hf_secret_done(struct hf_secret *s)
{
	if (!s || !s->ptr)
		return;
	hf_wipe(s->ptr, s->cap);
	munmap(s->ptr, whole_pages(s->cap ? s->cap : 1));
	*s = (struct hf_secret){ 0 };
}

bool hf_secret_equal(const struct hf_secret *s, const void *other, size_t len)
{
	return s->len == len && hf_equal_ct(s->ptr, other, len);
}

struct hf_secret hf_secret_take(struct hf_secret *s)
{
	struct hf_secret out = *s;

	*s = (struct hf_secret){ 0 };
	return out;
}

void hf_wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}

bool hf_equal_ct(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}
