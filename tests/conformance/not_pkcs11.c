/* SPDX-License-Identifier: Apache-2.0
 * A library that is no PKCS#11 module. */
__attribute__((visibility("default"))) int not_pkcs11(void);

int not_pkcs11(void)
{
	return 0;
}
