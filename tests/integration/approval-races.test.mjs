// SPDX-License-Identifier: Apache-2.0
// Decisions that race: with each other, with time, with a server that is killed in their midst. Each approval has one outcome, and what
// is approved is signed exactly once. With HOLDFAST_TEST_ENGINE=postgres the racers ask two servers.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { until } from '../e2e/ask.mjs'
import { KeyPair } from '../e2e/authenticator.mjs'
import { DfnsApiClient, DfnsAuthenticator, DfnsError, Stack, succeed } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

const servers = process.env.HOLDFAST_TEST_ENGINE === 'postgres' ? 2 : 1
const ARGS = ['--login-rate', '0']
const ROUNDS = 12
let stack, machine, key, anna, ben

/** A user who may decide, as a client of each server. */
async function person(name) {
	const signer = new KeyPair(), username = `${name}@bank.example`, orgId = stack.account.DFNS_ORG_ID
	const user = await machine.auth.createUser({ body: { email: username, kind: 'CustomerEmployee', publicKey: signer.pem } })
	signer.credId = Buffer.from(user.credentialUuid.replace(/^cr/, 'ci')).toString('base64url')
	const everything = (await machine.permissions.listPermissions({})).items.find((one) => one.isImmutable)
	await machine.permissions.createAssignment({ permissionId: everything.id, body: { identityId: user.userId } })
	const url = (i) => `https://127.0.0.1:${stack.servers[i % servers].ports.api}`
	const { token } = await new DfnsAuthenticator({ baseUrl: url(0), signer }).login({ username, orgId })
	return { id: user.userId, at: (i) => new DfnsApiClient({ baseUrl: url(i), authToken: token, signer }) }
}

/** Until a server lets them do it: it learns within two seconds what they may do. */
async function knows(ask) {
	for (const late = Date.now() + 20_000; ; await sleep(50)) try {
		return await ask()
	} catch (error) {
		if (error.httpStatus !== 403 || Date.now() > late) throw error
	}
}

before(async () => {
	stack = await Stack.start({ servers, drivers: 0, server: { args: ARGS } })
	for (let server = 0; server < servers; server++) await stack.startDriver({ server })
	machine = stack.client()
	anna = await person('anna')
	ben = await person('ben')
	key = await machine.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	for (let i = 0; i < servers; i++) for (const who of [anna, ben]) await knows(() => who.at(i).policies.listApprovals({}))
})
after(() => stack?.stop())

/* Beside the requests, none of which waits for it. */
const sql = async (text) => (await succeed(stack.postgres ? ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', stack.postgres.url, '-c', text] :
	['sqlite3', stack.serverDb, '-cmd', '.timeout 5000', text])).trim()

/** How many signatures by the HSM the audit log has, of one request or of all. */
const logged = async (subject) => Number(await sql(`SELECT count(*) FROM audit_log WHERE CAST(entry AS TEXT) LIKE '%"operation":"Hsm:Sign"%"subjectId":"${subject}%'`))

/** The sum of what running programs count, where `pattern` finds it. */
async function counted(programs, pattern) {
	const texts = await Promise.all(programs.map(async ({ ports }) => (await fetch(`http://127.0.0.1:${ports.health}/metrics`)).text()))
	return texts.flatMap((text) => [...text.matchAll(pattern)]).reduce((sum, [, n]) => sum + Number(n), 0)
}

/** How often the HSM has signed with a key of ours, by what the drivers count; a checkpoint of the audit log is none of it. */
const signatures = () => counted(stack.processes.filter((one) => one.name.startsWith('driver') && !one.end), /^holdfast_driver_jobs_total\{kind="sign",outcome="done"\} (\d+)$/gm)

/** Results that came after another one's, which a job has when its lease ended before its driver did: they are ignored. */
const late = () => counted(stack.servers, /^holdfast_server_jobs_total\{event="late"\} (\d+)$/gm)

async function guarded(quorum, work) {
	const { id: policyId } = await machine.policies.createPolicy({ body: { name: 'race', activityKind: 'Wallets:Sign', rule: { kind: 'AlwaysTrigger' },
		action: { kind: 'RequestApproval', autoRejectTimeout: 60, approvalGroups: [{ quorum, approvers: { userId: { in: [anna.id, ben.id] } } }] } } })
	try {
		await work()
	} finally {
		await machine.policies.archivePolicy({ policyId })
	}
}

let counter = 0
async function ask() {
	const message = `message ${counter++}`
	const held = await machine.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } })
	assert.equal(held.status, 'Pending')
	return { ...held, message }
}

/** 200, or the status of the error that the client was given. */
const decide = (client, approvalId, value) => client.policies.createApprovalDecision({ approvalId, body: { value } }).then(() => 200, (error) => {
	if (!(error instanceof DfnsError)) throw error
	return error.httpStatus
})

async function settled({ id: signatureId, message }) {
	for (const end = Date.now() + 20_000; Date.now() < end; await sleep(30)) {
		const request = await machine.keys.getSignature({ keyId: key.id, signatureId })
		if (request.status === 'Signed') assert.ok(verifySecp256k1(key.publicKey, Buffer.from(message), request.signature))
		if (['Signed', 'Rejected', 'Failed'].includes(request.status)) return request.status
	}
	throw new Error('not settled')
}

