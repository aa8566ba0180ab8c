// SPDX-License-Identifier: Apache-2.0
// The life of security objects over the Crypto API: server, gateway and SoftHSM2, all real. What the HSM really has is read past the
// server, by a client of the gateway's protocol that is not ours (slot-link.mjs).
import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { DsmClient, startDsm } from '../e2e/dsm.mjs'
import { PIN } from '../e2e/stack.mjs'
import * as wire from './slot-link.mjs'
import { SlotLink } from './slot-link.mjs'

let dsm, link, applying, other
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, TIME = /^\d{8}T\d{6}Z$/
const NOBODY = '0199a1de-0000-7000-8000-000000000009'
const USES = ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'DERIVEKEY', 'MACGENERATE', 'MACVERIFY', 'EXPORT', 'AGREEKEY', 'TRANSFORM']
const ALL = ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'DERIVEKEY', 'MACGENERATE', 'MACVERIFY', 'EXPORT', 'MANAGE', 'AGREEKEY']

before(async () => {
	dsm = await startDsm()
	/* A second group on the same slot, whose changes are made in the HSM too. */
	applying = (await dsm.newGroup({ name: 'applying', hmg_sync: true })).group_id
	other = await dsm.newApp({ name: 'other', groups: { [applying]: ALL } })
	const { cert, key, ca } = dsm.certificate
	link = new SlotLink({ port: dsm.gateway.ports.link, tls: { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) } })
	await link.open({ slot: (await dsm.stack.tokens()).find((t) => t.label === dsm.label).slot, pin: PIN })
})
after(async () => {
	link?.destroy()
	await dsm?.stop()
})

/** All keys of the slot. */
async function inHsm() {
	const keys = []
	for (let cursor = 0n; ;) {
		const page = await link.op(wire.list(256, cursor))
		assert.equal(page.outcome, 'done', page.text)
		keys.push(...page.keys)
		if (!(cursor = page.cursor)) return keys
	}
}
const idOf = (key) => Buffer.from(key.external.id.id, 'base64')
/** What the HSM has of a virtual key; undefined: nothing. */
async function behind(key) {
	const found = (await inHsm()).filter((k) => k.id.equals(idOf(key)))
	assert.ok(found.length <= 1)
	return found[0] && { ...found[0], label: found[0].label.toString(), uses: USES.filter((_, bit) => found[0].uses & (1 << bit)) }
}
const make = (name, more = {}, client = dsm.app) => client.succeed('POST', '/crypto/v1/keys', { name, obj_type: 'AES', key_size: 256, group_id: dsm.group, ...more })
const info = (of, client = dsm.app) => client.succeed('POST', '/crypto/v1/keys/info', of)
const refused = async (status, words, client, method, path, body) => {
	const answer = await client.call(method, path, body)
	assert.equal(answer.status, status, `${method} ${path}: ${answer.status} ${answer.text}`)
	if (words) assert.match(answer.text, words)
}
const encrypt = (of, client = dsm.app) => client.call('POST', '/crypto/v1/encrypt', { key: of, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'aGVsbG8=' })
const scan = (group) => dsm.admin.succeed('POST', `/sys/v1/groups/${group}/hmg/scan`, {})

test('a key is generated in the HSM with exactly what was asked for', async () => {
	const key = await make('made', { key_ops: ['ENCRYPT', 'DECRYPT', 'APPMANAGEABLE'], description: 'for cards', custom_metadata: { b: '2', a: '1' } })
	assert.match(key.kid, UUID)
	assert.match(key.acct_id, UUID)
	assert.match(key.created_at, TIME)
	assert.match(key.lastused_at, TIME)
	assert.deepEqual([key.name, key.obj_type, key.key_size, key.state, key.enabled, key.origin, key.public_only, key.never_exportable],
		['made', 'AES', 256, 'Active', true, 'FortanixHSM', false, true])
	assert.deepEqual(key.key_ops, ['ENCRYPT', 'DECRYPT', 'APPMANAGEABLE'])
	assert.deepEqual([key.description, key.custom_metadata, key.creator], ['for cards', { a: '1', b: '2' }, { app: dsm.app.id }])
	assert.equal(key.external.hsm_group_id, dsm.group)
	assert.equal(Buffer.from(key.external.id.label, 'base64').toString(), 'made')
	assert.equal(idOf(key).length, 16)
	const there = await behind(key)
	assert.deepEqual([there.label, there.bits, there.uses], ['made', 256, ['ENCRYPT', 'DECRYPT']])
	assert.deepEqual(await info({ kid: key.kid }), key)
	assert.deepEqual(await info({ name: 'made' }), key)
	assert.deepEqual(await dsm.app.succeed('GET', `/crypto/v1/keys/${key.kid}`), key)
	assert.equal((await encrypt({ name: 'made' })).status, 200)
})

