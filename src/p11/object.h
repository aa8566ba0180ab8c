/* SPDX-License-Identifier: Apache-2.0
 * Keys that live in a token: finding, describing, making, changing and destroying them.
 *
 * A pair is one key here: its private and public objects share CKA_ID. Where a module lets only the
 * private one be seen, or keeps the public key with it, that is fine. Certificates and data objects
 * are no keys, nor is our own master key's (CKA_LABEL and CKA_ID of p11/master.h): never listed,
 * never found. By p11/rv.h; HF_NOTFOUND: there is no such key (any more). */
#ifndef HF_P11_OBJECT_H
#define HF_P11_OBJECT_H

#include "p11/key_shape.h"
#include "p11/session.h"

enum object_half {
	HALF_PRIVATE, /* or the secret key itself */
	HALF_PUBLIC,  /* HF_NOTFOUND where the token keeps none */
};

/* HF_EXISTS with words: several keys have this id and label, and nothing tells them apart. */
HF_MUST hf_status p11_object_find(struct p11_session *s, const struct key_name *name,
                                  enum object_half half, CK_OBJECT_HANDLE *ret, struct hf_err *err);

/* As the token has it now. The spans of *ret point into `store`, which is appended to. */
HF_MUST hf_status p11_object_describe(struct p11_session *s, const struct key_name *name,
                                      struct key_shape *ret, struct hf_buf *store,
                                      struct hf_err *err);

/* The key whose private half or secret key is `object`, or whose public half, when there
 * is no other; `public`: its public half, P11_NO_OBJECT: to be looked for by name. */
HF_MUST hf_status p11_object_shape(struct p11_session *s, CK_OBJECT_HANDLE object,
                                   CK_OBJECT_HANDLE public, const struct key_name *name,
                                   struct key_shape *ret, struct hf_buf *store, struct hf_err *err);

/* A walk over all keys of the slot: its handles are taken once, at the start, so that a page costs
 * what its own keys cost. A key that vanishes meanwhile is left out. What cannot be described (a
 * key type that we do not know) is left out, and counted. One thread, one session; with readers
 * (p11/object_readers.h, NULL: none), which outlive it, other sessions read ahead of it. */
struct object_walk;
struct object_readers;
HF_MUST hf_status object_walk_begin(struct p11_session *s, struct object_readers *readers,
                                    struct object_walk **ret, struct hf_err *err);
/* HF_NOTFOUND: no more. The spans of *ret live until the next call. */
HF_MUST hf_status object_walk_next(struct object_walk *w, struct p11_session *s,
                                   struct key_shape *ret, struct hf_err *err);
/* Keys, those left out too: at most so many, since halves are paired as they come; exactly so many
 * at the end. */
size_t object_walk_total(const struct object_walk *w);
size_t object_walk_unknown(const struct object_walk *w); /* left out so far */
void object_walk_end(struct object_walk *w);

/* A fresh key. `shape` says all; persistent ones need its id. Where the token has a key with this
 * id already, that one is the answer if it is like it (HF_EXISTS otherwise): so the same call may
 * be made twice. `*ret_handle`: private half or secret key; a session object (EXTRACTABLE, to be
 * wrapped) unless persistent, and then the caller destroys it. Spans of *ret point into `store`.
 * HF_UNSUPPORTED: this token cannot make such keys. */
HF_MUST hf_status p11_object_generate(struct p11_session *s, const struct key_shape *shape,
                                      CK_OBJECT_HANDLE *ret_handle, struct key_shape *ret,
                                      struct hf_buf *store, struct hf_err *err);
/* The same from a value: raw bytes, or PKCS#8 (RFC 5958) of a private key, or SubjectPublicKeyInfo
 * of a public one alone. HF_INVALID: it is not what the shape says. Where a token refuses to create
 * private keys in the clear, they go in wrapped by a key made for that moment. */
HF_MUST hf_status p11_object_import(struct p11_session *s, const struct key_shape *shape,
                                    struct hf_span value, CK_OBJECT_HANDLE *ret_handle,
                                    struct key_shape *ret, struct hf_buf *store,
                                    struct hf_err *err);
/* The value of a key that may leave: HF_DENIED where the token does not let it. */
HF_MUST hf_status p11_object_export(struct p11_session *s, const struct key_name *name,
                                    struct hf_secret *ret, struct hf_err *err);

/* The same of an object, token or not, whose shape is known. */
HF_MUST hf_status p11_object_value(struct p11_session *s, CK_OBJECT_HANDLE object,
                                   const struct key_shape *shape, struct hf_secret *ret,
                                   struct hf_err *err);

/* CKA_LABEL (unless its span's ptr is NULL) and usage flags (where uses_given) of both halves. A
 * usage that the token does not let be set back is HF_DENIED with words, and nothing is changed
 * then, or changed back. */
HF_MUST hf_status p11_object_update(struct p11_session *s, const struct key_name *name,
                                    const struct key_shape *to, struct hf_err *err);
/* Both halves, or the private one alone. */
HF_MUST hf_status p11_object_destroy_key(struct p11_session *s, const struct key_name *name,
                                         bool private_only, struct hf_err *err);

/* A template's usage flags for a key of this shape; for object.c and crypt.c. */
struct template;
void template_uses(struct template *t, const struct key_shape *shape, enum object_half half);

#endif
