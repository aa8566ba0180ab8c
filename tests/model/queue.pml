/* SPDX-License-Identifier: Apache-2.0
 * The queue's protocol, for spin: a client has a key made and a request signed by DRIVERS drivers, through servers on one
 * database. Everything may be lost but what is committed. docs/queue-model.md says what this proves and what it does not;
 * tests/model/check runs it.
 *
 * What one database transaction does is one step here (atomic), as it is there. Time is left out: a lease may end at any
 * moment, also while its driver works. Drivers crash CRASHES times, at any point between two steps. What else goes wrong
 * (an answer or a request is lost, a server dies, a commit's outcome stays unknown, the HSM fails) happens FAULTS times.
 * A correct protocol therefore has no infinite run, and each ends with everything settled. */
#ifndef DRIVERS
#define DRIVERS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 3 /* JOB_ATTEMPTS_MAX, which is 5: src/server/core/queue/jobs.h */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef FAULTS
#define FAULTS 2
#endif

#define GENERATE 0
#define SIGN 1
#define JOBS 2

mtype = { none, queued, leased, gone };            /* a job's row; gone: settled, deleted */
mtype = { creating, executing, done, failed };     /* its subject: a key, a signature request */
mtype = { idle, taken, making, made, ready, sent }; /* a job in a driver's memory */
mtype = { retry };                                  /* besides done and failed: what a result says */

/* The servers' database. */
mtype job[JOBS] = none;
byte owner[JOBS], attempts[JOBS];
mtype subject[JOBS] = none;
byte value[JOBS]; /* public key; signature */

/* The drivers' database of wrapped keys: the record of the one key, named by its public key. */
byte record;

/* The HSM: each key and each signature that it makes is another. */
byte keys_made, signatures_made;

byte crashes = CRASHES, faults = FAULTS;

/* What the outside world has been told; it does not forget. */
byte told[JOBS];
bool told_failed[JOBS];

/* To the servers: job, what came of it, its value, whose instance, which of its requests. Back: request, and whether it was taken. */
chan results[DRIVERS] = [3] of { byte, mtype, byte, byte, byte };
chan acks[DRIVERS] = [3] of { byte, byte, bool };

/* core_settle(), core_announce(): in the transaction that takes the job away (src/server/core/queue/jobs_settle.c, settle). */
inline settle(j, outcome, what)
{
	subject[j] = outcome;
	value[j] = what;
	owner[j] = 0;
	if
	:: outcome == done ->
		assert(what != 0);
		assert(told[j] == 0 || told[j] == what); /* never two public keys, never two answers */
		assert(!told_failed[j]);
		told[j] = what;
		/* a public key that was shown can be signed for: its record is durable */
		assert(j != GENERATE || record == what)
	:: else ->
		assert(told[j] == 0);
		told_failed[j] = true
	fi
}

/* src/server/core/queue/jobs_settle.c, give_back: the one who holds it gives it back. */
inline give_back(j, who)
{
	if
	:: job[j] == leased && owner[j] == who && attempts[j] >= ATTEMPTS ->
		job[j] = gone;
		settle(j, failed, 0)
	:: job[j] == leased && owner[j] == who && attempts[j] < ATTEMPTS ->
		job[j] = queued; owner[j] = 0
	:: else -> skip
	fi
}

/* src/server/core/queue/jobs_settle.c, complete: the row is deleted, whoever had it leased; who finds none is late. */
inline complete(j, outcome, what)
{
	if
#ifdef SETTLE_TWICE
	:: true ->
#else
	:: job[j] == queued || job[j] == leased ->
#endif
		job[j] = gone;
		settle(j, outcome, what)
	:: else -> skip
	fi
}

/* src/server/core/queue/jobs_settle.c, jobs_hand_in: one transaction. */
inline hand_in(j, outcome, what, who)
{
	if
	:: outcome == retry -> give_back(j, who)
	:: else -> complete(j, outcome, what)
	fi
}

/* src/server/core/queue/jobs_settle.c, jobs_sweep: queued again, or failed for good when it was tried too often. */
inline expire(j)
{
	if
	:: attempts[j] >= ATTEMPTS -> job[j] = gone; settle(j, failed, 0)
	:: else -> job[j] = queued; owner[j] = 0
	fi
}

