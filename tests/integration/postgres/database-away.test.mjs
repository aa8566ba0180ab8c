// SPDX-License-Identifier: Apache-2.0
// PostgreSQL restarts, loses connections, stays away for a while: requests wait or get a 503, nothing that was accepted is lost, nothing
// is answered twice, and no program of ours has to be restarted.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'

import { until } from '../../e2e/ask.mjs'
import { inTime } from '../../e2e/pace.mjs'
import { request, userAction } from '../../e2e/raw.mjs'
import { DfnsError, Stack } from '../../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../../e2e/verify.mjs'

let stack, key
const clients = []

before(async () => {
	stack = await Stack.start({ engine: 'postgres', servers: 2, drivers: 0 })
	for (const server of [0, 1]) {
		await stack.startDriver({ server })
		clients.push(stack.client({ server }))
	}
	key = await clients[0].keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
})
after(() => stack?.stop())

const sign = (server, externalId) => clients[server].keys.generateSignature({ keyId: key.id,
	body: { kind: 'Hash', hash: sha256(Buffer.from(externalId)).toString('hex'), externalId } })

/** As a client with patience: repeats, with the same externalId, what was refused for now, until it is signed. */
async function signed(server, externalId, late = Date.now() + 20_000) {
	for (;;) {
		try {
			const answer = await sign(server, externalId)
			if (answer.status === 'Signed') return answer
			assert.equal(answer.status, 'Executing', JSON.stringify(answer))
		} catch (error) {
			const retry = error instanceof DfnsError ? error.httpStatus === 503 : !(error instanceof assert.AssertionError)
			if (!retry || Date.now() > late) throw error
		}
		await sleep(50)
	}
}

/** Load on both servers before `trouble`, while it goes on, and after it; then every request has one answer, and it is the stored one. */
async function underLoad(name, trouble) {
	const pids = stack.processes.map(({ pid }) => pid)
	const answers = new Map(), begun = [0, 0, 0, 0]
	let busy = true
	const work = async (server, worker) => {
		while (busy) {
			const id = `${name}-${worker}-${begun[worker]++}`
			answers.set(id, await signed(server, id))
		}
	}
	const workers = Promise.all([0, 1, 0, 1].map(work))
	const eachBegins = (more) => {
		const from = [...begun]
		return Promise.race([workers, until(() => begun.every((n, worker) => n >= from[worker] + more), 60_000)])
	}
	try {
		await eachBegins(2)
		await trouble()
		await eachBegins(3) /* what was on its way, and two more, have been answered */
	} finally {
		busy = false
	}
	await workers
	for (const [id, answer] of answers) {
		assert.ok(verifySecp256k1(key.publicKey, Buffer.from(id), answer.signature))
		const again = await clients[1].keys.getSignature({ keyId: key.id, signatureId: answer.id })
		assert.deepEqual(again.signature, answer.signature)
	}
	const [rows, ids, jobs] = (await stack.postgres.sql(`SELECT count(*) || ' ' || count(DISTINCT external_id) || ' ' || (SELECT count(*) FROM jobs)
		FROM signatures WHERE external_id LIKE '${name}-%'`))[0].split(' ').map(Number)
	assert.deepEqual({ rows, ids, jobs }, { rows: answers.size, ids: answers.size, jobs: 0 })
	assert.deepEqual(stack.processes.map(({ pid, end }) => !end && pid), pids, 'nothing was restarted')
}

const healthOf = ({ ports }) => fetch(`http://127.0.0.1:${ports.health}/health?verbose=1`)

test('PostgreSQL crashes and comes back under load', () => underLoad('crash', () => stack.postgres.restart('immediate')))

test('PostgreSQL is restarted in order under load', () => underLoad('restart', () => stack.postgres.restart('fast')))

test('connections end at random under load', () =>
	underLoad('terminated', async () => {
		for (let i = 0; i < 8; i++) {
			await stack.postgres.terminate(2)
			await sleep(60)
		}
	}))

test('away for 8 s: 503 with Retry-After, health says why, and work flows within a second of its return', async () => {
	const body = { kind: 'Hash', hash: sha256(Buffer.from('away')).toString('hex') }
	const path = `/keys/${key.id}/signatures`
	const action = await userAction(stack, 'POST', path, JSON.stringify(body))
	const began = Date.now()
	await stack.postgres.crash()
	const refused = await request(stack, { method: 'POST', path, body, headers: { 'x-dfns-useraction': action } })
	assert.equal(refused.status, 503, refused.text)
	assert.equal(refused.headers['retry-after'], '1')
	assert.match(refused.body.error.message, /try again|repeat/)
	const health = await healthOf(stack.servers[0])
	assert.equal(health.status, 500)
	assert.match((await health.json()).reasons[0], /database unreachable/)
	const waiting = sign(1, 'waited').catch((error) => error) /* it may wait, or be refused: then it is repeated below */
	await sleep(Math.max(0, began + 8000 - Date.now()))
	await stack.postgres.startAgain()
	const back = Date.now()
	await Promise.all([signed(0, 'back-0'), signed(1, 'back-1')])
	const took = Date.now() - back
	inTime(took, 1000)
	await waiting
	await signed(1, 'waited')
	for (const server of stack.servers) {
		while ((await healthOf(server)).status !== 200 && Date.now() < back + 20_000) await sleep(50)
		assert.equal((await healthOf(server)).status, 200)
	}
})

test('a server that starts before its database waits for it', async () => {
	await stack.postgres.crash()
	const early = await stack.spawnServer({ index: 2 })
	await early.logged(/database is away|cannot be reached/)
	assert.equal(early.end, undefined)
	await stack.postgres.startAgain()
	await early.whenReady()
	assert.equal((await early.stop()).code, 0)
})

test('a server that waits for its database can be stopped', async () => {
	await stack.postgres.crash()
	const early = await stack.spawnServer({ index: 3 })
	await early.logged(/database is away|cannot be reached/)
	const began = Date.now()
	assert.equal((await early.stop()).signal, null, 'of itself')
	inTime(Date.now() - began, 2000)
	assert.match(early.log, /stopped while waiting for the database/)
	await stack.postgres.startAgain()
})