test('keys of a pair have their public key', async () => {
	const ec = await make('ec', { obj_type: 'EC', key_size: undefined, elliptic_curve: 'NistP256', publish_public_key: { state: 'enabled', list_previous_version: false } })
	const spki = createPublicKey({ key: Buffer.from(ec.pub_key, 'base64'), format: 'der', type: 'spki' })
	assert.equal(spki.asymmetricKeyDetails.namedCurve, 'prime256v1')
	assert.equal(ec.elliptic_curve, 'NistP256')
	const digest = createHash('sha256').update('hello').digest()
	const { signature } = await dsm.app.succeed('POST', '/crypto/v1/sign', { key: { kid: ec.kid }, hash_alg: 'SHA256', hash: digest.toString('base64') })
	assert.ok(verify('sha256', Buffer.from('hello'), spki, Buffer.from(signature, 'base64')))
	const rsa = await make('rsa', { obj_type: 'RSA', key_size: 2048 })
	assert.deepEqual(rsa.rsa, { key_size: 2048, encryption_policy: [{ padding: { OAEP: {} } }], signature_policy: [{}] })
	/* Everybody may have what is published, and nothing else. */
	const anybody = new DsmClient(dsm.stack)
	assert.deepEqual(await anybody.succeed('GET', `/crypto/v1/pubkey/${ec.acct_id}/ec`), { [ec.kid]: ec.pub_key })
	await refused(404, null, anybody, 'GET', `/crypto/v1/pubkey/${ec.acct_id}/rsa`)
	await refused(404, null, anybody, 'GET', `/crypto/v1/pubkey/${NOBODY}/ec`)
	await refused(401, null, anybody, 'GET', `/crypto/v1/keys/${ec.kid}`)
})

