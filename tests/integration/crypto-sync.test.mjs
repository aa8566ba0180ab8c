// SPDX-License-Identifier: Apache-2.0
// A slot that already holds keys comes under a group: server, gateway and SoftHSM2, all real. The keys are put into the slot past the
// server, by a client of the gateway's protocol that is not ours (slot-link.mjs).
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { PIN, Stack } from '../e2e/stack.mjs'
import * as wire from './slot-link.mjs'
import { SlotLink } from './slot-link.mjs'

const EMAIL = 'anna@bank.example', PASSWORD = 'correct horse battery staple'
let stack, gateway, link, root, slot, token

before(async () => {
	stack = await Stack.prepare({ master: false })
	await stack.startServer()
	gateway = await stack.startGateway({ mutual: false })
	root = readFileSync(`${stack.pki}/root.pem`)
	slot = (await stack.tokens())[0].slot
	link = new SlotLink({ port: gateway.ports.link, tls: { ca: root } })
	await link.open({ slot, pin: PIN })
	writeFileSync(stack.path('password'), PASSWORD, { mode: 0o600 })
	const made = await stack.holdfast(['server', 'crypto-admin', ...stack.serverDatabase, '--email', EMAIL, '--password-file', stack.path('password')])
	assert.equal(made.code, 0, made.stderr)
	token = (await api('POST', '/sys/v1/session/auth', undefined, `Basic ${Buffer.from(`${EMAIL}:${PASSWORD}`).toString('base64')}`)).access_token
})
after(async () => {
	link?.destroy()
	await stack?.stop()
})

/** { status, body } of one call; the body is what JSON says, or text. */
function call(method, path, body, authorization = `Bearer ${token}`) {
	return new Promise((done, failed) => {
		const text = body === undefined ? '' : JSON.stringify(body)
		const out = https.request({ host: '127.0.0.1', port: stack.ports.crypto, ca: root, method, path, headers: {
			authorization, ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }) } }, (answer) => {
			const parts = []
			answer.on('data', (part) => parts.push(part))
			answer.on('error', failed)
			answer.on('end', () => {
				const bytes = Buffer.concat(parts).toString()
				done({ status: answer.statusCode, body: answer.headers['content-type'] === 'application/json' ? JSON.parse(bytes) : bytes })
			})
		})
		out.on('error', failed)
		out.end(text)
	})
}

async function api(...args) {
	const { status, body } = await call(...args)
	assert.ok(status < 300, `${args[0]} ${args[1]}: ${status} ${JSON.stringify(body)}`)
	return body
}

const der = (pem) => pem.toString().replace(/-----[^-]+-----|\s/g, '')
let groups = 0

/** A group on the slot, through this gateway or these. */
async function makeGroup(more = {}, by = gateway) {
	const tls = { mode: 'required', validate_hostname: false, ca: { pinned: [der(root)] } }
	const group = await api('POST', '/sys/v1/groups', { name: `group ${++groups}`, ...more,
		add_hmg: [by].flat().map(({ ports }) => ({ kind: 'Ncipher', url: `127.0.0.1:${ports.link}`, slot, pin: PIN, tls })) })
	return group.group_id
}

async function put(keys) {
	for (let i = 0; i < keys.length; i += 64)
		for (const made of await link.ops(keys.slice(i, i + 64).map(wire.generate), { deadlineMs: 60_000 })) assert.equal(made.outcome, 'done', made.text)
}
/** SoftHSM2 shows a new key to another process a moment later than to the one that made it. Where nobody can tell whether it was
 * done, it was when the key is not there. */
async function take(key) {
	const told = []
	for (let tries = 0; tries < 100; tries++) {
		if (tries) await sleep(50)
		const gone = await link.op(wire.destroy(key))
		if (gone.outcome === 'done' || (gone.code === 'notfound' && told.includes('retry'))) return
		told.push(gone.outcome, gone.text)
	}
	assert.fail([...new Set(told)].join('; '))
}
const names = (keys) => keys.map((key) => key.name).sort()
const scan = (group) => api('POST', `/sys/v1/groups/${group}/hmg/scan`, {})
const scans = async (group) => (await api('GET', `/sys/v1/groups/${group}/hmg/scans`)).items

async function scanned(group) {
	await scan(group)
	return group
}