/* A driver is dealt the job: leased in one transaction, then a reply. What it works on already, it goes on with. */
inline claim(j)
{
	job[j] = leased;
	owner[j] = me;
	attempts[j]++;
	if
	:: state[j] == idle -> state[j] = taken
	:: state[j] == sent && says[j] == retry -> again[j] = true
	:: state[j] != idle && !(state[j] == sent && says[j] == retry) -> skip
	:: faults > 0 -> faults-- /* the reply is lost */
	fi;
	j = 0
}

inline send(j)
{
	requests++;
	request[j] = requests;
	state[j] = sent;
	results[d] ! j, says[j], held[j], me, requests;
	j = 0
}

/* The answer to the request in which the result travelled. */
inline acknowledged(j)
{
	if
	:: !taken_in -> state[j] = ready
	:: taken_in ->
#ifdef NO_COMMIT_BEFORE_ANNOUNCE
		if
		:: j == GENERATE && says[j] == done -> record = held[j]
		:: else -> skip
		fi;
#endif
		state[j] = (again[j] -> taken : idle);
		says[j] = 0;
		held[j] = 0;
		request[j] = 0;
		again[j] = false
	fi
}

/* All servers: none has anything that matters between two transactions, so any number of them is one process that takes any
 * request at any moment. The channels are the way there and back, with all waiting. A server's death, a commit that fails and
 * one whose outcome stays unknown are the two faults here. */
proctype servers()
{
	byte d, j, what, who, request;
	mtype outcome;

end:
	do
	:: atomic {
		if
		:: results[0] ? j, outcome, what, who, request -> d = 0
#if DRIVERS > 1
		:: results[1] ? j, outcome, what, who, request -> d = 1
#endif
		fi;
		if
		:: hand_in(j, outcome, what, who); acks[d] ! who, request, true
		:: faults > 0 -> faults--; hand_in(j, outcome, what, who); acks[d] ! who, request, false /* nobody hears of it */
		:: faults > 0 -> faults--; acks[d] ! who, request, false /* not committed */
		fi;
		d = 0; j = 0; what = 0; who = 0; request = 0; outcome = 0
	   }
	od
}

/* src/server/core/queue/jobs_settle.c, jobs_sweep: at any server, whenever a lease has ended; here it may end at any time. */
proctype sweep()
{
	byte j;

end:
	do
#ifndef NO_LEASE_SWEEP
	:: atomic { job[GENERATE] == leased -> j = GENERATE; expire(j) }
	:: atomic { job[SIGN] == leased -> j = SIGN; expire(j); j = 0 }
#else
	:: false
#endif
	od
}

/* In a driver: what it remembers of a job (src/driver/queue_jobs.h), forgotten by a crash. */
#define FORGET(j) state[j] = idle; says[j] = 0; held[j] = 0; request[j] = 0; again[j] = false