test('keys and values are imported', async () => {
	const put = (name, obj_type, value, more = {}) => dsm.app.succeed('PUT', '/crypto/v1/keys', { name, obj_type, value: value.toString('base64'), group_id: dsm.group, ...more })
	const aes = await put('imported', 'AES', Buffer.alloc(16, 7), { key_ops: ['ENCRYPT', 'DECRYPT', 'EXPORT'] })
	assert.deepEqual([aes.key_size, (await behind(aes)).label, aes.origin], [128, 'imported', 'External'])
	assert.deepEqual(Buffer.from((await dsm.app.succeed('POST', '/crypto/v1/keys/export', { kid: aes.kid })).value, 'base64'), Buffer.alloc(16, 7))
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
	const pair = await put('pair', 'EC', privateKey.export({ format: 'der', type: 'pkcs8' }), { elliptic_curve: 'SecP256K1' })
	assert.equal(pair.pub_key, publicKey.export({ format: 'der', type: 'spki' }).toString('base64'))
	/* What the vendor's clients send, too: PKCS#1, SEC 1. */
	for (const [name, type, made, form] of [['sec1', 'EC', { privateKey, publicKey }, 'sec1'], ['pkcs1', 'RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'pkcs1']])
		assert.equal((await put(name, type, made.privateKey.export({ format: 'der', type: form }))).pub_key, made.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'))
	const half = await put('half', 'EC', publicKey.export({ format: 'der', type: 'spki' }))
	assert.deepEqual([half.public_only, half.key_ops.includes('SIGN'), half.elliptic_curve], [true, false, 'SecP256K1'])
	/* What is no key stays here, sealed. */
	for (const [name, type] of [['opaque', 'OPAQUE'], ['secret', 'SECRET']]) {
		const value = randomBytes(40), kept = await put(name, type, value, { key_ops: ['EXPORT', 'APPMANAGEABLE'] })
		assert.equal(kept.external === undefined, type === 'OPAQUE')
		assert.deepEqual(Buffer.from((await dsm.app.succeed('POST', '/crypto/v1/keys/export', { name })).value, 'base64'), value)
	}
	await refused(400, /PKCS#8/, dsm.app, 'PUT', '/crypto/v1/keys', { name: 'x', obj_type: 'EC', value: 'AAAA', group_id: dsm.group })
	await refused(400, /another curve/, dsm.app, 'PUT', '/crypto/v1/keys', { name: 'x', obj_type: 'EC', elliptic_curve: 'NistP256', group_id: dsm.group,
		value: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64') })
	await refused(400, /no AES keys of 40 bits/, dsm.app, 'PUT', '/crypto/v1/keys', { name: 'x', obj_type: 'AES', value: 'AAAAAAA=', group_id: dsm.group })
	await refused(400, /check value/, dsm.app, 'PUT', '/crypto/v1/keys', { name: 'x', obj_type: 'AES', value: randomBytes(16).toString('base64'), kcv: '000000', group_id: dsm.group })
})

test('a name is one key\'s', async () => {
	await make('twice')
	await refused(409, /named "twice" already/, dsm.app, 'POST', '/crypto/v1/keys', { name: 'twice', obj_type: 'AES', key_size: 256, group_id: dsm.group })
	const answers = await Promise.all(Array.from({ length: 6 }, () => dsm.app.call('POST', '/crypto/v1/keys', { name: 'race', obj_type: 'AES', key_size: 256, group_id: dsm.group })))
	assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409, 409, 409])
	assert.equal((await inHsm()).filter((k) => k.label?.toString() === 'race').length, 1)
})

test('what cannot be made is refused with words', async () => {
	const post = (status, words, body) => refused(status, words, dsm.app, 'POST', '/crypto/v1/keys', { name: 'bad', obj_type: 'AES', key_size: 256, group_id: dsm.group, ...body })
	await post(400, /no AES keys of 100 bits/, { key_size: 100 })
	await post(400, /key_size/, { key_size: undefined })
	await post(501, /obj_type/, { obj_type: 'ARIA' })
	await post(400, /obj_type/, { obj_type: 'LOVE' })
	await post(400, /elliptic_curve/, { obj_type: 'EC', key_size: undefined, elliptic_curve: 'P-256' })
	await post(501, /deterministic/, { obj_type: 'EC', key_size: undefined, elliptic_curve: 'NistP256', deterministic_signatures: true })
	await post(400, /PUT/, { obj_type: 'OPAQUE' })
	await post(501, /no master key/, { transient: true })
	await post(400, /rotation_policy/, { transient: true, rotation_policy: { interval_days: 30 } })
	await post(400, /not known/, { colour: 'red' })
	await post(400, /SIGN/, { key_ops: ['SIGN'] })
	await post(400, /one line/, { name: 'a\nb' })
	await post(404, /no such group/, { group_id: applying })
	await post(404, /no such group/, { group_id: NOBODY })
	await post(400, /deactivation_date/, { deactivation_date: '20200101T000000Z' })
	assert.equal((await inHsm()).some((k) => k.label?.toString() === 'bad'), false)
	await refused(400, /transient_key/, dsm.app, 'POST', '/crypto/v1/keys/persist', { name: 'x', transient_key: 'AAAA' })
})

test('without the policy a change is one of the virtual key alone', async () => {
	const key = await make('virtual')
	const changed = await dsm.app.succeed('PATCH', `/crypto/v1/keys/${key.kid}`, { name: 'renamed', description: 'new', key_ops: ['ENCRYPT', 'APPMANAGEABLE'], custom_metadata: { x: 'y' } })
	assert.deepEqual([changed.name, changed.description, changed.key_ops.sort(), changed.custom_metadata], ['renamed', 'new', ['APPMANAGEABLE', 'ENCRYPT'], { x: 'y' }])
	const there = await behind(key)
	assert.equal(there.label, 'virtual')
	assert.ok(there.uses.includes('DECRYPT'))
	assert.equal((await encrypt({ name: 'renamed' })).status, 200)
	await refused(404, null, dsm.app, 'POST', '/crypto/v1/keys/info', { name: 'virtual' })
	const { body } = await encrypt({ kid: key.kid })
	await refused(403, /DECRYPT/, dsm.app, 'POST', '/crypto/v1/decrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', cipher: body.cipher, iv: body.iv, tag: body.tag })
	/* What a scan finds does not overwrite it. */
	await scan(dsm.group)
	assert.deepEqual((await info({ kid: key.kid })).key_ops.sort(), ['APPMANAGEABLE', 'ENCRYPT'])
	await dsm.app.succeed('POST', `/crypto/v1/keys/${key.kid}/destroy`)
	assert.ok(await behind(key))
	const gone = await info({ kid: key.kid })
	assert.deepEqual([gone.state, gone.name], ['Destroyed', 'renamed'])
	assert.match(gone.destruction_date, TIME)
	await refused(400, /Destroyed/, dsm.app, 'POST', '/crypto/v1/encrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'AAAA' })
	assert.equal((await dsm.app.call('DELETE', `/crypto/v1/keys/${key.kid}`)).status, 204)
	await refused(404, null, dsm.app, 'GET', `/crypto/v1/keys/${key.kid}`)
	assert.ok(await behind(key))
})

test('with the policy it is made in the HSM at once', async () => {
	const key = await make('applied', { group_id: applying }, other)
	const change = (body) => other.succeed('PATCH', `/crypto/v1/keys/${key.kid}`, body)
	assert.equal((await change({ name: 'applied too' })).name, 'applied too')
	assert.equal((await behind(key)).label, 'applied too')
	assert.equal((await encrypt({ name: 'applied too' }, other)).status, 200)
	const less = await change({ key_ops: ['ENCRYPT', 'APPMANAGEABLE'] })
	assert.deepEqual((await behind(less)).uses, ['ENCRYPT'])
	/* Deactivation is never the HSM's business. */
	assert.equal((await other.call('POST', `/crypto/v1/keys/${key.kid}/revoke`, { code: 'Superseded' })).status, 204)
	assert.ok(await behind(key))
	assert.equal((await other.call('POST', `/crypto/v1/keys/${key.kid}/destroy`)).status, 204)
	assert.equal(await behind(key), undefined)
	assert.equal((await info({ kid: key.kid }, other)).state, 'Destroyed')
	const deleted = await make('to be deleted', { group_id: applying }, other)
	assert.equal((await other.call('DELETE', `/crypto/v1/keys/${deleted.kid}`)).status, 204)
	assert.equal(await behind(deleted), undefined)
	const curve = await make('curve applied', { group_id: applying, obj_type: 'EC', key_size: undefined, elliptic_curve: 'NistP256' }, other)
	assert.equal((await other.succeed('PATCH', `/crypto/v1/keys/${curve.kid}`, { name: 'curve renamed' })).name, 'curve renamed')
	assert.equal((await behind(curve)).label, 'curve renamed')
	assert.deepEqual((await other.succeed('PATCH', `/crypto/v1/keys/${curve.kid}`, { key_ops: ['SIGN', 'APPMANAGEABLE'] })).key_ops, ['SIGN', 'APPMANAGEABLE'])
	const pair = await make('to be halved', { group_id: applying, obj_type: 'EC', key_size: undefined, elliptic_curve: 'NistP256' }, other)
	assert.equal((await other.call('DELETE', `/crypto/v1/keys/${pair.kid}/private`)).status, 204)
	assert.equal((await info({ kid: pair.kid }, other)).public_only, true)
	await refused(400, /private half/, other, 'POST', '/crypto/v1/sign', { key: { kid: pair.kid }, hash_alg: 'SHA256', data: 'AAAA' })
})

test('a key lives: PreActive, Active, Deactivated, Compromised', async () => {
	const key = await make('lives', { state: 'PreActive' })
	assert.equal(key.state, 'PreActive')
	assert.equal((await encrypt({ kid: key.kid })).status, 400)
	assert.equal((await dsm.app.call('POST', `/crypto/v1/keys/${key.kid}/activate`)).status, 204)
	const { status, body } = await encrypt({ kid: key.kid })
	assert.equal(status, 200)
	await refused(400, /Active/, dsm.app, 'POST', `/crypto/v1/keys/${key.kid}/activate`)
	const decrypts = async () => (await dsm.app.call('POST', '/crypto/v1/decrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', cipher: body.cipher, iv: body.iv, tag: body.tag })).status
	await refused(400, /reason/, dsm.app, 'POST', `/crypto/v1/keys/${key.kid}/revoke`, { code: 'Boredom' })
	assert.equal((await dsm.app.call('POST', `/crypto/v1/keys/${key.kid}/revoke`, { code: 'Superseded', message: 'old' })).status, 204)
	const off = await info({ kid: key.kid })
	assert.deepEqual([off.state, off.revocation_reason], ['Deactivated', { code: 'Superseded', message: 'old' }])
	assert.deepEqual([(await encrypt({ kid: key.kid })).status, await decrypts()], [400, 200])
	assert.equal((await dsm.app.call('POST', `/crypto/v1/keys/${key.kid}/revoke`, { code: 'KeyCompromise', compromise_occurance_date: '20250101T000000Z' })).status, 204)
	const bad = await info({ kid: key.kid })
	assert.deepEqual([bad.state, bad.compromise_date], ['Compromised', '20250101T000000Z'])
	assert.deepEqual([(await encrypt({ kid: key.kid })).status, await decrypts()], [400, 200])
	await dsm.app.succeed('PATCH', `/crypto/v1/keys/${key.kid}`, { enabled: false })
	assert.equal(await decrypts(), 400)
	await refused(400, /key_history_policy/, dsm.app, 'PUT', `/crypto/v1/keys/${key.kid}/revert`, { ids: [key.kid] })
})

test('with the policy, a change that is taken back is made in the HSM too', async () => {
	await dsm.admin.succeed('PATCH', `/sys/v1/groups/${applying}`, { key_history_policy: { undo_time_window: 3600 } })
	const key = await make('taken back', { group_id: applying, key_ops: ['ENCRYPT', 'DECRYPT', 'APPMANAGEABLE'] }, other)
	await other.succeed('PATCH', `/crypto/v1/keys/${key.kid}`, { key_ops: ['DECRYPT', 'APPMANAGEABLE'] })
	assert.deepEqual((await behind(key)).uses, ['DECRYPT'])
	const { history } = await info({ kid: key.kid }, other)
	/* The group's policy as it is now decides. */
	await dsm.admin.succeed('PATCH', `/sys/v1/groups/${applying}`, { cryptographic_policy: { key_ops: ['DECRYPT', 'APPMANAGEABLE'] } })
	await refused(403, /policy/, other, 'PUT', `/crypto/v1/keys/${key.kid}/revert`, { ids: [history[0].id] })
	await dsm.admin.succeed('PATCH', `/sys/v1/groups/${applying}`, { cryptographic_policy: 'remove', key_history_policy: 'remove' })
	await refused(400, /key_history_policy/, other, 'PUT', `/crypto/v1/keys/${key.kid}/revert`, { ids: [history[0].id] })
	await dsm.admin.succeed('PATCH', `/sys/v1/groups/${applying}`, { key_history_policy: { undo_time_window: 3600 } })
	assert.equal((await other.call('PUT', `/crypto/v1/keys/${key.kid}/revert`, { ids: [history[0].id] })).status, 204)
	assert.deepEqual((await behind(key)).uses, ['ENCRYPT', 'DECRYPT'])
	await dsm.admin.succeed('PATCH', `/sys/v1/groups/${applying}`, { key_history_policy: 'remove' })
})

test('rotation makes a new key under the name; who uses it by name is never without', async () => {
	const first = await make('rotated', { custom_metadata: { a: 'b' } })
	let stop = false, used = 0
	const use = async () => {
		while (!stop) {
			const answer = await encrypt({ name: 'rotated' })
			assert.equal(answer.status, 200, answer.text)
			used++
		}
	}
	const users = [use(), use(), use()]
	let last = first
	for (let i = 0; i < 4; i++) {
		const next = await dsm.app.succeed('POST', '/crypto/v1/keys/rekey', { name: 'rotated', deactivate_rotated_key: i % 2 === 1 })
		assert.deepEqual([next.name, next.links.replaced, next.custom_metadata, next.key_ops], ['rotated', last.kid, { a: 'b' }, first.key_ops])
		assert.notEqual(next.kid, last.kid)
		const old = await info({ kid: last.kid })
		assert.match(old.name, /^rotated \(rotated at \d{8}T\d{6}Z(, \d+)?\)$/)
		assert.deepEqual([old.links.replacement, old.state], [next.kid, i % 2 === 1 ? 'Deactivated' : 'Active'])
		assert.ok(await behind(next))
		assert.ok(await behind(last))
		last = next
	}
	stop = true
	await Promise.all(users)
	assert.ok(used > 4)
	const [a, b] = await Promise.all([1, 2].map(() => dsm.app.call('POST', '/crypto/v1/keys/rekey', { name: 'rotated' })))
	assert.ok([a.status, b.status].includes(201), `${a.text} ${b.text}`)
	await refused(404, null, dsm.app, 'POST', '/crypto/v1/keys/rekey', { name: 'nobody' })
})

test('another key takes a name by replacement', async () => {
	const old = await make('replaced'), fresh = await make('replacement')
	assert.equal((await dsm.app.call('POST', '/crypto/v1/keys/replace', { replaced: { name: 'replaced' }, replacement: { kid: fresh.kid }, replaced_new_name: 'older' })).status, 204)
	const [now, then] = [await info({ name: 'replaced' }), await info({ name: 'older' })]
	assert.deepEqual([now.kid, now.links.replaced, then.kid, then.links.replacement], [fresh.kid, old.kid, old.kid, fresh.kid])
})

test('only a key that may leave is exported or copied', async () => {
	const stays = await make('stays')
	await refused(403, /EXPORT/, dsm.app, 'POST', '/crypto/v1/keys/export', { kid: stays.kid })
	await refused(403, /EXPORT/, dsm.app, 'POST', '/crypto/v1/keys/copy', { key: { kid: stays.kid }, name: 'copy' })
	await refused(403, /never may/, dsm.app, 'PATCH', `/crypto/v1/keys/${stays.kid}`, { key_ops: ['ENCRYPT', 'EXPORT'] })
	const leaves = await make('leaves', { key_ops: ['ENCRYPT', 'DECRYPT', 'EXPORT', 'APPMANAGEABLE'] })
	const copy = await dsm.app.succeed('POST', '/crypto/v1/keys/copy', { key: { name: 'leaves' }, name: 'copy', key_ops: ['ENCRYPT', 'DECRYPT', 'APPMANAGEABLE'] })
	assert.equal(copy.links.copiedFrom, leaves.kid)
	assert.deepEqual((await info({ kid: leaves.kid })).links.copiedTo, [copy.kid])
	const { body } = await encrypt({ kid: leaves.kid })
	assert.equal((await dsm.app.succeed('POST', '/crypto/v1/decrypt', { key: { kid: copy.kid }, alg: 'AES', mode: 'GCM', cipher: body.cipher, iv: body.iv, tag: body.tag })).plain, 'aGVsbG8=')
	/* As old clients ask for it. */
	const { value } = await dsm.app.succeed('POST', '/crypto/v1/keys/export', { kid: leaves.kid })
	assert.equal((await dsm.app.succeed('GET', `/crypto/v1/keys/${leaves.kid}/export`)).value, value)
	await refused(403, /EXPORT/, dsm.app, 'GET', `/crypto/v1/keys/${stays.kid}/export`)
	const weak = await dsm.newApp({ name: 'weak', permissions: ['ENCRYPT'] })
	await refused(403, /EXPORT/, weak, 'POST', '/crypto/v1/keys/export', { kid: leaves.kid })
	await refused(403, /only apps/, dsm.admin, 'POST', '/crypto/v1/keys/export', { kid: leaves.kid })
	/* Nor by way of a group where the app might do what it may not here. */
	const around = await dsm.newApp({ name: 'around', groups: { [dsm.group]: ['COPY_SOBJECTS', 'ENCRYPT'], [applying]: ALL } })
	await refused(403, /EXPORT/, around, 'POST', '/crypto/v1/keys/copy', { key: { kid: leaves.kid }, name: 'around', group_id: applying })
})

test('a key that was taken out of the HSM behind our back is told, and changed nowhere', async () => {
	const key = await make('taken', { group_id: applying }, other)
	assert.equal((await link.op(wire.destroy({ type: 1, id: idOf(key), label: 'taken' }))).outcome, 'done')
	const before_ = await encrypt({ kid: key.kid }, other)
	assert.ok(before_.status >= 400, before_.text)
	await refused(404, null, other, 'PATCH', `/crypto/v1/keys/${key.kid}`, { name: 'still' })
	assert.equal((await info({ kid: key.kid }, other)).name, 'taken')
	await scan(applying)
	await refused(400, /no such key any more/, other, 'POST', '/crypto/v1/encrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'AAAA' })
	/* Its end is its end. */
	assert.equal((await other.call('DELETE', `/crypto/v1/keys/${key.kid}`)).status, 204)
})

test('a key is moved only between groups of one HSM', async () => {
	const key = await make('moves')
	const both = await dsm.newApp({ name: 'both', groups: { [dsm.group]: ALL, [applying]: ALL } })
	await refused(404, /no such group/, dsm.app, 'PATCH', `/crypto/v1/keys/${key.kid}`, { group_id: applying })
	assert.equal((await both.succeed('PATCH', `/crypto/v1/keys/${key.kid}`, { group_id: applying })).group_id, applying)
	await refused(404, null, dsm.app, 'GET', `/crypto/v1/keys/${key.kid}`)
	assert.equal((await encrypt({ kid: key.kid }, other)).status, 200)
})

test('keys of groups that one is not in are not there', async () => {
	const key = await make('hidden', { group_id: applying }, other)
	for (const [method, path, body] of [['GET', `/crypto/v1/keys/${key.kid}`], ['PATCH', `/crypto/v1/keys/${key.kid}`, { name: 'mine' }],
		['DELETE', `/crypto/v1/keys/${key.kid}`], ['POST', `/crypto/v1/keys/${key.kid}/destroy`], ['POST', `/crypto/v1/keys/${key.kid}/revoke`, { code: 'Unspecified' }],
		['POST', '/crypto/v1/keys/info', { name: 'hidden' }], ['POST', '/crypto/v1/keys/rekey', { name: 'hidden' }], ['POST', '/crypto/v1/keys/export', { name: 'hidden' }],
		['POST', '/crypto/v1/keys/copy', { key: { kid: key.kid }, name: 'mine' }]]) {
		const answer = await dsm.app.call(method, path, body)
		const nothing = await dsm.app.call(method, path.replace(key.kid, NOBODY), JSON.parse(JSON.stringify(body ?? null)?.replace(key.kid, NOBODY).replace('hidden', 'nothing')) ?? undefined)
		assert.deepEqual([answer.status, answer.text], [404, nothing.text], `${method} ${path}`)
	}
	assert.equal((await info({ kid: key.kid }, other)).state, 'Active')
	const all = await dsm.app.succeed('GET', '/crypto/v1/keys')
	assert.ok(all.length && all.every((k) => k.group_id === dsm.group))
	await refused(404, null, dsm.app, 'GET', `/crypto/v1/keys?group_id=${applying}`)
	/* Administrators see all, and use none. */
	assert.ok((await dsm.admin.succeed('GET', '/crypto/v1/keys')).some((k) => k.kid === key.kid))
	assert.equal((await encrypt({ kid: key.kid }, dsm.admin)).status, 403)
})

test('lists are paged, sorted and filtered', async () => {
	const list = (query) => dsm.app.succeed('GET', `/crypto/v1/keys?${query}`)
	const names = async (query) => (await list(query)).map((k) => k.name)
	for (const [i, size] of [128, 192, 256].entries()) await make(`listed ${i}`, { key_size: size, custom_metadata: { set: 'l', n: String(i) } })
	const filter = (f) => `filter=${encodeURIComponent(JSON.stringify(f))}`
	const ours = { 'custom_metadata.set': 'l' }
	assert.deepEqual(await names('custom_metadata.set=l&sort=name:asc'), ['listed 0', 'listed 1', 'listed 2'])
	assert.deepEqual(await names('custom_metadata.set=l&sort=name:desc'), ['listed 2', 'listed 1', 'listed 0'])
	assert.deepEqual(await names('custom_metadata.set=l&limit=2'), ['listed 0', 'listed 1'])
	assert.deepEqual(await names('custom_metadata.set=l&limit=2&offset=1'), ['listed 1', 'listed 2'])
	assert.deepEqual(await names('name=listed%201'), ['listed 1'])
	assert.deepEqual(await names('pkcs11_label=listed%202'), ['listed 2'])
	const one = await info({ name: 'listed 1' })
	assert.deepEqual(await names(`pkcs11_id=${encodeURIComponent(one.external.id.id)}`), ['listed 1'])
	assert.deepEqual(await names(`custom_metadata.set=l&start=${one.kid}`), ['listed 2'])
	assert.deepEqual(await names(filter({ $and: [ours, { key_size: { $gte: 192 } }, { $not: { key_size: 256 } }] })), ['listed 1'])
	assert.deepEqual(await names(filter({ ...ours, $or: [{ key_size: 128 }, { name: { $text: { $search: 'LISTED 2' } } }] })), ['listed 0', 'listed 2'])
	assert.deepEqual(await names(filter({ ...ours, obj_type: { $in: ['AES'] }, enabled: { $eq: 'true' }, key_ops: { $any: { $eq: 'ENCRYPT' } } })), ['listed 0', 'listed 1', 'listed 2'])
	assert.deepEqual(await names(filter({ ...ours, obj_type: { $nin: ['AES'] } })), [])
	const all = ['listed 0', 'listed 1', 'listed 2'], holds = (words) => ({ $text: { $search: words } })
	assert.deepEqual(await names(filter({ $and: [ours, { group_name: holds('Key') }] })), all)
	assert.deepEqual(await names(filter({ ...ours, group_name: 'applying' })), [])
	assert.deepEqual(await names(filter({ ...ours, $or: [{ creator_name: holds('app') }] })), all)
	assert.deepEqual(await names(filter({ ...ours, $not: { creator_name: { $eq: 'app' } } })), [])
	assert.deepEqual(await names(filter({ ...ours, creator_name: holds('other') })), [])
	assert.deepEqual(await names(filter({ ...ours, wrapping_key: holds(one.kid) })), [])
	const counted = await list(`with_metadata=true&limit=1&${filter(ours)}`)
	assert.deepEqual([counted.items.length, counted.metadata.filtered_count], [1, 3])
	assert.ok(counted.metadata.total_count > 3)
	/* Page by page, as clients do: each key once. */
	const seen = []
	for (let start = ''; ;) {
		const page = await list(`limit=3&sort=kid:asc${start && `&start=${start}`}`)
		if (!page.length) break
		seen.push(...page.map((k) => k.kid))
		start = seen.at(-1)
	}
	assert.deepEqual(seen, (await list('')).map((k) => k.kid))
	assert.equal(new Set(seen).size, seen.length)
	await dsm.app.succeed('POST', `/crypto/v1/keys/${one.kid}/destroy`)
	assert.deepEqual(await names('custom_metadata.set=l'), ['listed 0', 'listed 2'])
	assert.deepEqual(await names('custom_metadata.set=l&show_destroyed=true'), ['listed 0', 'listed 1', 'listed 2'])
	for (const [query, words] of [['sort=size:asc', /sort/], ['colour=red', /not known/], [filter({ colour: 1 }), /no field/], [filter({ key_size: { $near: 1 } }), /\$near/],
		[filter([]), /object/], ['filter=%7B', /filter/], ['limit=-1', /limit/], ['obj_type=FISH', /FISH/]])
		await refused(400, words, dsm.app, 'GET', `/crypto/v1/keys?${query}`)
})

test('what may be managed by apps is the key\'s to say', async () => {
	const key = await make('users only', { key_ops: ['ENCRYPT', 'DECRYPT'] })
	await refused(403, /APPMANAGEABLE/, dsm.app, 'PATCH', `/crypto/v1/keys/${key.kid}`, { name: 'x' })
	assert.equal((await dsm.admin.succeed('PATCH', `/crypto/v1/keys/${key.kid}`, { description: 'by a user' })).description, 'by a user')
	const reader = await dsm.newApp({ name: 'reader', permissions: ['ENCRYPT'] })
	await refused(403, /CREATE_SOBJECTS/, reader, 'POST', '/crypto/v1/keys', { name: 'no', obj_type: 'AES', key_size: 256, group_id: dsm.group })
})

test('a group\'s cryptographic policy is held to', async () => {
	const { group_id } = await dsm.newGroup({ name: 'strict', cryptographic_policy: { aes: { key_sizes: [256] }, key_ops: ['ENCRYPT', 'DECRYPT', 'APPMANAGEABLE'], legacy_policy: 'prohibited' } })
	const app = await dsm.newApp({ name: 'strict app', groups: { [group_id]: ALL } })
	const uses = { key_ops: ['ENCRYPT', 'DECRYPT', 'APPMANAGEABLE'], group_id }
	await make('strict 1', uses, app)
	await refused(403, /192 bits/, app, 'POST', '/crypto/v1/keys', { name: 'no', obj_type: 'AES', key_size: 192, ...uses })
	await refused(403, /no HMAC/, app, 'POST', '/crypto/v1/keys', { name: 'no', obj_type: 'HMAC', key_size: 256, ...uses, key_ops: ['APPMANAGEABLE'] })
})

test('a gateway that is gone: the key is not made, and its name is free again', async () => {
	await dsm.gateway.stop()
	const answer = await dsm.app.call('POST', '/crypto/v1/keys', { name: 'not now', obj_type: 'AES', key_size: 256, group_id: dsm.group })
	assert.ok(answer.status >= 500 && answer.text.length > 10, `${answer.status} ${answer.text}`)
	await refused(404, null, dsm.app, 'POST', '/crypto/v1/keys/info', { name: 'not now' })
	const again = await dsm.app.call('POST', '/crypto/v1/keys', { name: 'not now', obj_type: 'AES', key_size: 256, group_id: dsm.group })
	assert.notEqual(again.status, 409)
})
