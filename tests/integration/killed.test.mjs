// SPDX-License-Identifier: Apache-2.0
// Driver and server killed with -9 at the worst moments: the job is done by the next one, the client gets one answer, and there is exactly
// one key, one signature.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'

import { metricOf, settled, until } from '../e2e/ask.mjs'
import { Relay } from '../e2e/proxy.mjs'
import { Stack } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

let stack, client, key

before(async () => {
	stack = await Stack.start()
	client = stack.client()
	key = await createKey()
	await stack.processes[1].stop()
})
after(() => stack?.stop())

const createKey = () => client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
const sign = async (message, externalId) => settled(client, await client.keys.generateSignature({ keyId: key.id,
	body: { kind: 'Hash', hash: sha256(message).toString('hex'), ...(externalId && { externalId }) } }))
const count = (database, what) => Number(execFileSync('sqlite3', [database, '-cmd', '.timeout 5000', `SELECT count(*) FROM ${what}`], { encoding: 'utf8' }))
const wrappedKeys = (id = '%') => count(stack.keysDb, `wrapped_keys WHERE key_id LIKE '${id}'`)

function isSigned(request, message) {
	assert.equal(request.status, 'Signed', JSON.stringify(request))
	assert.ok(verifySecp256k1(key.publicKey, message, request.signature))
}

/** A driver that comes to a halt inside the nth `call` of the job; then it is killed, and another takes over. */
async function killedInside(call, nth, ask) {
	const first = await stack.faultyDriver({ args: ['--op-deadline-ms', '60000'] })
	first.faults(`${call} shared nth=${nth} hang`)
	const answer = ask()
	await until(() => first.counted(1) >= nth)
	await first.kill()
	const second = await stack.startDriver()
	try {
		return await answer
	} finally {
		await second.stop()
	}
}

/* The first C_SignInit of a job is that of the record's MAC. */
const MOMENTS = { 'after claim': ['C_SignInit', 1], 'after unwrap': ['C_SignInit', 2], 'after sign': ['C_DestroyObject', 1] }

for (const [moment, [call, nth]] of Object.entries(MOMENTS))
	test(`a driver killed ${moment}: the next one signs, the client gets one answer`, async () => {
		const message = Buffer.from(moment)
		isSigned(await killedInside(call, nth, () => sign(message)), message)
	})

for (const call of ['C_GenerateKeyPair', 'C_WrapKey'])
	test(`a driver killed inside ${call}: the next one makes the key, and there is one`, async () => {
		const made = await killedInside(call, 1, createKey)
		assert.equal(wrappedKeys(made.id), 1)
	})

/** A driver whose results never arrive; it is killed once it has done the job, and another takes over. */
async function killedBeforeItsAnswerIsStored(kind, ask) {
	const parked = () => metricOf(stack, 'holdfast_server_polls_parked')
	await until(async () => (await parked()) === 0) /* nor one of a driver that has just ended */
	const relay = await Relay.listen(stack.ports.driver)
	const first = await stack.startDriver({ proxy: relay.address })
	await until(async () => (await parked()) === 1)
	const answer = ask()
	relay.swallowing = true /* its poll is with the server already: a job will come, but no result go back */
	await until(async () => (await metricOf(first, `holdfast_driver_jobs_total{kind="${kind}",outcome="done"}`)) === 1)
	await first.kill()
	relay.close()
	const second = await stack.startDriver()
	try {
		return await answer
	} finally {
		await second.stop()
	}
}

test('a driver killed before its signature is stored: the next one signs, the client gets one answer', async () => {
	const message = Buffer.from('lost answer')
	isSigned(await killedBeforeItsAnswerIsStored('sign', () => sign(message)), message)
})

test('a driver killed before its new key is stored by the server: the next one answers with the same key, no second exists', async () => {
	const before = wrappedKeys()
	const made = await killedBeforeItsAnswerIsStored('generate', createKey)
	assert.equal(wrappedKeys(made.id), 1)
	assert.equal(wrappedKeys(), before + 1)
	const second = await stack.startDriver()
	const message = Buffer.from('with the first key')
	const { signature } = await client.keys.generateSignature({ keyId: made.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } })
	assert.ok(verifySecp256k1(made.publicKey, message, signature))
	await second.stop()
})

test('drivers killed at random while forty requests are under way: each is answered once', async () => {
	let driver = await stack.startDriver({ sessions: 2 })
	const messages = Array.from({ length: 40 }, (_, i) => Buffer.from(`chaos ${i}`))
	const answers = Promise.all(messages.map((message, i) => sign(message, `chaos-${i}`)))
	for (const wait of [15, 40, 80]) {
		await sleep(wait)
		await driver.kill()
		driver = await stack.startDriver({ sessions: 2 })
	}
	const requests = await answers
	requests.forEach((request, i) => isSigned(request, messages[i]))
	const again = await Promise.all(messages.map((message, i) => sign(message, `chaos-${i}`)))
	assert.deepEqual(again.map(({ id, signature }) => [id, signature]), requests.map(({ id, signature }) => [id, signature]))
	await driver.stop()
})

/** Asks until the server answers: what a client does that knows its externalId. */
async function persistently(ask) {
	for (const late = Date.now() + 60_000; ; await sleep(100)) {
		try {
			return await ask()
		} catch (error) {
			if (Date.now() > late) throw error
		}
	}
}

for (const wait of [0, 5, 20, 60])
	test(`a server killed ${wait} ms into a request: the same externalId gets one answer from the next`, async () => {
		const driver = await stack.startDriver()
		const message = Buffer.from(`server killed ${wait}`)
		const ask = () => sign(message, `server-killed-${wait}`)
		const first = persistently(ask)
		await sleep(wait)
		await stack.server.kill()
		await stack.startServer()
		const request = await first
		isSigned(request, message)
		assert.deepEqual(await ask(), request)
		const { items } = await client.keys.listSignatures({ keyId: key.id, query: { limit: '100' } })
		assert.equal(items.filter((item) => item.externalId === `server-killed-${wait}`).length, 1)
		await driver.stop()
	})

test('a server killed while a key is made: no key is announced that cannot sign', async () => {
	const driver = await stack.startDriver()
	const asked = createKey().catch(() => null)
	await sleep(5)
	await stack.server.kill()
	await stack.startServer()
	await asked
	await until(() => count(stack.serverDb, 'jobs') === 0)
	for (const made of (await client.keys.listKeys({ query: { limit: '100' } })).items) {
		const message = Buffer.from(made.id)
		const { signature } = await client.keys.generateSignature({ keyId: made.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } })
		assert.ok(verifySecp256k1(made.publicKey, message, signature))
	}
	await driver.stop()
})
