/* SPDX-License-Identifier: Apache-2.0
 * Entries as other systems read them: syslog messages (RFC 5424) with the members as structured
 * data, ArcSight CEF, and OCSF (class API Activity, 6003, of schema 1.1.0). Pure. */
#ifndef HF_AUDIT_FORMATS_H
#define HF_AUDIT_FORMATS_H

#include "audit/entry.h"

#define FORMAT_LINE_MAX (4 * ENTRY_MAX)

enum audit_format { AUDIT_RFC5424, AUDIT_CEF, AUDIT_OCSF };
/* "rfc5424", "cef", "ocsf". HF_NOTFOUND. */
HF_MUST hf_status audit_format_parse(const char *text, enum audit_format *ret);

/* Appends one entry in one line, without a newline. `leaf` is its place in the log. With
 * AUDIT_RFC5424 this is a whole syslog message. */
HF_MUST hf_status format_entry(struct hf_buf *to, enum audit_format format, const struct entry *e,
                               uint64_t leaf, const char *host);
/* The same as a whole syslog message, whatever the format. */
HF_MUST hf_status format_syslog(struct hf_buf *to, enum audit_format format, const struct entry *e,
                                uint64_t leaf, const char *host);

#endif
