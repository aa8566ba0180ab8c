// SPDX-License-Identifier: Apache-2.0
// Is what the clients saw, and what the databases hold in the end, what Holdfast promises? A function of the two: it asks nobody.
//
//   history  the requests of history.mjs
//   state    { keys, signatures, records, jobs, read, usable, verified, straying, members }: the databases' rows when everything is healed and quiet,
//            what the API says of each signature and key (`read`), whether each key signs now (`usable`) and each HSM
//            can use each record (`verified`), what signers have no driver, and who ended unasked
//   faults   [{ fault, from, until }]: when something was broken, with the time that recovery may take
//   struck   [{ fault, target, overlaps, backMs, takeoverMs }]: how long recovery did take (run.mjs); leaseMs: a job's lease
//
// Each check gives { claim, looked, violations: [text], notes: [text] }.
import { isAccepted, isOutdated } from './history.mjs'
import { readRecord } from './record.mjs'
import { verifySecp256k1 } from '../e2e/verify.mjs'

/** Far above what the report shows, for machines that do much else: these find what does not recover by itself. */
const BACK_MAX_MS = 5000
const TAKEOVER_MAX_MS = 3000
const FAILED_SHARE_MAX = 0.1
/** What a request may end with, and a client may hear, while something is broken. */
const EXPLAINED_STATUS = new Set([502, 503, 504])
/** Tokens and challenges have times in them: a server whose clock was set may refuse a caller. */
const isExplained = (attempt, fault) => EXPLAINED_STATUS.has(attempt.status) || (([401, 403].includes(attempt.status) || isOutdated(attempt)) && fault.startsWith('clock-'))

export function check({ history, state, faults, struck, leaseMs }) {
	const facts = gather(history, state)
	return [answered, settled, noContradiction, neverBack, oneIdForAnExternalId, valid, asAsked, onePublicKey, recorded, usable, verified, nothingStuck, explained, noRestartNeeded, noneStrays, inTime]
		.map((claim) => claim({ ...facts, state, faults, struck, leaseMs }))
}

/** Everything by id, and by request. */
function gather(history, state) {
	const requests = history.requests
	const answers = requests.flatMap((request) => request.attempts.filter(isAccepted).map((attempt) => ({ request, attempt, body: attempt.body })))
	return {
		requests,
		answers,
		ofSignatures: answers.filter(({ request }) => request.kind === 'signature'),
		ofKeys: answers.filter(({ request }) => request.kind === 'key'),
		rows: new Map(state.signatures.map((row) => [row.id, row])),
		keyRows: new Map(state.keys.map((row) => [row.id, row])),
	}
}

const finding = (claim, looked, violations, notes = []) => ({ claim, looked, violations, notes })
const name = (request) => `request ${request.n}${request.externalId ? ` (${request.externalId})` : ''}`

function answered({ requests }) {
	const waiting = requests.filter((request) => request.persists)
	return finding('each client that kept asking got an answer', waiting.length,
		waiting.filter((request) => !request.done).map((request) =>
			`${name(request)}: ${request.attempts.length} attempts and no answer; the last said ${describe(request.attempts.at(-1))}`))
}

function settled({ ofSignatures, ofKeys, rows, keyRows }) {
	const violations = []
	for (const { request, body } of ofSignatures) {
		const row = rows.get(body.id)
		if (!row) violations.push(`${name(request)} was accepted as ${body.id}, which is not in the database`)
		else if (row.status !== 'Signed' && row.status !== 'Failed') violations.push(`${name(request)}, ${body.id}, was accepted and is still ${row.status}`)
	}
	for (const { request, body } of ofKeys)
		if (!keyRows.has(body.id)) violations.push(`${name(request)} was accepted as ${body.id}, which is not in the database`)
	return finding('each accepted request is there and has settled', ofSignatures.length + ofKeys.length, [...new Set(violations)])
}

const outcome = ({ status, signature }) => (status === 'Signed' ? `Signed ${signature?.r} ${signature?.s}` : status)

/** Who was told of the end is not told later, by another server either, that it is still under way. */
function neverBack({ ofSignatures }) {
	const settledAt = new Map()
	for (const { attempt, body } of ofSignatures)
		if (body.status !== 'Executing') settledAt.set(body.id, Math.min(attempt.ended, settledAt.get(body.id) ?? Infinity))
	return finding('what has settled is never under way again', settledAt.size, ofSignatures
		.filter(({ attempt, body }) => body.status === 'Executing' && attempt.began > settledAt.get(body.id))
		.map(({ request, attempt, body }) => `${body.id} had settled at ${settledAt.get(body.id)} ms; ${attempt.server} told ${name(request)}, who asked at ${attempt.began} ms, that it is Executing`))
}

