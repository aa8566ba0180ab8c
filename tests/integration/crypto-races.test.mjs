// SPDX-License-Identifier: Apache-2.0
// What happens to keys, groups and credentials while calls that use them run: every answer is right, or a refusal that says why.
import assert from 'node:assert/strict'
import { createVerify, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DsmClient, startDsm } from '../e2e/dsm.mjs'
import { inTime } from '../e2e/pace.mjs'

const ALL = ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'MANAGE']
const CLIENTS = 4
let dsm, gateways, group, app

before(async () => {
	dsm = await startDsm({ server: { args: ['--rate-limit', '0', '--login-rate', '0', '--durability', 'strict'] } })
	gateways = [dsm.gateway, await dsm.stack.startGateway()]
	const add_hmg = await Promise.all(gateways.map((gateway, order) => dsm.link({ gateway, label: dsm.label, order })))
	group = (await dsm.admin.succeed('POST', '/sys/v1/groups', { name: 'both', add_hmg, hmg_redundancy: 'PriorityFailover' })).group_id
	app = await dsm.newApp({ name: 'worker', permissions: null, groups: { [group]: ALL } })
})
after(() => dsm?.stop())

const pem = (key) => `-----BEGIN PUBLIC KEY-----\n${key.pub_key}\n-----END PUBLIC KEY-----\n`
const verifies = (key, { data, signature }) => createVerify('sha256').update(data).verify(pem(key), Buffer.from(signature, 'base64'))
const pair = (name, more = {}) => app.succeed('POST', '/crypto/v1/keys', { name, group_id: group, obj_type: 'EC', elliptic_curve: 'NistP256', ...more })

/** Waits until one of the answers is as it is to be. */
async function comes(answers, isIt, otherwise) {
	for (const until = Date.now() + 20_000; !answers.some(isIt); await sleep(10)) assert.ok(Date.now() < until, `${otherwise}: ${answers.at(-1)?.text}`)
}

/** Signs from several clients until `work` is done; the answers, each with its data and when it was asked and answered. */
async function underLoad(key, work, client = app) {
	const answers = []
	let going = true
	const load = Array.from({ length: CLIENTS }, async () => {
		while (going) {
			const data = randomBytes(32), asked = performance.now()
			const { status, text, body } = await client.post('/crypto/v1/sign', { key, hash_alg: 'Sha256', data: data.toString('base64') })
			answers.push({ status, text, data, signature: body?.signature, kid: body?.kid, asked, answered: performance.now() })
			if (status === 401) await sleep(2)
		}
	})
	try {
		await comes(answers, ({ status }) => status === 200, 'no signature')
		await sleep(100)
		await work(answers)
		await sleep(100)
	} finally {
		going = false
		await Promise.all(load)
	}
	return answers
}

/** Each answer is 200, or one of these. */
function onlyThese(answers, refusals) {
	for (const { status, text } of answers)
		assert.ok(status === 200 || refusals.some(([code, words]) => code === status && words.test(text)), `${status} ${text}`)
	assert.ok(answers.some(({ status }) => status === 200))
}

test('a key that is rotated is found by its name at every moment, and each signature is of a key that had it then', async () => {
	const keys = [{ ...await pair('rotates'), from: 0 }]
	const answers = await underLoad({ name: 'rotates' }, async (answers) => {
		const signs = ({ kid }) => comes(answers, (one) => one.kid === kid, `${kid} never signs`)
		await signs(keys[0])
		for (let i = 0; i < 4; i++) {
			const from = performance.now(), key = await app.succeed('POST', '/crypto/v1/keys/rekey', { name: 'rotates' })
			keys.at(-1).until = performance.now()
			keys.push({ ...key, from })
			await signs(key)
		}
	})
	onlyThese(answers, [])
	for (const one of answers) {
		const key = keys.find(({ kid }) => kid === one.kid)
		assert.ok(key && verifies(key, one), 'a signature of the key that the answer names')
		assert.ok(one.answered >= key.from && one.asked <= (key.until ?? Infinity), 'which had the name at the time')
	}
	assert.equal(new Set(answers.map(({ kid }) => kid)).size, keys.length)
})

test('a key that is deleted while it signs: signatures, and then none', async () => {
	const key = await pair('goes')
	let gone
	const answers = await underLoad({ kid: key.kid }, async () => {
		await app.succeed('DELETE', `/crypto/v1/keys/${key.kid}`)
		gone = performance.now()
	})
	onlyThese(answers, [[404, /./], [400, /./]])
	for (const one of answers.filter(({ status }) => status === 200)) assert.ok(verifies(key, one) && one.asked <= gone)
	assert.equal((await app.post('/crypto/v1/sign', { key: { kid: key.kid }, hash_alg: 'Sha256', data: 'AAAA' })).status, 404)
})

