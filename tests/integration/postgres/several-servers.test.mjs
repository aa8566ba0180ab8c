// SPDX-License-Identifier: Apache-2.0
// Several servers on one PostgreSQL database: any request may go to any of them, and a dead one is simply not there.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { metricOf, until } from '../../e2e/ask.mjs'
import { inTime } from '../../e2e/pace.mjs'
import { request, userAction } from '../../e2e/raw.mjs'
import { Stack } from '../../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../../e2e/verify.mjs'

let stack, key
const clients = []

before(async () => {
	stack = await Stack.start({ engine: 'postgres', servers: 2, driver: { server: 1 } })
	for (const server of [0, 1]) clients.push(stack.client({ server }))
	key = await clients[0].keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
})
after(() => stack?.stop())

const sign = (server, message, externalId) => clients[server].keys.generateSignature({ keyId: key.id,
	body: { kind: 'Hash', hash: sha256(message).toString('hex'), ...(externalId && { externalId }) } })

function isSigned(answer, message) {
	assert.equal(answer.status, 'Signed', JSON.stringify(answer))
	assert.ok(verifySecp256k1(key.publicKey, message, answer.signature))
}

test('a request to one server is answered at once by a driver that polls only the other', async () => {
	const took = [[], []]
	for (let i = 0; i < 22; i++) {
		const message = Buffer.from(`over there ${i}`), server = i % 2
		const began = performance.now()
		isSigned(await sign(server, message), message)
		took[server].push(performance.now() - began)
	}
	const [there, here] = took.map((one) => one.sort((a, b) => a - b)[5])
	inTime(there - here, 100, `the median of ${took[0].map(Math.round)} is later than that of ${took[1].map(Math.round)}: it`)
})

test('what one server did, the other knows', async () => {
	const made = await clients[1].keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519', name: 'there' } })
	assert.equal((await clients[0].keys.getKey({ keyId: made.id })).name, 'there')
	await clients[0].keys.updateKey({ keyId: made.id, body: { name: 'here' } })
	assert.equal((await clients[1].keys.getKey({ keyId: made.id })).name, 'here')
})

test('requests with one externalId at both servers at once are one request', async () => {
	const message = Buffer.from('one of many')
	const answers = await Promise.all([0, 1, 0, 1, 0, 1].map((server) => sign(server, message, 'both-at-once')))
	for (const answer of answers) assert.deepEqual(answer, answers[0])
	isSigned(answers[0], message)
	const { items } = await clients[1].keys.listSignatures({ keyId: key.id, query: { limit: '100' } })
	assert.equal(items.filter((item) => item.externalId === 'both-at-once').length, 1)
})

test('one externalId with another request is a conflict at the other server, too', async () => {
	await sign(0, Buffer.from('the first'), 'conflict')
	await assert.rejects(sign(1, Buffer.from('the second'), 'conflict'), (error) => error.httpStatus === 409)
})

test('a user action is good for one request at one of the servers', async () => {
	const body = { scheme: 'EdDSA', curve: 'ed25519' }
	const action = await userAction(stack, 'POST', '/keys', JSON.stringify(body))
	const post = ({ ports }) => request(stack, { method: 'POST', path: '/keys', body, port: ports.api, headers: { 'x-dfns-useraction': action } })
	const [a, b] = stack.servers
	const statuses = (await Promise.all([post(a), post(b), post(a), post(b)])).map((answer) => answer.status).sort()
	assert.equal(statuses.filter((status) => status === 200).length, 1, `${statuses}`)
	assert.notEqual((await post(b)).status, 200)
})

test('metrics tell of words between the servers', async () => {
	assert.ok((await metricOf(stack.servers[0], 'holdfast_server_notices_said_total')) > 0)
	assert.ok((await metricOf(stack.servers[1], 'holdfast_server_notices_heard_total')) > 0)
	assert.equal(await metricOf(stack.servers[1], 'holdfast_server_db_up{queue="writer"}'), 1)
})

test('a server killed with requests held: the other goes on, and their results are there', async () => {
	const driver = stack.processes.at(-1)
	await driver.stop()
	const messages = [0, 1, 2].map((i) => Buffer.from(`held ${i}`))
	const held = messages.map((message, i) => sign(0, message, `held-${i}`).catch((error) => error))
	await until(async () => (await stack.postgres.sql('SELECT count(*) FROM jobs'))[0] === '3')
	await stack.server.kill()
	for (const answer of await Promise.all(held)) assert.ok(answer instanceof Error)
	const another = await stack.startDriver({ server: 1 })
	for (const [i, message] of messages.entries()) isSigned(await sign(1, message, `held-${i}`), message)
	const { items } = await clients[1].keys.listSignatures({ keyId: key.id, query: { limit: '100' } })
	assert.equal(items.filter((item) => item.externalId?.startsWith('held-')).length, 3)
	await another.stop()
	await stack.startServer()
})

test('two servers that start at the same moment on an empty database share it', async () => {
	await stack.postgres.sql('CREATE DATABASE fresh OWNER holdfast')
	const url = stack.postgres.url.replace(/holdfast$/, 'fresh')
	const database = ['--postgres-url', url]
	const both = await Promise.all([2, 3].map((index) => stack.spawnServer({ index, database })))
	await Promise.all(both.map((server) => server.whenReady()))
	for (const server of both) assert.equal((await server.stop()).code, 0)
})

test('a server with another secret is refused with words', async () => {
	writeFileSync(stack.path('other.secret'), Buffer.alloc(32, 7), { mode: 0o600 })
	const result = await stack.holdfast(['server', ...stack.serverDatabase, '--secret-file', stack.path('other.secret'),
		...['api', 'driver'].flatMap((name) => [`--${name}-listen`, '127.0.0.1:0', `--${name}-cert`, `${stack.pki}/api.pem`, `--${name}-key`, `${stack.pki}/api-key.pem`]),
		'--driver-client-ca', `${stack.pki}/root.pem`, '--health-listen', 'none'], { pin: null })
	assert.equal(result.code, 1)
	assert.match(result.stderr, /another secret file/)
})

test('a database of a newer release is refused with words, and untouched', async () => {
	await stack.postgres.sql("UPDATE schema_versions SET version = 4711 WHERE name = 'server'")
	const late = await stack.spawnServer({ index: 4 })
	assert.equal((await late.ended()).code, 1)
	assert.match(late.log, /at version 4711[^\n]*run the newer release/)
	assert.deepEqual(await stack.postgres.sql("SELECT version FROM schema_versions WHERE name = 'server'"), ['4711'])
})