/** Once Signed, or Failed, always that, with the same signature: in all answers, in the API's last word and in the database. */
function noContradiction({ ofSignatures, rows, state }) {
	const said = new Map()
	const violations = []
	const say = (id, text, who) => {
		const before = said.get(id)
		if (!before) said.set(id, { text, who })
		else if (before.text !== text) violations.push(`${id}: ${before.who} said "${before.text}", ${who} "${text}"`)
	}
	for (const { request, attempt, body } of ofSignatures) if (body.status !== 'Executing') say(body.id, outcome(body), `${attempt.server} to ${name(request)}`)
	for (const body of state.read.signatures) say(body.id, outcome(body), 'the API in the end')
	for (const row of rows.values()) say(row.id, row.status === 'Signed' ? `Signed 0x${row.r} 0x${row.s}` : row.status, 'the database')
	return finding('no two answers contradict each other', said.size, violations)
}

function oneIdForAnExternalId({ requests, ofSignatures, state }) {
	const ids = new Map()
	const add = (externalId, id) => externalId && ids.set(externalId, (ids.get(externalId) ?? new Set()).add(id))
	for (const { request, body } of ofSignatures) add(request.externalId, body.id)
	for (const row of state.signatures) add(row.externalId, row.id)
	const violations = [...ids].filter(([, all]) => all.size > 1).map(([externalId, all]) => `${externalId} has ${[...all].join(' and ')}`)
	for (const request of requests)
		if (request.done?.refused === 409) violations.push(`${name(request)}: the same body was called a conflict`)
	return finding('one externalId is one signature request', ids.size, violations)
}

function valid({ requests, rows, keyRows }) {
	const violations = []
	const messages = new Map(requests.filter((r) => r.kind === 'signature').map((r) => [r.body.hash, r.message]))
	let looked = 0
	for (const row of rows.values()) {
		if (row.status !== 'Signed') continue
		looked++
		const body = JSON.parse(Buffer.from(row.body, 'hex'))
		const message = messages.get(body.hash)
		const publicKey = keyRows.get(row.keyId)?.publicKey
		if (message === undefined) violations.push(`${row.id}: signs ${body.hash}, which nobody asked for`)
		else if (!publicKey) violations.push(`${row.id}: its key ${row.keyId} has no public key`)
		else if (!verifies(publicKey, message, row)) violations.push(`${row.id}: its signature is not valid under ${publicKey}`)
	}
	return finding('each signature is valid under its key', looked, violations)
}

function verifies(publicKey, message, { r, s }) {
	try {
		return verifySecp256k1(publicKey, Buffer.from(message, 'hex'), { r, s })
	} catch {
		return false
	}
}

/** A signature of the right key over somebody else's message would be valid too. */
function asAsked({ ofSignatures, rows }) {
	const violations = []
	for (const { request, body } of ofSignatures) {
		const row = rows.get(body.id)
		const asked = body.requestBody ?? {}
		if (body.keyId !== request.keyId || asked.hash !== request.body.hash)
			violations.push(`${name(request)} was answered with ${body.id} of key ${body.keyId} for ${asked.hash}`)
		if (row && row.keyId !== request.keyId) violations.push(`${body.id} was asked of ${request.keyId}; the database has it of ${row.keyId}`)
		if (body.status === 'Signed' && !verifies(request.publicKey, request.message, { r: body.signature?.r ?? '', s: body.signature?.s ?? '' }))
			violations.push(`${name(request)}: the signature that it was given is not valid under ${request.publicKey}`)
	}
	return finding('each answer is to what was asked', ofSignatures.length, [...new Set(violations)])
}

function onePublicKey({ requests, ofKeys, keyRows, state }) {
	const known = new Map()
	const violations = []
	const say = (id, publicKey, who) => {
		if (!publicKey) return
		const before = known.get(id)
		if (!before) known.set(id, { publicKey, who })
		else if (before.publicKey !== publicKey) violations.push(`${id}: ${before.who} has ${before.publicKey}, ${who} ${publicKey}`)
	}
	for (const { request, body } of ofKeys) say(body.id, body.publicKey, name(request))
	for (const request of requests) if (request.kind === 'signature') say(request.keyId, request.publicKey, name(request))
	for (const row of keyRows.values()) say(row.id, row.publicKey, 'the server\'s database')
	for (const body of state.read.keys) say(body.id, body.publicKey, 'the API in the end')
	for (const { keyId, record } of state.records) say(keyId, tryRecord(record)?.publicKey, 'the sealed record')
	const owners = new Map()
	for (const [id, { publicKey }] of known) owners.set(publicKey, [...(owners.get(publicKey) ?? []), id])
	for (const [publicKey, ids] of owners) if (ids.length > 1) violations.push(`${ids.join(' and ')} have the same public key ${publicKey}`)
	return finding('a key has one public key, everywhere and for ever', known.size, violations)
}

function tryRecord(hex) {
	try {
		return readRecord(Buffer.from(hex, 'hex'))
	} catch {
		return null
	}
}

