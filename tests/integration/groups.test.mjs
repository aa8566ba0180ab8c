// SPDX-License-Identifier: Apache-2.0
// Groups and their connections over the Crypto API, on real gateways: tested before and after they are saved, saved although they do
// not work, authorities of one's own, client certificates, host names; and a PIN that nobody ever sees again.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { PIN } from '../e2e/stack.mjs'
import { startDsm } from '../e2e/dsm.mjs'

const WRONG_PIN = 'a-wrong-pin-9f3c', UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const CLOSED_PORT = 1 /* of tcpmux: nobody listens there */
let dsm, admin, good

before(async () => {
	dsm = await startDsm()
	admin = dsm.admin
	good = await dsm.link({ gateway: dsm.gateway, label: dsm.label })
})
after(() => dsm?.stop())

const check = (config) => admin.post('/sys/v1/groups/hmg/check', config)
const group = (id) => admin.succeed('GET', `/sys/v1/groups/${id}`)
const create = (body) => admin.succeed('POST', '/sys/v1/groups', body)
const change = (id, body) => admin.call('PATCH', `/sys/v1/groups/${id}`, body)
const only = (g) => Object.entries(g.hmg)[0]
let names = 0
const name = () => `group ${++names}`

/** The group as soon as its connections are as they are to be. */
async function inState(id, state, timeoutMs = 20_000) {
	for (const until = Date.now() + timeoutMs; ; await sleep(20)) {
		const now = await group(id)
		if (Object.values(now.hmg).every((link) => link.connection.state === state)) return now
		assert.ok(Date.now() < until, JSON.stringify(now.hmg))
	}
}

async function refused(answer, status, words) {
	const { status: is, text } = await answer
	assert.equal(is, status, text)
	assert.match(text, words)
	assert.ok(!text.includes(PIN) && !text.includes(WRONG_PIN), 'no PIN in an answer')
}