proctype driver(byte d)
{
	mtype state[JOBS], says[JOBS];
	byte held[JOBS];    /* the key or signature that it holds */
	byte request[JOBS]; /* in which its result travels */
	bool again[JOBS];   /* dealt to us again, while its return travels (superseded) */
	byte me, requests, j, who, number;
	bool taken_in;

start:
	atomic { me = (me == 0 -> d + 1 : me + DRIVERS); requests = 0; j = 0; FORGET(0); FORGET(1) }
end:
	do
	/* src/server/core/queue/jobs_claim.c, jobs_claim; then the reply, which may be lost: then the lease ends by itself */
	:: atomic { job[GENERATE] == queued && attempts[GENERATE] < ATTEMPTS -> j = GENERATE; claim(j) }
	:: atomic { job[SIGN] == queued && attempts[SIGN] < ATTEMPTS -> j = SIGN; claim(j) }

	/* src/driver/dispatch.c, looked_up: a repeated generation is answered with the stored key */
	:: atomic { state[GENERATE] == taken ->
		if
#ifndef OVERWRITE_RECORD
		:: record != 0 -> held[GENERATE] = record; says[GENERATE] = done; state[GENERATE] = ready
		:: record == 0 -> state[GENERATE] = making
#else
		:: state[GENERATE] = making
#endif
		fi }
	:: atomic { state[GENERATE] == making ->
		if
		:: keys_made++; held[GENERATE] = keys_made; state[GENERATE] = made
		:: faults > 0 -> faults--; says[GENERATE] = retry; state[GENERATE] = ready
		fi }
	/* src/driver/dispatch_generate.c, dispatch_generate_stored: the first record stays; whoever comes later answers with that one */
	:: atomic { state[GENERATE] == made ->
		if
#ifdef NO_COMMIT_BEFORE_ANNOUNCE
		:: says[GENERATE] = done
#else
#ifdef OVERWRITE_RECORD
		:: record = held[GENERATE]; says[GENERATE] = done
#else
		:: record == 0 -> record = held[GENERATE]; says[GENERATE] = done
		:: record != 0 -> held[GENERATE] = record; says[GENERATE] = done
		:: record == 0 && faults > 0 -> faults--; record = held[GENERATE]; says[GENERATE] = retry /* outcome unknown: it was */
#endif
		:: faults > 0 -> faults--; says[GENERATE] = retry /* it was not */
#endif
		fi;
		state[GENERATE] = ready }

	/* src/driver/dispatch_sign.c, check_record: the record is that of the key which the server expects */
	:: atomic { state[SIGN] == taken ->
		assert(record == value[GENERATE] && record != 0);
		if
		:: signatures_made++; held[SIGN] = signatures_made; says[SIGN] = done
		:: faults > 0 -> faults--; says[SIGN] = retry
		fi;
		state[SIGN] = ready }

	/* src/driver/queue_jobs.c: ready -> sent -> gone, or ready once more */
	:: atomic { state[GENERATE] == ready -> j = GENERATE; send(j) }
	:: atomic { state[SIGN] == ready -> j = SIGN; send(j) }
	:: atomic { acks[d] ? who, number, taken_in ->
		if
		:: who == me && state[GENERATE] == sent && request[GENERATE] == number -> j = GENERATE; acknowledged(j)
		:: who == me && state[SIGN] == sent && request[SIGN] == number -> j = SIGN; acknowledged(j)
		:: else -> skip /* of a request that it gave up, or of an earlier start */
		fi;
		who = 0; number = 0; taken_in = false; j = 0 }
	/* no answer in time, while the request still travels */
	:: atomic { state[GENERATE] == sent && faults > 0 -> faults--; state[GENERATE] = ready }
	:: atomic { state[SIGN] == sent && faults > 0 -> faults--; state[SIGN] = ready }

	:: atomic { crashes > 0 -> crashes--; goto start }
	od
}

/* Asks for a key, then with one external id for a signature, until it has an answer. A commit of its request whose outcome stays
 * unknown is repeated (src/server/core/keys/signatures.c, find_original). */
proctype client()
{
	atomic { subject[GENERATE] = creating; job[GENERATE] = queued };
	(subject[GENERATE] != creating);
	do
	:: subject[GENERATE] == failed -> break
	:: subject[GENERATE] == done ->
		if
		:: atomic { subject[SIGN] == none -> subject[SIGN] = executing; job[SIGN] = queued }
#ifdef NO_EXTERNAL_ID
		:: atomic { subject[SIGN] != none -> subject[SIGN] = executing; job[SIGN] = queued; attempts[SIGN] = 0 }
#else
		:: subject[SIGN] != none -> skip /* the same request, as it is */
#endif
		fi;
		if
		:: break
		:: atomic { faults > 0 -> faults-- } /* it does not hear whether that was taken, and asks again */
		fi
	od
}

/* When nothing more can happen, nothing is left undone. */
proctype judge()
{
	timeout ->
	assert(subject[GENERATE] == done || subject[GENERATE] == failed);
	assert(subject[GENERATE] == failed || subject[SIGN] == done || subject[SIGN] == failed);
	assert(job[GENERATE] == gone && (subject[GENERATE] == failed || job[SIGN] == gone));
	assert(empty(results[0]) && empty(acks[0]));
	assert(subject[GENERATE] != done || record == told[GENERATE])
}

init {
	byte i;

	atomic {
		run servers();
		for (i : 1 .. DRIVERS) { run driver(i - 1) }
		run sweep();
		run client();
		run judge()
	}
}