/** The approval and its request tell the same story, and the log has one end of it and as many signatures as there should be. */
async function oneOutcome(held, approval) {
	const status = await settled(held)
	const { status: outcome, decisions } = await anna.at(1).policies.getApproval({ approvalId: held.approvalId })
	assert.ok(approval.includes(outcome), outcome)
	assert.equal(status, outcome === 'Approved' ? 'Signed' : 'Rejected')
	assert.equal(new Set(decisions.map((one) => one.userId)).size, decisions.length)
	assert.equal(await logged(held.id), status === 'Signed' ? 1 : 0)
	return { outcome, decisions, status }
}

const rounds = (work) => Promise.all(Array.from({ length: ROUNDS }, (_, i) => work(i)))

test('of two who approve at once where one is enough, one was in time, and it is signed once', () => guarded(1, () => rounds(async () => {
	const held = await ask()
	const answers = await Promise.all([anna, ben].map((who, i) => decide(who.at(i), held.approvalId, 'Approved')))
	assert.deepEqual(answers.sort(), [200, 409])
	const { decisions } = await oneOutcome(held, ['Approved'])
	assert.equal(decisions.length, 1)
})))

test('where two are wanted, both at once count, and it is signed once', () => guarded(2, () => rounds(async () => {
	const held = await ask()
	const answers = await Promise.all([anna, ben].map((who, i) => decide(who.at(i), held.approvalId, 'Approved')))
	assert.deepEqual(answers, [200, 200])
	const { decisions } = await oneOutcome(held, ['Approved'])
	assert.equal(decisions.length, 2)
})))

test('who says it twice at once is counted once', () => guarded(2, () => rounds(async () => {
	const held = await ask()
	const answers = await Promise.all([0, 1].map((i) => decide(anna.at(i), held.approvalId, 'Approved')))
	assert.deepEqual(answers.sort(), [200, 409])
	assert.equal((await anna.at(0).policies.getApproval({ approvalId: held.approvalId })).status, 'Pending')
	assert.equal(await decide(ben.at(0), held.approvalId, 'Denied'), 200)
	await oneOutcome(held, ['Denied'])
})))

test('approve against deny: one of them, and its consequence', () => guarded(1, () => rounds(async (i) => {
	const held = await ask()
	const [yes, no] = await Promise.all([decide(anna.at(i), held.approvalId, 'Approved'), decide(ben.at(i + 1), held.approvalId, 'Denied')])
	assert.deepEqual([yes, no].sort(), [200, 409])
	const { outcome } = await oneOutcome(held, [yes === 200 ? 'Approved' : 'Denied'])
	assert.equal(outcome, yes === 200 ? 'Approved' : 'Denied')
})))

test('approve against expiry: either, and never both', () => guarded(1, async () => {
	const last = ROUNDS - 1
	const outcomes = await rounds(async (i) => {
		const held = await ask()
		/* The first has all the time there is, and the last comes when it is over; between them it is as it happens. */
		if (i > 0) await sql(`UPDATE approvals SET expires_at = ${i === last ? 1 : Date.now() + 1000} WHERE id = '${held.approvalId}'`)
		if (i === last) await settled(held)
		else await sleep(150 * i)
		const answer = await decide(anna.at(i), held.approvalId, 'Approved')
		const { outcome } = await oneOutcome(held, ['Approved', 'Expired'])
		assert.equal(outcome === 'Approved', answer === 200, `${outcome} ${answer}`)
		return outcome
	})
	assert.deepEqual([outcomes[0], outcomes[last]], ['Approved', 'Expired'], `${outcomes}`)
}))

test('what the drivers signed is what was approved, no more', async () => {
	const entries = await logged('')
	assert.ok(entries > 2 * ROUNDS)
	const signed = await signatures()
	assert.ok(signed >= entries, `${signed} signatures, ${entries} of them in the log`)
	await until(async () => signed <= entries + await late())
})

/** A decision whose server is killed while it is on its way; it is repeated, as a person would, until there is an answer. */
async function decideAndKill(held, afterMs) {
	const first = anna.at(0).policies.createApprovalDecision({ approvalId: held.approvalId, body: { value: 'Approved' } }).then(() => 200, (error) => error)
	await sleep(afterMs)
	await stack.servers[0].process.kill()
	const answer = await first
	if (servers === 1) await stack.startServer({ args: ARGS })
	const again = await decide(anna.at(1), held.approvalId, 'Approved')
	assert.ok([200, 409].includes(again), `${answer} ${again}`)
	if (answer === 200) assert.equal(again, 409)
	if (servers > 1) await stack.startServer({ args: ARGS })
}

test('a server killed at any moment of a decision: decided once, signed once', () => guarded(1, async () => {
	for (const afterMs of [0, 2, 4, 6, 8, 12, 20]) {
		const held = await ask()
		await decideAndKill(held, afterMs)
		await oneOutcome(held, ['Approved'])
	}
}))
