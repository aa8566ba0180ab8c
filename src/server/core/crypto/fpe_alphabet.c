/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/crypto/fpe_tree.h"

int64_t alphabet_value(const struct alphabet *a, uint32_t c)
{
	uint32_t before = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (c >= a->range[i].from && c <= a->range[i].to)
			return before + (c - a->range[i].from);
		before += a->range[i].to - a->range[i].from + 1;
	}
	return -1;
}

uint32_t alphabet_char(const struct alphabet *a, uint32_t value)
{
	for (size_t i = 0; i < a->n; i++) {
		uint32_t size = a->range[i].to - a->range[i].from + 1;

		if (value < size)
			return a->range[i].from + value;
		value -= size;
	}
	return 0;
}

bool alphabet_is_digits(const struct alphabet *a)
{
	return a->n == 1 && a->range[0].from == '0' && a->range[0].to == '9';
}

uint64_t alphabet_common(const struct alphabet *a, const struct alphabet *b)
{
	uint64_t common = 0;

	for (size_t i = 0; i < a->n; i++) {
		for (size_t j = 0; j < b->n; j++) {
			uint32_t from = a->range[i].from > b->range[j].from ? a->range[i].from
			                                                    : b->range[j].from;
			uint32_t to =
			        a->range[i].to < b->range[j].to ? a->range[i].to : b->range[j].to;

			if (from <= to)
				common += to - from + 1;
		}
	}
	return common;
}

bool positions_have(const struct positions *p, uint32_t at, uint32_t len)
{
	if (p->all)
		return true;
	for (size_t i = 0; i < p->n; i++) {
		int64_t place = p->at[i] < 0 ? (int64_t)len + p->at[i] : p->at[i];

		if (place == at)
			return true;
	}
	return false;
}