test('a connection is tested before it is saved', async () => {
	assert.equal((await check(good)).status, 204)
	await refused(check({ ...good, url: `127.0.0.1:${CLOSED_PORT}` }), 502, /cannot connect to 127\.0\.0\.1:\d+: Connection refused/)
	await refused(check({ ...good, slot: 4711 }), 400, /no such slot/)
	// an address that no gateway has, in its plain form and as whatever a resolver takes for one
	await refused(check({ ...good, url: '169.254.169.254:80' }), 400, /169\.254\.169\.254 is a link-local address/)
	await refused(check({ ...good, url: '[fe80::1]' }), 400, /link-local/)
	await refused(check({ ...good, url: '2852039166:80' }), 502, /link-local address, or one of a cloud's metadata: no connection is made/)
	await refused(check({ ...good, pin: undefined }), 400, /PIN/)
	assert.equal((await check({ ...good, url: `https://${good.url}/` })).status, 204)
	for (const url of [`http://${good.url}`, `${good.url}/`, `${good.url}//`, `https://${good.url}/x`, 'https://', '/', '', 'x'.repeat(250)]) await refused(check({ ...good, url }), 400, /host and port/)
})

test('tests of connections are no means to look around: administrators have them, one at a time each', async () => {
	await admin.succeed('POST', '/sys/v1/users', { user_email: 'mel@bank.example', user_password: 'a password of mel', account_role: ['ACCOUNTMEMBER'] })
	const mel = await dsm.session('mel@bank.example', 'a password of mel')
	await refused(mel.post('/sys/v1/groups/hmg/check', good), 403, /administrators of the account/)
	await refused(mel.post('/sys/v1/groups', { name: name(), add_hmg: [good] }), 403, /administrators of the account/)
	const own = await mel.succeed('POST', '/sys/v1/groups', { name: name() })
	await refused(mel.post(`/sys/v1/groups/${own.group_id}/hmg/check`, { config: good }), 403, /administrators of the account/)
	await refused(mel.call('PATCH', `/sys/v1/groups/${own.group_id}`, { add_hmg: [good] }), 403, /administrators of the account/)
	const [id] = only(await admin.succeed('PATCH', `/sys/v1/groups/${own.group_id}`, { add_hmg: [good] }))
	assert.equal((await mel.post(`/sys/v1/groups/${own.group_id}/hmg/check`, { id })).status, 204)

	const silent = net.createServer(), asked = new Promise((done) => silent.on('connection', done))
	await new Promise((done) => silent.listen(0, '127.0.0.1', done))
	const first = check({ ...good, url: `127.0.0.1:${silent.address().port}` })
	const socket = await asked
	await refused(check(good), 503, /being tested for you already/)
	assert.equal((await mel.post(`/sys/v1/groups/${own.group_id}/hmg/check`, { id })).status, 204)
	socket.destroy()
	silent.close()
	await refused(first, 502, /connection/)
	assert.equal((await check(good)).status, 204)
})

test('a group has what the official description requires, and how its connection is', async () => {
	const made = await create({ name: name(), description: 'for cards', add_hmg: [good], hmg_redundancy: 'PriorityFailover', hmg_sync: true, custom_metadata: { team: 'cards' } })
	for (const id of [made.acct_id, made.group_id, made.creator.user]) assert.match(id, UUID)
	assert.match(made.created_at, /^\d{8}T\d{6}Z$/)
	assert.deepEqual([made.client_configurations, made.description, made.hmg_redundancy, made.hmg_sync, made.hmg_segregation, made.custom_metadata],
		[{}, 'for cards', 'PriorityFailover', true, false, { team: 'cards' }])
	const [id, link] = only(await inState(made.group_id, 'Connected'))
	assert.match(id, UUID)
	assert.deepEqual([link.kind, link.url, link.slot, link.hsm_order, link.tls.mode, link.tls.validate_hostname], ['Ncipher', good.url, good.slot, 0, 'required', true])
	assert.equal(link.tls.client_cert, good.tls.client_cert)
	assert.equal(link.connection.token.label, dsm.label)
	for (const hidden of ['pin', 'client_key']) assert.ok(!JSON.stringify(link).includes(`"${hidden}"`), hidden)
})

test('a group is saved although its connection does not work, and works when that is put right', async () => {
	const made = await create({ name: name(), add_hmg: [{ ...good, url: `127.0.0.1:${CLOSED_PORT}` }] })
	const [id, link] = only(await inState(made.group_id, 'NotConnected'))
	assert.match(link.connection.message, /Connection refused/)
	await refused(admin.post(`/sys/v1/groups/${made.group_id}/hmg/check`, { id }), 502, /Connection refused/)
	/* A stored PIN is not sent to another address. */
	await refused(change(made.group_id, { mod_hmg: { [id]: { ...good, pin: undefined } } }), 400, /give the PIN again/)
	await refused(admin.post(`/sys/v1/groups/${made.group_id}/hmg/check`, { id, config: { ...good, pin: undefined } }), 400, /give the PIN/)
	assert.equal((await change(made.group_id, { mod_hmg: { [id]: good } })).status, 200)
	await inState(made.group_id, 'Connected')
	/* From now on the stored one is used: for a test, and for a change that leads to the same place. */
	assert.equal((await admin.post(`/sys/v1/groups/${made.group_id}/hmg/check`, {})).status, 204)
	assert.equal((await admin.post(`/sys/v1/groups/${made.group_id}/hmg/check`, { id, config: { ...good, pin: undefined } })).status, 204)
	assert.equal((await change(made.group_id, { mod_hmg: { [id]: { ...good, pin: undefined, hsm_order: 5, tls: { ...good.tls, client_key: undefined } } } })).status, 200)
	assert.equal(only(await inState(made.group_id, 'Connected'))[1].hsm_order, 5)
})

test('whom the connection trusts is part of where its PIN may go', async () => {
	const made = await create({ name: name(), add_hmg: [good] })
	const [id] = only(made)
	const laxer = { ...good, pin: undefined, tls: { ...good.tls, validate_hostname: false } }
	await refused(change(made.group_id, { mod_hmg: { [id]: laxer } }), 400, /give the PIN again/)
	assert.equal((await change(made.group_id, { mod_hmg: { [id]: { ...laxer, pin: PIN } } })).status, 200)
})

test('a wrong PIN is tried once, said, and taken back by a right one', async () => {
	await dsm.stack.makeToken('pin')
	const gateway = await dsm.stack.faultyGateway({ script: 'C_Login shared delay=0us', args: ['--signers', '1'] })
	const link = await dsm.link({ gateway, label: 'pin' })
	const made = await create({ name: name(), add_hmg: [{ ...link, pin: WRONG_PIN }] })
	const [id, state] = only(await inState(made.group_id, 'NotConnected'))
	assert.match(state.connection.message, /refuses the PIN/)
	const app = await dsm.newApp({ name: 'pin app', permissions: null, groups: { [made.group_id]: ['SIGN', 'MANAGE'] } })
	for (let i = 0; i < 3; i++) await refused(app.post('/crypto/v1/keys', { name: `never ${i}`, group_id: made.group_id, obj_type: 'AES', key_size: 256 }), 503, /refuses the PIN/)
	assert.equal(gateway.counted(1), 1, 'the token has seen it once')
	await refused(admin.post(`/sys/v1/groups/${made.group_id}/hmg/check`, { id }), 400, /refuses the PIN/)
	assert.equal(gateway.counted(1), 1, 'the gateway, too, remembers a PIN that was refused')
	assert.equal((await change(made.group_id, { mod_hmg: { [id]: link } })).status, 200)
	await inState(made.group_id, 'Connected')
	assert.equal((await app.post('/crypto/v1/keys', { name: 'now', group_id: made.group_id, obj_type: 'AES', key_size: 256 })).status, 201)
})

test('authorities, client certificates and host names count as they were given', async () => {
	const stranger = dsm.stack.path('stranger.pem')
	execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', dsm.stack.path('stranger.key'), '-out', stranger,
		'-days', '2', '-nodes', '-subj', '/CN=stranger'], { stdio: 'ignore' })
	const der = (file) => readFileSync(file, 'utf8').replace(/-----[^-]+-----|\s/g, '')
	const tls = (more) => ({ ...good, tls: { ...good.tls, ...more } })

	await refused(check(tls({ ca: { pinned: [der(stranger)] } })), 502, /not signed by an authority in what was given/)
	await refused(check(tls({ ca: { ca_set: 'global_roots' } })), 502, /not signed by an authority in/)
	await refused(check(tls({ client_cert: undefined, client_key: undefined })), 502, /refuses our certificate \(none is configured\)/)
	await refused(check(tls({ client_cert: der(stranger), client_key: der(dsm.stack.path('stranger.key')) })), 502, /refuses our certificate \(the one that was given\)/)
	await refused(check(tls({ client_key: der(dsm.stack.path('stranger.key')) })), 400, /does not belong/)
	/* The gateway's certificate is for 127.0.0.1 and localhost. */
	const other = { ...good, url: good.url.replace('127.0.0.1', '127.0.0.2') }
	await refused(check(other), 502, /another host|cannot connect/)
	for (const mode of ['disabled', 'opportunistic']) await refused(check({ ...good, tls: { mode } }), 400, /"required": the PIN/)
	await refused(check({ ...good, kind: 'AwsKms' }), 501, /not available/)
	await refused(check({ ...good, kind: 'Enigma' }), 400, /kind is to be/)
	assert.equal((await check({ ...good, kind: 'SAFENET' })).status, 204)
})

