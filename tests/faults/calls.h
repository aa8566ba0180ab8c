/* SPDX-License-Identifier: Apache-2.0
 * The functions that the fault module knows, and how often each was called: over all processes, in
 * a file beside the script ("SCRIPT.calls"), once the script says `count`. The file is CALL_COUNT
 * records of 32 bytes of name and 8 bytes of count in the machine's order, which other languages
 * read too. Tests link calls.c. */
#ifndef HF_TESTS_CALLS_H
#define HF_TESTS_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* X(function, remote). Remote: it reaches a network HSM, as the libraries of those commonly have
 * it: an operation is sent to the HSM whole, with its key and mechanism, what a search found is
 * fetched at once, and the rest is answered by the library. */
#define CALLS(X)                                                                                   \
	X(C_Initialize, false)                                                                     \
	X(C_Finalize, false)                                                                       \
	X(C_GetInfo, false)                                                                        \
	X(C_GetSlotList, false)                                                                    \
	X(C_GetSlotInfo, false)                                                                    \
	X(C_GetTokenInfo, true)                                                                    \
	X(C_GetMechanismList, false)                                                               \
	X(C_GetMechanismInfo, false)                                                               \
	X(C_OpenSession, true)                                                                     \
	X(C_CloseSession, true)                                                                    \
	X(C_GetSessionInfo, false)                                                                 \
	X(C_Login, true)                                                                           \
	X(C_Logout, true)                                                                          \
	X(C_CreateObject, true)                                                                    \
	X(C_DestroyObject, true)                                                                   \
	X(C_GetAttributeValue, true)                                                               \
	X(C_SetAttributeValue, true)                                                               \
	X(C_FindObjectsInit, true)                                                                 \
	X(C_FindObjects, false)                                                                    \
	X(C_FindObjectsFinal, false)                                                               \
	X(C_SignInit, false)                                                                       \
	X(C_Sign, true)                                                                            \
	X(C_GenerateKey, true)                                                                     \
	X(C_GenerateKeyPair, true)                                                                 \
	X(C_WrapKey, true)                                                                         \
	X(C_UnwrapKey, true)                                                                       \
	X(C_GenerateRandom, true)                                                                  \
	X(C_EncryptInit, false)                                                                    \
	X(C_Encrypt, true)                                                                         \
	X(C_DecryptInit, false)                                                                    \
	X(C_Decrypt, true)                                                                         \
	X(C_DeriveKey, true)

#define CALL_ENUM(function, remote) CALL_##function,
enum call { CALLS(CALL_ENUM) CALL_COUNT };

const char *call_name(enum call c);
bool call_is_remote(enum call c);

/* One more call; does nothing when the file cannot be had. */
void calls_count(const char *path, enum call c);

/* How often that function was called; 0 when there is no file. NULL: all that are remote. */
uint64_t calls_read(const char *path, const char *function);
/* All to zero, for processes that run as well. */
void calls_reset(const char *path);

#endif
