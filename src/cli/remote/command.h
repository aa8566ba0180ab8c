/* SPDX-License-Identifier: Apache-2.0
 * Commands that are one request to the Crypto API: described by a table, run by one function.
 *
 * What a command works on is its positional argument, by name or by UUID; its options become the
 * members of the request's body; the answer is printed as a table, or, with --json, as it came. */
#ifndef HF_CLI_REMOTE_COMMAND_H
#define HF_CLI_REMOTE_COMMAND_H

#include "cli/commands.h"
#include "cli/remote/client.h"
#include "cli/remote/table.h"
#include "json/write.h"

#define REMOTE_TEXTS 16
#define REMOTE_FLAGS 6

/* What every command is given; `text` and `flag` are its own options in its own order. */
struct remote_config {
	struct remote_options remote;
	bool json, ask;
	const char *reason;
	const char *text[REMOTE_TEXTS];
	bool flag[REMOTE_FLAGS];
};

/* How an option's text becomes a member. */
enum remote_kind {
	REMOTE_TEXT,
	REMOTE_NUMBER,
	REMOTE_LIST,      /* "SIGN,VERIFY": an array, in upper case */
	REMOTE_YESNO,     /* yes or no: a bool */
	REMOTE_GROUP,     /* a group's name or id: its id */
	REMOTE_JSON,      /* a file with JSON, or "remove" */
	REMOTE_FILE,      /* a file's bytes, or - for standard input: base64 */
	REMOTE_SIGNATURE, /* likewise, or a file in which they are in base64, as `key sign` prints
	                     it */
	REMOTE_STRING,    /* the text itself in base64 */
	REMOTE_TIME,      /* "2027-01-31" or "2027-01-31 12:00:00": the API's form */
};

struct remote_field {
	const char *member;
	unsigned at; /* of remote_config.text */
	enum remote_kind kind;
};

/* What the positional argument names. */
enum remote_subject {
	SUBJECT_NONE,
	SUBJECT_GROUP,
	SUBJECT_KEY,
	SUBJECT_APP,
	SUBJECT_USER,
	SUBJECT_ID,      /* an id, taken as it is */
	SUBJECT_ACCOUNT, /* there is no argument: the caller's own */
};

struct remote_request {
	const char *command; /* "group create" */
	const char *method;  /* NULL: GET */
	const char *path;    /* "/sys/v1/groups/{}": {} is the subject's id */
	enum remote_subject subject;
	const struct remote_field *fields;
	size_t n_fields;
	/* More of the body than fields can say; into the open object. May be NULL. */
	hf_status (*more)(struct remote *r, const struct remote_config *o, const char *id,
	                  struct json_writer *w, struct hf_err *err);
	/* The query's members, "group_id=…": may be NULL. */
	hf_status (*query)(struct remote *r, const struct remote_config *o, struct hf_buf *to,
	                   struct hf_err *err);
	/* Prints the answer in its own way; NULL: the table. */
	hf_status (*print)(struct remote *r, const struct remote_config *o,
	                   const struct json_t *answer, struct hf_err *err);
	const struct table_column *columns;
	size_t n_columns;
	bool list;        /* the answer is an array */
	bool empty_body;  /* send {} where there are no fields */
	const char *done; /* said when the answer is empty; NULL: nothing */
};

/* Exit status. */
int remote_run(const struct remote_request *q, void *config, const char *const *args,
               size_t n_args);

/* A name or UUID as UUID; of SUBJECT_ACCOUNT `what` is not looked at. HF_NOTFOUND with words. */
HF_MUST hf_status remote_resolve(struct remote *r, enum remote_subject subject, const char *what,
                                 char ret[64], struct hf_err *err);
/* One field of the body; left out when its option was not given. */
HF_MUST hf_status remote_field_write(struct remote *r, const struct remote_config *o,
                                     const struct remote_field *field, struct json_writer *w,
                                     struct hf_err *err);
/* The member {group: [words]} of the options at these places; left out without a group. */
HF_MUST hf_status remote_group_list(struct remote *r, const struct remote_config *o,
                                    struct json_writer *w, const char *member, unsigned group_at,
                                    unsigned list_at, struct hf_err *err);
/* A file's bytes ("-": standard input), appended. */
HF_MUST hf_status remote_file(const char *path, struct hf_buf *to, struct hf_err *err);

/* A PEM file's blocks as base64 of their DER: all in an array, or the first alone. */
HF_MUST hf_status remote_write_pem(struct json_writer *w, const char *member, const char *path,
                                   bool all, struct hf_err *err);

/* The connections of a group's JSON, as a table; nothing where there are none. */
HF_MUST hf_status remote_print_links(const struct json_t *group);

#define REMOTE_OPTIONS                                                                             \
	CLI_REMOTE_OPTIONS(struct remote_config, remote),                                          \
	        CLI_OPTION_FLAG(struct remote_config, json, "json",                                \
	                        "print the answer as the server gave it")
/* Of commands that a quorum may have to approve. */
#define REMOTE_OPTIONS_ASK                                                                         \
	REMOTE_OPTIONS,                                                                            \
	        CLI_OPTION_FLAG(struct remote_config, ask, "ask",                                  \
	                        "when a quorum has to approve this, ask for its approval"),        \
	        CLI_OPTION_TEXT(struct remote_config, reason, "reason", "TEXT", NULL,              \
	                        "with --ask: what its approvers read")
#define REMOTE_OPTION(at_, option, meta, what)                                                     \
	CLI_OPTION_TEXT(struct remote_config, text[at_], option, meta, NULL, what)
#define REMOTE_OPTION_NEEDED(at_, option, meta, what)                                              \
	CLI_OPTION_NEEDED(struct remote_config, text[at_], option, meta, what)
#define REMOTE_FLAG(at_, option, what)                                                             \
	CLI_OPTION_FLAG(struct remote_config, flag[at_], option, what)

/* The command `symbol` of the request and options named symbol_request, symbol_options. */
#define REMOTE_COMMAND(symbol, name_, positional_, summary_, details_)                             \
	static int symbol##_run(void *config, const char *const *args, size_t n_args)              \
	{                                                                                          \
		return remote_run(&symbol##_request, config, args, n_args);                        \
	}                                                                                          \
	const struct cli_command symbol = {                                                        \
		.name = name_,                                                                     \
		.summary = summary_,                                                               \
		.details = details_,                                                               \
		.positional = positional_,                                                         \
		.options = symbol##_options,                                                       \
		.n_options = HF_COUNT(symbol##_options),                                           \
		.config_size = sizeof(struct remote_config),                                       \
		.run = symbol##_run,                                                               \
	}

/* Of a request. */
#define REMOTE_FIELDS(array) .fields = array, .n_fields = HF_COUNT(array)
#define REMOTE_COLUMNS(array) .columns = array, .n_columns = HF_COUNT(array)

#endif