test('a key that is disabled and enabled, again and again, while it signs', async () => {
	const key = await pair('blinks'), answers = await underLoad({ kid: key.kid }, async () => {
		for (let i = 0; i < 6; i++) await app.succeed('PATCH', `/crypto/v1/keys/${key.kid}`, { enabled: i % 2 === 1 })
	})
	onlyThese(answers, [[400, /disabled/]])
	assert.equal((await app.post('/crypto/v1/sign', { key: { kid: key.kid }, hash_alg: 'Sha256', data: 'AAAA' })).status, 200)
})

test('keys that are made while the slot is scanned are there once', async () => {
	const made = [], scans = []
	await Promise.all([(async () => {
		for (let i = 0; i < 12; i++) made.push(await pair(`made during a scan ${i}`))
	})(), (async () => {
		for (let i = 0; i < 3; i++) scans.push(await dsm.admin.call('POST', `/sys/v1/groups/${group}/hmg/scan`, {}))
	})()])
	for (const { status, text } of scans) assert.ok(status === 200 || status === 409 || status === 400, text)
	await dsm.admin.succeed('POST', `/sys/v1/groups/${group}/hmg/scan`, {})
	const all = await app.succeed('GET', `/crypto/v1/keys?group_id=${group}&limit=1000&show_pub_key=true`)
	for (const { pub_key, kid } of made) assert.deepEqual(all.filter((key) => key.pub_key === pub_key).map((key) => key.kid), [kid], 'one virtual key for one key')
})

test('a group that is taken away while its keys sign', async () => {
	const { group_id } = await dsm.newGroup({ name: 'is taken away' }), there = await dsm.newApp({ name: 'left alone', permissions: null, groups: { [group_id]: ALL } })
	const key = await there.succeed('POST', '/crypto/v1/keys', { name: 'left alone', group_id, obj_type: 'EC', elliptic_curve: 'NistP256' })
	const answers = await underLoad({ kid: key.kid }, async () => {
		assert.equal((await dsm.admin.call('DELETE', `/sys/v1/groups/${group_id}`)).status, 400, 'it has a key')
		await there.succeed('DELETE', `/crypto/v1/keys/${key.kid}`)
		assert.equal((await dsm.admin.call('DELETE', `/sys/v1/groups/${group_id}`)).status, 204)
	}, there)
	onlyThese(answers, [[404, /./], [400, /./], [503, /connections? .*removed/]])
	assert.notEqual((await there.post('/crypto/v1/sign', { key: { kid: key.kid }, hash_alg: 'Sha256', data: 'AAAA' })).status, 200)
})

test('an API key that is given anew while calls run: the old one ends, the new one works, nothing else happens', async () => {
	const key = await pair('signs on'), other = await dsm.newApp({ name: 'reset', permissions: null, groups: { [group]: ['SIGN'] } })
	const basic = (secret) => `Basic ${Buffer.from(`${other.id}:${secret}`).toString('base64')}`, client = new DsmClient(dsm.stack, basic(other.secret))
	let ended
	const answers = await underLoad({ kid: key.kid }, async (answers) => {
		await dsm.admin.succeed('POST', `/sys/v1/apps/${other.id}/reset_secret`, {})
		ended = performance.now()
		await comes(answers, ({ asked }) => asked > ended, 'nobody asks')
		client.authorization = basic((await dsm.admin.succeed('GET', `/sys/v1/apps/${other.id}/credential`)).credential.secret)
		const renewed = performance.now()
		await comes(answers, ({ asked, status }) => asked > renewed && status === 200, 'the new one does not work')
	}, client)
	onlyThese(answers, [[401, /./], [429, /./]])
	const after = answers.filter(({ asked }) => asked > ended)
	assert.ok(after.slice(0, 1).every(({ status }) => status === 401), 'the old one does not work any more')
	assert.equal((await other.post('/crypto/v1/sign', { key: { kid: key.kid }, hash_alg: 'Sha256', data: 'AAAA' })).status, 401, 'nor do its sessions')
})

test('both gateways are killed, one after the other, and come back: no request fails', async () => {
	const key = await pair('fails over')
	const answers = await underLoad({ kid: key.kid }, async () => {
		for (const i of [0, 1]) {
			const { ports } = gateways[i]
			await gateways[i].kill()
			await sleep(400)
			gateways[i] = await dsm.stack.startGateway({ listen: ports })
			await sleep(900)
		}
	})
	onlyThese(answers, [])
	for (const one of answers) assert.ok(verifies(key, one))
	const slowest = Math.max(...answers.map(({ asked, answered }) => answered - asked))
	inTime(slowest, 2500, 'the slowest')
})

test('nothing went wrong inside', () => assert.doesNotMatch(dsm.stack.logs(), /"level":"(error|crit)|AddressSanitizer|runtime error/))
