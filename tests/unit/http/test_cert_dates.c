/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "http/cert_dates.h"

#include <stdio.h>
#include <string.h>

#define DAY INT64_C(86400)
#define NOW (1000 * DAY)

static struct tls_date date(enum tls_date_kind kind, const char *name, int64_t until_s)
{
	struct tls_date d = { .kind = kind, .until_s = until_s };

	snprintf(d.name, sizeof(d.name), "%s", name);
	return d;
}

static void count(void *ctx, const char *words)
{
	unsigned *n = ctx;

	CHECK(strstr(words, "CN="));
	(*n)++;
}

static unsigned near(struct cert_dates *c)
{
	unsigned n = 0;

	cert_dates_near(c, NOW, count, &n);
	return n;
}

static void only_what_ends_within_two_weeks_is_near(void **state)
{
	HF_CLEANUP(cert_dates_free_at) struct cert_dates *c = NULL;
	const struct tls_date dates[] = { date(TLS_DATE_OWN, "CN=far", NOW + 15 * DAY),
		                          date(TLS_DATE_OWN, "CN=near", NOW + 13 * DAY),
		                          date(TLS_DATE_CRL, "CN=over", NOW - DAY) };

	CHECK_OK(cert_dates_new(&c));
	cert_dates_set(c, "api", dates, HF_COUNT(dates));
	assert_int_equal(near(c), 2);
	cert_dates_set(c, "driver", dates, 1);
	assert_int_equal(near(c), 2);
	cert_dates_set(c, "api", dates, 1);
	assert_int_equal(near(c), 0);
}

/* Two samples of the same labels would make Prometheus refuse the whole page. */
static void a_name_stands_in_the_metrics_once(void **state)
{
	HF_CLEANUP(cert_dates_free_at) struct cert_dates *c = NULL;
	HF_BUF_SCOPED struct hf_buf page = HF_BUF(1u << 20);
	const struct tls_date dates[] = { date(TLS_DATE_AUTHORITY, "CN=root", NOW + 9 * DAY),
		                          date(TLS_DATE_AUTHORITY, "CN=root", NOW + 5 * DAY),
		                          date(TLS_DATE_CRL, "CN=root", NOW + DAY),
		                          date(TLS_DATE_CRL, "CN=root", NOW + 2 * DAY) };
	const char *first;

	CHECK_OK(cert_dates_new(&c));
	cert_dates_set(c, "driver", dates, HF_COUNT(dates));
	cert_dates_write(c, NOW, &page);
	hf_buf_u8(&page, 0);
	first = strstr((char *)page.ptr, "name=\"CN=root\"} 432000\n");
	CHECK(first && !strstr((char *)page.ptr, "777600"));
	CHECK(strstr((char *)page.ptr, "name=\"CN=root\"} 172800\n"));
	CHECK(!strstr((char *)page.ptr, "} 86400\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_ends_within_two_weeks_is_near),
		cmocka_unit_test(a_name_stands_in_the_metrics_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
