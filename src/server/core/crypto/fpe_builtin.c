/* SPDX-License-Identifier: Apache-2.0
 * Formats by name. They are options as anybody could write them, but for `any_length` of an
 * address's numbers. */
#include "server/core/crypto/fpe_format.h"

#include <string.h>

#define DIGITS "\"char_set\": [[\"0\", \"9\"]]"
#define FIXED(n) "\"min_length\": " n ", \"max_length\": " n ", " DIGITS
#define LUHN ", \"constraints\": {\"luhn_check\": true}"
#define LITERAL(list) "{\"literal\": [" list "]}"
#define BETWEEN(above, below) ", \"constraints\": {\"num_gt\": " above ", \"num_lt\": " below "}"
#define OCTET                                                                                      \
	"{\"min_length\": 1, \"max_length\": 3, " DIGITS BETWEEN("-1", "256") ", \"any_length\": " \
	                                                                      "true}"
#define DATE_PART(n, part) "{" FIXED(n) ", \"constraints\": {\"date\": \"" part "\"}}"
#define CARD "{\"min_length\": 13, \"max_length\": 19, " DIGITS

static const struct {
	const char *name, *format;
} formats[] = {
	{ "credit_card",
	  CARD ", \"mask\": [0, 1, 2, 3, 4, 5, 6, 7, 8, -5, -6, -7, -8, -9, -10]" LUHN "}" },
	{ "credit_card_keep_first", CARD ", \"preserve\": [0, 1, 2, 3, 4, 5], \"mask\": [6, 7, 8, "
	                                 "9, 10, 11, 12, 13, 14, 15, 16, 17, "
	                                 "18]" LUHN "}" },
	{ "credit_card_keep_last", CARD
	  ", \"preserve\": [-1, -2, -3, -4], \"mask\": [0, 1, 2, 3, 4, 5, 6, 7, 8, -5, -6, -7, -8, "
	  "-9, -10]" LUHN "}" },
	/* Six digits are between: a check digit of its own would leave too few. */
	{ "credit_card_keep_both", "{\"min_length\": 16, \"max_length\": 19, " DIGITS
	                           ", \"preserve\": [0, 1, 2, 3, 4, 5, -1, -2, -3, -4], \"mask\": "
	                           "[6, 7, 8, -5, -6, -7]}" },
	{ "ssn", "{\"concat\": [{" FIXED(
	                 "3") ", \"mask\": \"all\", \"constraints\": {\"num_gt\": 0, "
	                      "\"num_lt\": 900, \"num_ne\": [666]}}, " LITERAL("\"-\", \" \", \"\"") ", {" FIXED(
	                              "2") ", \"mask\": \"all\"" BETWEEN("0",
	                                                                 "100") "}, " LITERAL("\"-"
	                                                                                      "\", "
	                                                                                      "\" "
	                                                                                      "\", "
	                                                                                      "\""
	                                                                                      "\"") ", {" FIXED("4")
	                              BETWEEN("0", "10000") "}]}" },
	{ "imsi", "{\"min_length\": 14, \"max_length\": 15, " DIGITS
	          ", \"preserve\": [0, 1, 2, 3, 4, 5]}" },
	{ "imei", "{" FIXED("15") ", \"preserve\": [0, 1, 2, 3, 4, 5, 6, 7]" LUHN "}" },
	{ "ipv4", "{\"concat\": [" OCTET ", " LITERAL("\".\"") ", " OCTET ", " LITERAL(
	                  "\".\"") ", " OCTET ", " LITERAL("\".\"") ", " OCTET "]}" },
	{ "us_phone", "{\"concat\": [" LITERAL("\"(\", \"\"") ", {" FIXED("3") BETWEEN(
	                      "199", "1000") "}, " LITERAL("\") \", \")-\", \"-\", \".\", \" \", "
	                                                   "\"\"") ", {" FIXED("3")
	                      BETWEEN("199", "1000") "}, " LITERAL(
	                              "\"-\", \".\", \" \", \"\"") ", {" FIXED("4") "}]}" },
	{ "email",
	  "{\"concat\": [{\"min_length\": 4, \"max_length\": 64, \"char_set\": [[\"a\", \"z\"], "
	  "[\"A\", \"Z\"], [\"0\", \"9\"], [\".\", \".\"], [\"_\", \"_\"], [\"-\", \"-\"], [\"+\", "
	  "\"+\"]]}, " LITERAL("\"@\"") ", {\"min_length\": 1, \"max_length\": 253, \"char_set\": "
	                                "[[\"!\", \"~\"]], "
	                                "\"preserve\": \"all\"}]}" },
	{ "date",
	  "{\"concat\": [" DATE_PART("4", "year") ", " LITERAL(
	          "\"-\", \"/\", \".\"") ", " DATE_PART("2",
	                                                "month") ", " LITERAL("\"-\", \"/\", "
	                                                                      "\".\"") ","
	                                                                               " " DATE_PART(
	                                                                                       "2",
	                                                                                       "da"
	                                                                                       "y") "], \"constraints\": {\"date\": {\"dmy_date\": {}}}}" },
};

const char *fpe_builtin(const char *name)
{
	for (size_t i = 0; i < HF_COUNT(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].format;
	return NULL;
}

const char *fpe_builtin_name(size_t i)
{
	return i < HF_COUNT(formats) ? formats[i].name : NULL;
}