test('lists: who may see what, order, pages and counts', async () => {
	const all = await admin.succeed('GET', '/sys/v1/groups')
	assert.ok(all.length >= 5)
	const ids = all.map((g) => g.group_id)
	assert.deepEqual((await admin.succeed('GET', '/sys/v1/groups?sort_by=group_id:desc')).map((g) => g.group_id), [...ids].reverse())
	assert.deepEqual((await admin.succeed('GET', '/sys/v1/groups?limit=2&offset=1')).map((g) => g.group_id), ids.slice(1, 3))
	const page = await admin.succeed('GET', '/sys/v1/groups?with_metadata=true&limit=1')
	assert.deepEqual([page.items.length, page.metadata.total_count], [1, all.length])
	const walked = []
	for (let token = ''; token !== undefined;) {
		const { items, metadata } = await admin.succeed('GET', `/sys/v1/groups?limit=2&continuation_token=${token}`)
		walked.push(...items.map((g) => g.group_id))
		token = metadata.continuation_token
	}
	assert.deepEqual(walked, ids)
	assert.deepEqual((await dsm.app.succeed('GET', '/sys/v1/groups')).map((g) => g.group_id), [dsm.group])
	await refused(dsm.app.call('GET', `/sys/v1/groups/${ids.find((id) => id !== dsm.group)}`), 404, /no such group/)
	await refused(dsm.app.call('PATCH', `/sys/v1/groups/${dsm.group}`, { name: 'mine' }), 403, /./)
	await refused(admin.call('GET', '/sys/v1/groups?sort_by=colour:asc'), 400, /sort_by/)
})

