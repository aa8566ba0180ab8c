/* SPDX-License-Identifier: Apache-2.0
 * How a key is wrapped: the format of the bytes, not the mechanism number that a vendor gives it.
 */
#ifndef HF_P11_WRAP_FORMAT_H
#define HF_P11_WRAP_FORMAT_H

/* Stored: append only. */
enum wrap_format {
	WRAP_RFC5649 = 1,       /* AES key wrap with padding, over PKCS#8 */
	WRAP_RFC3394 = 2,       /* AES key wrap, over PKCS#8 and zero bytes up to a multiple of 8 */
	WRAP_CBC_PAD = 3,       /* AES-CBC, PKCS#7 padding, IV in front; only together with a MAC */
	WRAP_RFC3394_PKCS7 = 4, /* PKCS#7 padding, then RFC 3394 */
	WRAP_RESIDENT = 5,      /* not wrapped: a token object; the blob is its CKA_ID */
};
#define WRAP_FORMAT_MAX 5

/* "rfc5649", "rfc3394", "cbc-pad", "rfc3394-pkcs7", "resident"; NULL for an unknown number. */
const char *wrap_format_name(int format);

#endif
