/* SPDX-License-Identifier: Apache-2.0
 * The driver: takes jobs from the queue over mTLS, has the HSM do them, keeps the wrapped keys.
 *
 * It holds nothing that another could not go on from: keys are in the database before anybody hears
 * of them, jobs come back to the queue when their lease ends. Start more to scale, kill any. */
#ifndef HF_DRIVER_DRIVER_H
#define HF_DRIVER_DRIVER_H

#include "db/db.h"
#include "hsmhost/host.h"

struct driver_config {
	struct db_config db;       /* the wrapped keys */
	int db_wait_ms;            /* so long at the start when it is away */
	struct hsmhost_config hsm; /* module, slot, PIN, processes, …; profile and needs_master are
	                              the driver's to fill in */

	const char *proxy_addr;  /* the queue: "host:port", or several servers of it, with commas */
	const char *client_cert; /* PEM leaf */
	const char *client_key;  /* PEM */
	const char *ca_cert; /* PEM chain: whom to trust as server, and our intermediate to show */
	const char *name;    /* this driver's HSM, for people; NULL or "": the token's label */

	const char *authorizers; /* file of those who may have something signed
	                            (proof/authorizers.h): each request is checked against it
	                            here; NULL or "": the server's word is enough */

	const char *health_listen; /* "127.0.0.1:9444", plain HTTP: /health and /metrics; NULL or
	                              "": none */
	int grace_ms; /* SIGTERM: so long for what is in flight and for handing it in; 0: 10 s */
};

/* Runs until SIGTERM or SIGINT, then lets jobs in flight end and hands in their results. A second
 * signal ends it at once. Prints nothing: logs. When `ready_fd` >= 0, one line "health=PORT\n" is
 * written to it once the HSM is ready and polling begins, and it is closed. HF_STOP: an operator
 * has to act (PIN, master key, database of another HSM); the words say how. */
HF_MUST hf_status driver_run(const struct driver_config *config, int ready_fd, struct hf_err *err);

#endif