test('what is wrong with a group is said', async () => {
	const made = await create({ name: name(), add_hmg: [good] })
	const taken = name()
	await create({ name: taken })
	await refused(admin.post('/sys/v1/groups', { name: taken }), 409, /already/)
	await refused(change(made.group_id, { name: taken }), 409, /already/)
	await refused(admin.post('/sys/v1/groups', {}), 400, /has a name/)
	await refused(admin.post('/sys/v1/groups', { name: ' ' }), 400, /name/)
	await refused(admin.post('/sys/v1/groups', { name: name(), key_store: 'nowhere' }), 400, /no key store nowhere/)
	await refused(admin.post('/sys/v1/groups', { name: name(), auto_scan: { scan_interval_hours: 1 } }), 501, /auto_scan/)
	await refused(admin.post('/sys/v1/groups', { name: name(), colour: 'red' }), 400, /colour/)
	await refused(admin.post('/sys/v1/groups', { name: name(), add_hmg: Array(17).fill(good) }), 400, /at most 16/)
	await refused(change(made.group_id, { del_hmg: ['00000000-0000-7000-8000-000000000000'] }), 400, /no connection/)
	await refused(admin.call('GET', '/sys/v1/groups/00000000-0000-7000-8000-000000000000'), 404, /no such group/)
	assert.equal((await change(made.group_id, { hmg_redundancy: 'PriorityFailover' })).body.hmg_redundancy, 'PriorityFailover')
	assert.equal((await change(made.group_id, { hmg_redundancy: 'remove' })).body.hmg_redundancy, undefined)
	assert.equal((await change(made.group_id, { del_hmg: [only(made)[0]] })).body.hmg, undefined)
})

test('a group with keys stays; without, it goes', async () => {
	const made = await create({ name: name(), add_hmg: [good] })
	const app = await dsm.newApp({ name: 'short-lived', permissions: null, groups: { [made.group_id]: ['MANAGE'] } })
	const key = await app.succeed('POST', '/crypto/v1/keys', { name: 'stays', group_id: made.group_id, obj_type: 'AES', key_size: 256 })
	await refused(admin.call('DELETE', `/sys/v1/groups/${made.group_id}`), 400, /has 1 keys/)
	await admin.succeed('DELETE', `/crypto/v1/keys/${key.kid}`)
	assert.equal((await admin.call('DELETE', `/sys/v1/groups/${made.group_id}`)).status, 204)
	assert.equal((await admin.call('GET', `/sys/v1/groups/${made.group_id}`)).status, 404)
})

test('no PIN is in a log, in the database, or in an answer', async () => {
	const files = execFileSync('find', [dsm.stack.dir, '-type', 'f', '-size', '-40M']).toString().trim().split('\n')
	const databases = files.filter((file) => /\.db(-wal)?$/.test(file)), logs = files.filter((file) => file.endsWith('.log'))
	assert.ok(databases.length && logs.length)
	for (const file of [...databases, ...logs]) {
		const bytes = readFileSync(file)
		for (const pin of [WRONG_PIN, ...(PIN.length > 6 ? [PIN] : [])]) assert.ok(!bytes.includes(pin), `${file} has a PIN in it`)
	}
	assert.ok(!JSON.stringify(await admin.succeed('GET', '/sys/v1/groups')).includes('"pin":'))
})
