// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'

import { healthOf, metricOf, settled, until } from './ask.mjs'
import { inTime } from './pace.mjs'
import { Stack } from './stack.mjs'
import { sha256, verifySecp256k1 } from './verify.mjs'

let stack, client, key

before(async () => {
	stack = await Stack.start({ drivers: 2 })
	client = stack.client()
	key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
})
after(() => stack?.stop())

async function signMany(count) {
	const messages = Array.from({ length: count }, (_, i) => Buffer.from(`${Math.random()} ${i}`))
	const requests = await Promise.all(messages.map(async (message) =>
		settled(client, await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } }))))
	return messages.filter((message, i) => requests[i].status === 'Signed' && verifySecp256k1(key.publicKey, message, requests[i].signature)).length
}

test('two drivers of one store share the work', async () => {
	await until(async () => (await metricOf(stack, 'holdfast_server_polls_parked')) === 2)
	assert.equal(await signMany(60), 60)
	const [, first, second] = stack.processes
	for (const driver of [first, second])
		assert.ok((await metricOf(driver, 'holdfast_driver_jobs_total{kind="sign",outcome="done"}')) > 0, `${driver.name} did nothing`)
})

test('a driver that is stopped while it works loses nothing', async () => {
	const [, first, second] = stack.processes
	const all = signMany(60)
	const end = await first.stop()
	assert.deepEqual(end, { code: 0, signal: null })
	assert.equal(await all, 60)
	assert.ok(!second.end)
})

test('a server that is stopped while it works ends cleanly, and its drivers come back to the next one', async () => {
	assert.deepEqual(await stack.server.stop(), { code: 0, signal: null })
	await stack.startServer()
	assert.equal(await signMany(10), 10)
})

test('a server that is stopped while nobody can make a key ends soon, says so, and the key comes later', async () => {
	const drivers = stack.processes.filter((process) => process.name.startsWith('driver') && !process.end)
	await Promise.all(drivers.map((driver) => driver.stop()))
	const held = stack.client().keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519', name: 'while stopping' } }).catch((error) => error)
	const jobs = () => execFileSync('sqlite3', [stack.serverDb, '-cmd', '.timeout 5000', 'SELECT count(*) FROM jobs'], { encoding: 'utf8' }).trim()
	await until(() => jobs() === '1') /* it waits for a driver */
	const began = Date.now()
	assert.deepEqual(await stack.server.stop(), { code: 0, signal: null })
	inTime(Date.now() - began, 3000)
	assert.equal((await held).httpStatus, 504)
	await stack.startServer()
	await stack.startDriver()
	await stack.startDriver()
	await until(async () => (await client.keys.listKeys({})).items.some((key) => key.name === 'while stopping'))
})

test('health is 204 on server and driver, and metrics are Prometheus text', async () => {
	for (const program of [stack, stack.processes.at(-1)]) {
		await until(async () => (await healthOf(program)).status === 204) /* a driver is, once it has spoken to its server */
		assert.match(await (await fetch(`http://127.0.0.1:${program.ports.health}/metrics`)).text(), /^# TYPE holdfast_\w+ (counter|gauge|histogram)$/m)
	}
})