async function scanInBackground(group) {
	const begun = await api('POST', `/sys/v1/groups/${group}/hmg/scans`, {})
	assert.deepEqual([begun.is_async, begun.finished_at], [true, undefined])
	for (;;) {
		const now = await api('GET', `/sys/v1/groups/${group}/hmg/scans/${begun.scan_id}`)
		if (now.finished_at) return now
		await sleep(20)
	}
}

test('every key of the slot becomes a virtual key; the second time only what is new', async () => {
	const group = await makeGroup()

	assert.deepEqual(await scan(group), [])
	await put([wire.aes('sync-aes'), wire.p256('sync-p256')])
	const found = await scan(group)
	assert.deepEqual(names(found), ['sync-aes', 'sync-p256'])
	for (const key of found) {
		assert.equal(key.group_id, group)
		assert.match(key.creator.user, /^[0-9a-f-]{36}$/, 'who asked for the scan')
		assert.equal(key.origin, 'External')
		assert.deepEqual([key.enabled, key.state], [true, 'Active'])
		assert.equal(Buffer.from(key.external.id.id, 'base64').toString(), key.name)
		assert.equal(Buffer.from(key.external.id.label, 'base64').toString(), key.name)
		assert.equal(key.external.hsm_group_id, group)
	}
	const [aes, p256] = ['sync-aes', 'sync-p256'].map((name) => found.find((key) => key.name === name))
	assert.deepEqual([aes.obj_type, aes.key_size, p256.obj_type, p256.elliptic_curve], ['AES', 256, 'EC', 'NistP256'])
	for (const use of ['ENCRYPT', 'DECRYPT']) assert.ok(aes.key_ops.includes(use), aes.key_ops)
	assert.ok(p256.key_ops.includes('SIGN') && !p256.key_ops.includes('EXPORT'), p256.key_ops)
	assert.ok(p256.pub_key && !aes.pub_key)
	await put([wire.aes('sync-later')])
	assert.deepEqual(names(await scan(group)), ['sync-later'])
	assert.deepEqual(await scan(group), [])
})

test('a key that is gone from the HSM is told, stays, and counts again when it is back', async () => {
	const group = await makeGroup()

	await put([wire.aes('sync-goes')])
	await scan(group)
	await take(wire.aes('sync-goes'))
	const told = await scanInBackground(group)
	assert.equal(told.scan_result.$type, 'Success')
	assert.equal(told.warnings.length, 1)
	assert.match(told.warnings[0].message, /does not have this key any more/)
	assert.ok(told.warnings[0].virtual_key_id)
	await put([wire.aes('sync-goes')])
	assert.equal((await scanInBackground(group)).warnings, undefined)
})

test('a label that is no name gives none: then the CKA_ID does', async () => {
	const group = await makeGroup()

	await scan(group)
	const labels = { blank: '   ', lines: 'two\nlines', latin: Buffer.from('gr\xfcn', 'latin1') }
	await put(Object.entries(labels).map(([id, label]) => ({ ...wire.aes(id), label })))
	assert.deepEqual(names(await scan(group)), ['gr?n', 'key 626c616e6b', 'two?lines'])
})

test('with segregation nothing new comes in', async () => {
	const group = await makeGroup({ hmg_segregation: true })

	await put([wire.aes('sync-alien')])
	assert.deepEqual(await scan(group), [])
	assert.equal((await scans(group))[0].scan_result.$type, 'Success')
})

test('many keys, in the background: how far it is can be read; two groups may have the same slot', async () => {
	await put(Array.from({ length: 300 }, (_, i) => wire.aes(`sync-many-${i}`)))
	const group = await makeGroup()
	const done = await scanInBackground(group)
	assert.equal(done.scan_result.$type, 'Success', JSON.stringify(done))
	assert.ok(done.progress.created >= 300 && done.progress.scanned === done.progress.total, JSON.stringify(done.progress))
	for (let i = 0; i < 6; i++) assert.deepEqual(await scan(group), [])
	const kept = await scans(group)
	assert.equal(kept.length, 5)
	assert.ok(kept.every((one, i) => i === 0 || one.scan_id < kept[i - 1].scan_id))
})

test('several at once: one scans, the others are told', async () => {
	const group = await makeGroup()
	const answers = await Promise.all(Array.from({ length: 4 }, () => call('POST', `/sys/v1/groups/${group}/hmg/scan`, {})))
	assert.ok(answers.some((a) => a.status === 200))
	for (const a of answers.filter((one) => one.status !== 200)) {
		assert.equal(a.status, 409)
		assert.match(a.body, /being synchronised already/)
	}
})

