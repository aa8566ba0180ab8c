// SPDX-License-Identifier: Apache-2.0
// A group's connections at several servers: what is changed at one of them counts at the other.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DsmClient, startDsm } from '../../e2e/dsm.mjs'
import { inTime } from '../../e2e/pace.mjs'

let dsm, other, key

before(async () => {
	dsm = await startDsm({ engine: 'postgres' })
	await dsm.stack.startServer({ index: 1 })
	const there = (client) => new DsmClient({ pki: dsm.stack.pki, ports: dsm.stack.servers[1].ports }, client.authorization)
	other = { admin: there(dsm.admin), app: there(dsm.app) }
	key = await dsm.generateKey({ name: 'p256', obj_type: 'EC', elliptic_curve: 'NistP256' })
})
after(() => dsm?.stop())

const sign = (app) => app.post('/crypto/v1/sign', { key: { kid: key.kid }, hash_alg: 'Sha256', data: 'AAAA' })

/** Until a condition holds, which is soon enough after `began`. */
async function within(ms, began, holds) {
	for (const until = Date.now() + 20_000; !(await holds()); await sleep(50)) assert.ok(Date.now() < until, `never: ${holds}`)
	inTime(performance.now() - began, ms)
}

async function signed(app) {
	const { status, text } = await sign(app)
	assert.equal(status, 200, text)
}

test('a group that was made at one server is used at the other', async () => {
	await signed(dsm.app)
	await signed(other.app)
})

test('a connection that was changed at one server is followed by the other within two seconds', async () => {
	const second = await dsm.stack.startGateway()
	const { hmg } = await other.admin.succeed('GET', `/sys/v1/groups/${dsm.group}`)
	const link = await dsm.link({ gateway: second, label: dsm.label })
	await dsm.admin.succeed('PATCH', `/sys/v1/groups/${dsm.group}`, { mod_hmg: { [Object.keys(hmg)[0]]: link } })
	const began = performance.now()
	await sleep(2000)
	await dsm.gateway.kill()
	for (const app of [dsm.app, other.app]) await within(3000, began, async () => (await sign(app)).status === 200)
	const now = Object.values((await other.admin.succeed('GET', `/sys/v1/groups/${dsm.group}`)).hmg)[0]
	assert.deepEqual([now.url, now.connection.state], [link.url, 'Connected'])
})

test('a connection that was removed at one server is used by none', async () => {
	const { hmg } = await dsm.admin.succeed('GET', `/sys/v1/groups/${dsm.group}`)
	await other.admin.succeed('PATCH', `/sys/v1/groups/${dsm.group}`, { del_hmg: Object.keys(hmg) })
	const began = performance.now()
	for (const app of [dsm.app, other.app]) {
		await within(3000, began, async () => (await sign(app)).status !== 200)
		const { status, text } = await sign(app)
		assert.equal(status, 400, text)
		assert.match(text, /has no connection to an HSM/)
	}
})
