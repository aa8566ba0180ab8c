// SPDX-License-Identifier: Apache-2.0
// Two servers of one database: a quorum that is met at both of them in the same moment is met once, and what is changed at one counts
// at the other.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DsmClient, startDsm } from '../../e2e/dsm.mjs'
import { inTime } from '../../e2e/pace.mjs'

const REQUESTS = '/sys/v1/approval_requests', ASKS = 'This operation requires approval', SEEN_MS = 2500
const PASSWORD = 'a long password of a reviewer'
let dsm, there, people

before(async () => {
	dsm = await startDsm({ engine: 'postgres' })
	await dsm.stack.startServer({ index: 1 })
	const other = { pki: dsm.stack.pki, ports: dsm.stack.servers[1].ports }
	there = (client) => new DsmClient(other, client.authorization)
	people = []
	for (const user_email of ['ann@bank.example', 'bob@bank.example']) {
		const { user_id: id } = await dsm.admin.succeed('POST', '/sys/v1/users', { user_email, user_password: PASSWORD })
		people.push(Object.assign(await dsm.session(user_email, PASSWORD), { id }))
	}
})
after(() => dsm?.stop())

test('approved at two servers at the same moment: carried out once', async () => {
	await dsm.admin.succeed('PATCH', `/sys/v1/groups/${dsm.group}`, { approval_policy: { quorum: { n: 1, members: people.map(({ id }) => ({ user: id })) } } })
	const asks = async () => (await there(dsm.app).post('/crypto/v1/keys', { name: `before ${Math.random()}`, group_id: dsm.group, obj_type: 'AES', key_size: 256 })).text === ASKS
	for (let left = 200; left > 0 && !(await asks()); left--) await sleep(100)
	for (let i = 0; i < 4; i++) {
		const body = { name: `once ${i}`, group_id: dsm.group, obj_type: 'AES', key_size: 256 }
		assert.equal((await there(dsm.app).post('/crypto/v1/keys', body)).text, ASKS, 'the policy counts at the other server')
		const { request_id } = await dsm.app.succeed('POST', REQUESTS, { operation: '/crypto/v1/keys', body }), at = `${REQUESTS}/${request_id}`
		const answers = await Promise.all([people[0].post(`${at}/approve`, {}), there(people[1]).post(`${at}/approve`, {}), dsm.app.post(`${at}/result`, {}), there(dsm.app).post(`${at}/result`, {})])
		assert.deepEqual(answers.slice(0, 2).map(({ status }) => status).sort(), [200, 400], answers.map(({ text }) => text).join('\n'))
		let result
		for (const until = Date.now() + 20_000; result?.status !== 200 && Date.now() < until; await sleep(20)) result = await there(dsm.app).post(`${at}/result`, {})
		assert.equal(result.body?.status, 201, result.text)
		assert.equal((await dsm.app.succeed('GET', `/crypto/v1/keys?name=${encodeURIComponent(body.name)}`)).length, 1)
	}
})

test('what is changed at one server counts at the other', async () => {
	const { group_id } = await dsm.newGroup({ name: 'changes' }), app = await dsm.newApp({ name: 'changes', permissions: null, groups: { [group_id]: ['SIGN', 'MANAGE'] } })
	const key = await app.succeed('POST', '/crypto/v1/keys', { name: 'changes', group_id, obj_type: 'EC', elliptic_curve: 'NistP256' })
	const sign = (name = 'changes') => there(app).post('/crypto/v1/sign', { key: { name }, hash_alg: 'Sha256', data: 'AAAA' })
	const soon = async (what, is) => {
		for (const began = Date.now(), until = began + 20_000; ; await sleep(50)) {
			const answer = await sign()
			if (is(answer)) return inTime(Date.now() - began, SEEN_MS, what)
			assert.ok(Date.now() < until, `${what}: ${answer.status} ${answer.text}`)
		}
	}
	assert.equal((await sign()).status, 200)
	const rotated = await app.succeed('POST', '/crypto/v1/keys/rekey', { name: 'changes' })
	await soon('a rotation', ({ body }) => body?.kid === rotated.kid)
	await app.succeed('PATCH', `/crypto/v1/keys/${rotated.kid}`, { enabled: false })
	await soon('a key that is disabled', ({ status, text }) => status === 400 && /disabled/.test(text))
	await app.succeed('PATCH', `/crypto/v1/keys/${rotated.kid}`, { enabled: true })
	await soon('and enabled', ({ status }) => status === 200)
	await dsm.admin.succeed('PATCH', `/sys/v1/apps/${app.id}`, { mod_groups: { [group_id]: ['MANAGE'] } })
	await soon('a permission that is taken', ({ status, text }) => status === 403 && /SIGN/.test(text))
	await dsm.admin.succeed('PATCH', `/sys/v1/apps/${app.id}`, { mod_groups: { [group_id]: ['SIGN', 'MANAGE'] } })
	await soon('and given', ({ status }) => status === 200)
	await app.succeed('DELETE', `/crypto/v1/keys/${rotated.kid}`)
	await soon('a key that is deleted', ({ status }) => status === 404)
	await dsm.admin.succeed('DELETE', `/sys/v1/apps/${app.id}`)
	await soon('an app that is deleted', ({ status }) => status === 401)
	assert.notEqual(key.kid, rotated.kid)
})