test('who may not is refused, and what is not there is not found', async () => {
	const group = await makeGroup(), nobody = '0199a1de-0000-7000-8000-000000000009'

	assert.equal((await call('POST', `/sys/v1/groups/${group}/hmg/scan`, {}, 'Bearer nonsense')).status, 401)
	assert.equal((await call('POST', `/sys/v1/groups/${nobody}/hmg/scan`, {})).status, 404)
	assert.equal((await call('POST', '/sys/v1/groups/nonsense/hmg/scan', {})).status, 404)
	assert.equal((await call('GET', `/sys/v1/groups/${group}/hmg/scans/${nobody}`)).status, 404)
	assert.deepEqual(await scans(group), [])
})

/** Every key of the group, over all pages: name to number of times. */
async function keysOf(group) {
	const times = new Map()
	for (let offset = 0; ; offset += 100) {
		const page = await api('GET', `/crypto/v1/keys?group_id=${group}&limit=100&offset=${offset}`)
		for (const key of page) times.set(key.name, (times.get(key.name) ?? 0) + 1)
		if (page.length < 100) return times
	}
}

async function finished(group, { scan_id: id }) {
	for (;;) {
		const now = await api('GET', `/sys/v1/groups/${group}/hmg/scans/${id}`)
		if (now.finished_at) return now
		await sleep(20)
	}
}

test('several sessions read at once: each key comes in once, whatever is made and deleted meanwhile, and whoever dies', async () => {
	const slow = await stack.faultyGateway({ mutual: false, args: ['--signers', '4', '--list-sessions', '4'] })
	const all = (await keysOf(await scanned(await makeGroup({}, slow)))).size
	const group = await makeGroup({}, slow)
	await put(Array.from({ length: 8 }, (_, i) => wire.aes(`sync-short-${i}`)))

	slow.faults('C_GetAttributeValue delay=3ms')
	const begun = await api('POST', `/sys/v1/groups/${group}/hmg/scans`, {})
	for (let i = 0; i < 8; i++) await take(wire.aes(`sync-short-${i}`))
	await put(Array.from({ length: 8 }, (_, i) => wire.aes(`sync-new-${i}`)))
	assert.equal((await finished(group, begun)).scan_result.$type, 'Success')

	slow.faults('C_GetAttributeValue nth=50 once=died crash')
	const struck = await finished(group, await api('POST', `/sys/v1/groups/${group}/hmg/scans`, {}))
	assert.equal(struck.scan_result.$type, 'Success', JSON.stringify(struck))
	slow.faults('C_GetAttributeValue nth=50 crash')
	const dying = await finished(group, await api('POST', `/sys/v1/groups/${group}/hmg/scans`, {}))
	slow.faults('')
	assert.equal(dying.scan_result.$type, 'Failed', JSON.stringify(dying))
	assert.match(dying.scan_result.message, /the signer (was killed|ended)/)
	await scan(group)
	const keys = await keysOf(group)
	assert.ok([...keys.values()].every((times) => times === 1), [...keys])
	for (let i = 0; i < 8; i++) assert.equal(keys.get(`sync-new-${i}`), 1)
	const there = [...keys.keys()].filter((name) => !name.startsWith('sync-short-'))
	assert.equal(there.length, all + 8)
	await slow.stop()
})

test('one signer, and one that reads alone or with many sessions, list the same', async () => {
	const counts = []
	for (const args of [['--signers', '1'], ['--list-sessions', '2'], ['--signers', '1', '--list-sessions', '9']]) {
		const one = await stack.startGateway({ mutual: false, args })
		counts.push((await scan(await makeGroup({}, one))).length)
		await one.stop()
	}
	assert.ok(counts[0] > 300 && counts.every((n) => n === counts[0]), counts)
})

test('with several connections, none before the others, a list of many pages is read through one', async () => {
	const other = await stack.startGateway({ mutual: false })
	for (let i = 0; i < 3; i++) assert.ok((await scan(await makeGroup({}, [gateway, other]))).length > 300)
	await other.stop()
})

test('a gateway that is gone ends the scan with words', async () => {
	const group = await makeGroup()
	await gateway.stop()
	const answer = await call('POST', `/sys/v1/groups/${group}/hmg/scan`, {})
	assert.ok(answer.status >= 500, `${answer.status}`)
	const [failed] = await scans(group)
	assert.equal(failed.scan_result.$type, 'Failed')
	assert.ok(failed.scan_result.message.length > 10, failed.scan_result.message)
})