function recorded({ keyRows, state }) {
	const violations = []
	const notes = []
	const count = new Map()
	for (const { keyId, record } of state.records) {
		count.set(keyId, (count.get(keyId) ?? 0) + 1)
		const read = tryRecord(record)
		if (!read) violations.push(`the record of ${keyId} cannot be read`)
		else if (read.keyId !== keyId) violations.push(`the record of ${keyId} is that of ${read.keyId}`)
		const row = keyRows.get(keyId)
		if (!row) notes.push(`${keyId} has a record, and the server does not know it`)
		else if (row.status !== 'Active') notes.push(`${keyId} has a record, and is ${row.status}`)
	}
	for (const row of keyRows.values())
		if (row.status === 'Active' && count.get(row.id) !== 1) violations.push(`${row.id} is active, and has ${count.get(row.id) ?? 0} records of a wrapped key`)
	return finding('each key has one wrapped key, and it can be read', keyRows.size, violations, notes)
}

function usable({ keyRows, state }) {
	const tried = new Map(state.usable.map((one) => [one.keyId, one]))
	const active = [...keyRows.values()].filter((row) => row.status === 'Active')
	return finding('each key signs in the end', active.length, active.filter((row) => !tried.get(row.id)?.ok)
		.map((row) => `${row.id}: ${tried.get(row.id)?.reason ?? 'was not tried'}`))
}

/** `holdfast db verify` on each driver's HSM: MAC, unwrapping, a signature, for each record. */
function verified({ state }) {
	return finding('each HSM can use every wrapped key', state.verified.length,
		state.verified.filter(({ code }) => code !== 0).map(({ driver, code, text }) => `that of ${driver}: exit status ${code}: ${text}`))
}

function nothingStuck({ keyRows, rows, state }) {
	const violations = [
		...state.jobs.map((job) => `job ${job.id} for ${job.subject_id} is in the queue, after ${job.attempts} attempts`),
		...[...keyRows.values()].filter((row) => row.status === 'Creating').map((row) => `${row.id} is still being made`),
		...[...rows.values()].filter((row) => row.status === 'Executing').map((row) => `${row.id} is still being signed`),
	]
	return finding('no job is stuck', keyRows.size + rows.size, violations)
}

const during = (faults, began, ended) => faults.filter(({ from, until }) => began <= until && ended >= from)

/** Failures are allowed where something was broken at that time, and few. */
function explained({ requests, answers, rows, keyRows, faults }) {
	const violations = []
	const notes = []
	const attempts = requests.flatMap((request) => request.attempts.map((attempt) => ({ request, attempt })))
	const bad = attempts.filter(({ attempt }) => attempt.error || attempt.status >= 400)
	for (const { request, attempt } of bad) {
		const then = during(faults, attempt.began, attempt.ended)
		if (!then.some(({ fault }) => attempt.error || isExplained(attempt, fault)))
			violations.push(`${name(request)} failed at ${(attempt.began / 1000).toFixed(2)} s, which ` +
				`${then.length ? `${then.map(({ fault }) => fault).join(', ')} does not explain` : 'nothing was broken to explain'}: ${describe(attempt)}`)
	}
	for (const { request, attempt, body } of answers)
		if (body.status === 'Failed' && attempt.stage === 'request' && !during(faults, request.attempts[0].began, attempt.ended).length)
			violations.push(`${name(request)} failed for good, when nothing was broken: ${body.reason}`)
	const failed = [...rows.values(), ...keyRows.values()].filter((row) => row.status === 'Failed')
	const total = rows.size + keyRows.size
	if (failed.length > Math.max(3, total * FAILED_SHARE_MAX)) violations.push(`${failed.length} of ${total} requests failed for good`)
	for (const row of failed) {
		if (!(row.reason ?? row.failure)) violations.push(`${row.id} failed, and does not say why`)
		notes.push(`${row.id} failed for good: ${row.reason ?? row.failure}`)
	}
	return finding('failures are few, and a fault explains each', attempts.length, violations, notes)
}

function noRestartNeeded({ state }) {
	return finding('no server and no driver ended unasked', state.members.length,
		state.members.flatMap(({ name, unasked }) => unasked.map((end) => `${name} ended by itself: ${JSON.stringify(end)}`)))
}

function noneStrays({ state }) {
	return finding('no signer outlives its driver', state.members.length, state.straying.map((pid) => `signer ${pid} has no driver`))
}

/** Of faults that came alone: what recovers from two at once has no one time. */
function inTime({ struck, leaseMs }) {
	const alone = struck.filter(({ skipped, overlaps }) => !skipped && !overlaps)
	const violations = []
	for (const { n, fault, target, backMs, takeoverMs } of alone) {
		const what = `fault ${n}, ${fault} of ${target}`
		if (backMs === undefined) violations.push(`${what}: no work has been seen since`)
		else if (backMs > BACK_MAX_MS) violations.push(`${what}: works again only after ${Math.round(backMs)} ms`)
		if (takeoverMs > leaseMs + TAKEOVER_MAX_MS) violations.push(`${what}: its jobs were done only after ${Math.round(takeoverMs)} ms, with a lease of ${leaseMs} ms`)
	}
	return finding('after each fault work flows again, in time', alone.length, violations)
}

export function describe({ status, body, error }) {
	return error ?? `${status} ${body?.error?.message ?? body?.message ?? body?.status ?? ''}`.trim()
}
