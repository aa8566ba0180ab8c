/* SPDX-License-Identifier: Apache-2.0
 * Attribute templates: a bounded builder, and reading back into buffers of our own size. What a
 * module answers to a size query is not believed (NSS is wrong on two of them). */
#ifndef HF_P11_TEMPLATE_H
#define HF_P11_TEMPLATE_H

#include "base/buf.h"
#include "p11/session.h"

#define TEMPLATE_MAX 24

/* Values are copied into the template, spans excepted, which it borrows. */
struct template
{
	CK_ATTRIBUTE attr[TEMPLATE_MAX];
	CK_ULONG n;
	CK_ULONG numbers[TEMPLATE_MAX];
	CK_BBOOL flags[TEMPLATE_MAX];
};

/* Aborts when there are more than TEMPLATE_MAX: templates are written in this folder only. A
 * template must not be copied or moved once built: its attributes point into it. */
void template_bool(struct template *t, CK_ATTRIBUTE_TYPE type, bool value);
void template_number(struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void template_bytes(struct template *t, CK_ATTRIBUTE_TYPE type, struct hf_span value);
void template_text(struct template *t, CK_ATTRIBUTE_TYPE type, const char *value);

#define ATTRIBUTE_MAX 2048 /* the longest value that is read: an RSA modulus is 512 */

/* Reads one attribute into `to`. HF_NOTFOUND: the object has none of that kind. HF_CORRUPT: longer
 * than `cap`. Otherwise by p11/rv.h. */
HF_MUST hf_status attribute_read(struct p11_session *s, CK_OBJECT_HANDLE object,
                                 CK_ATTRIBUTE_TYPE type, uint8_t *to, size_t cap, size_t *ret_len,
                                 struct hf_err *err);
/* An attribute that the object does not have counts as false. */
HF_MUST hf_status attribute_bool(struct p11_session *s, CK_OBJECT_HANDLE object,
                                 CK_ATTRIBUTE_TYPE type, bool *ret, struct hf_err *err);
HF_MUST hf_status attribute_number(struct p11_session *s, CK_OBJECT_HANDLE object,
                                   CK_ATTRIBUTE_TYPE type, CK_ULONG *ret, struct hf_err *err);

/* At most `max` handles of objects that match; *ret_n tells how many there were, up to `max`. */
HF_MUST hf_status objects_find(struct p11_session *s, const struct template *t,
                               CK_OBJECT_HANDLE *ret, size_t max, size_t *ret_n,
                               struct hf_err *err);

#endif
