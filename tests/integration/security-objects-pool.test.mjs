// SPDX-License-Identifier: Apache-2.0
// The life of security objects in a group on a pool of drivers: server, driver and SoftHSM2, all real.
import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { Dsm } from '../e2e/dsm.mjs'
import { Stack } from '../e2e/stack.mjs'

const EMAIL = 'anna@bank.example', PASSWORD = 'a long password of the administrator'
const ALL = ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'DERIVEKEY', 'MACGENERATE', 'MACVERIFY', 'EXPORT', 'MANAGE', 'AGREEKEY']
let stack, app, group, slot, dsm, store

before(async () => {
	dsm = new Dsm()
	stack = dsm.stack = await Stack.prepare({})
	writeFileSync(stack.path('password'), PASSWORD, { mode: 0o600 })
	const made = await stack.holdfast(['server', 'crypto-admin', ...stack.serverDatabase, '--email', EMAIL, '--password-file', stack.path('password')], { pin: null })
	assert.equal(made.code, 0, made.stderr)
	await stack.startServer()
	await stack.startDriver()
	const stores = await stack.holdfast(['server', 'store', 'list', ...stack.serverDatabase], { pin: null })
	dsm.admin = await dsm.session(EMAIL, PASSWORD)
	store = stores.stdout.match(/store-[0-9a-z-]+/)[0]
	group = dsm.group = (await dsm.admin.succeed('POST', '/sys/v1/groups', { name: 'pool', key_store: store })).group_id
	/* A slot of the same HSM: it has a master key, too. */
	dsm.certificate = await stack.linkCertificate()
	slot = (await dsm.newGroup({ name: 'slot', gateway: await stack.startGateway({ args: ['--master-label', 'holdfast-master'] }), label: stack.tokenLabel })).group_id
	app = await dsm.newApp({ name: 'app', groups: { [group]: ALL, [slot]: ALL } })
})
after(() => stack?.stop())

const make = (name, more = {}) => app.succeed('POST', '/crypto/v1/keys', { name, obj_type: 'AES', key_size: 256, group_id: group, ...more })
const encrypt = (key) => app.call('POST', '/crypto/v1/encrypt', { key, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'aGVsbG8=' })
const info = (key) => app.succeed('POST', '/crypto/v1/keys/info', key)

test('keys are made, used, rotated and renamed', async () => {
	const first = await make('aes')
	assert.deepEqual([first.external, first.origin, first.state], [undefined, 'FortanixHSM', 'Active'])
	assert.equal((await encrypt({ name: 'aes' })).status, 200)
	const next = await app.succeed('POST', '/crypto/v1/keys/rekey', { name: 'aes', deactivate_rotated_key: true })
	assert.equal(next.links.replaced, first.kid)
	assert.equal((await info({ kid: first.kid })).state, 'Deactivated')
	assert.equal((await app.succeed('PATCH', `/crypto/v1/keys/${next.kid}`, { name: 'renamed' })).name, 'renamed')
	assert.equal((await encrypt({ name: 'renamed' })).body.kid, next.kid)
})

test('keys are imported, exported and copied where they may leave', async () => {
	const key_ops = ['ENCRYPT', 'DECRYPT', 'EXPORT', 'APPMANAGEABLE'], value = Buffer.alloc(32, 3).toString('base64')
	const imported = await app.succeed('PUT', '/crypto/v1/keys', { name: 'imported', obj_type: 'AES', value, key_ops, group_id: group })
	assert.equal(imported.key_size, 256)
	assert.equal((await app.succeed('POST', '/crypto/v1/keys/export', { name: 'imported' })).value, value)
	const copy = await app.succeed('POST', '/crypto/v1/keys/copy', { key: { name: 'imported' }, name: 'copy' })
	assert.deepEqual([copy.links.copiedFrom, (await app.succeed('POST', '/crypto/v1/keys/export', { kid: copy.kid })).value], [imported.kid, value])
})

test('a value that may leave can be compared by its digest and its check value', async () => {
	const key_ops = ['ENCRYPT', 'EXPORT'], value = Buffer.alloc(32, 9)
	await dsm.admin.succeed('PATCH', `/sys/v1/apps/${app.id}`, { mod_groups: { [group]: [...ALL, 'CALCULATE_DIGEST'] } })
	const key = await app.succeed('PUT', '/crypto/v1/keys', { name: 'compared', obj_type: 'AES', value: value.toString('base64'), key_ops, group_id: group })
	const { kid, digest } = await app.succeed('POST', '/crypto/v1/keys/digest', { key: { kid: key.kid }, alg: 'SHA256' })
	assert.deepEqual([kid, digest], [key.kid, createHash('sha256').update(value).digest('base64')])
	const kept = await make('not compared')
	assert.equal((await app.call('POST', '/crypto/v1/keys/digest', { key: { kid: kept.kid }, alg: 'SHA256' })).status, 403)
	const verify = async (body) => (await app.succeed('POST', '/crypto/v1/keys/kcv/verify', { obj_type: 'AES', value: value.toString('base64'), ...body })).verified
	const cipher = createCipheriv('aes-256-ecb', value, null), kcv = cipher.update(Buffer.alloc(16)).toString('hex').slice(0, 6)
	assert.deepEqual([await verify({ kcv }), await verify({ kcv: kcv.toUpperCase() }), await verify({ kcv: '000000' }), await verify({ kcv, kcv_method: 'Cmac' })], [true, true, false, false])
	assert.equal((await app.call('POST', '/crypto/v1/keys/kcv/verify', { obj_type: 'DES3', value: value.toString('base64'), kcv })).status, 400)
	assert.equal((await app.call('POST', '/crypto/v1/keys/kcv/verify', { obj_type: 'AES', value: 'AAAA', kcv, colour: 'red' })).status, 400)
})

test('what is destroyed is gone, whatever the group says of its changes', async () => {
	const key = await make('ends'), pair = await make('pair', { obj_type: 'EC', key_size: undefined, elliptic_curve: 'NistP256' })
	assert.equal((await app.call('POST', `/crypto/v1/keys/${key.kid}/destroy`)).status, 204)
	assert.equal((await info({ name: 'ends' })).state, 'Destroyed')
	assert.equal((await encrypt({ kid: key.kid })).status, 400)
	assert.equal((await app.call('DELETE', `/crypto/v1/keys/${pair.kid}/private`)).status, 204)
	assert.equal((await info({ kid: pair.kid })).public_only, true)
	assert.equal((await app.call('DELETE', `/crypto/v1/keys/${pair.kid}`)).status, 204)
	assert.equal((await app.call('GET', `/crypto/v1/keys/${pair.kid}`)).status, 404)
})

test('what was changed is taken back while the history has it, by who may make the change', async () => {
	const undo = (await dsm.admin.succeed('POST', '/sys/v1/groups', { name: 'undo', key_store: store, key_history_policy: { undo_time_window: 604800 } })).group_id
	const grant = (permissions) => dsm.admin.succeed('PATCH', `/sys/v1/apps/${app.id}`, { mod_groups: { [undo]: permissions } })
	await dsm.admin.succeed('PATCH', `/sys/v1/apps/${app.id}`, { add_groups: { [undo]: ALL } })
	const key_ops = ['ENCRYPT', 'DECRYPT', 'EXPORT', 'APPMANAGEABLE']
	const { kid } = await make('undone', { group_id: undo, key_ops })
	const patch = (body) => app.succeed('PATCH', `/crypto/v1/keys/${kid}`, body)
	const revert = (id) => app.call('PUT', `/crypto/v1/keys/${kid}/revert`, { ids: [id] })
	assert.equal((await info({ kid })).history, undefined)
	await patch({ description: 'no part of it' })
	assert.equal((await info({ kid })).history, undefined)
	await patch({ key_ops: ['ENCRYPT', 'EXPORT', 'APPMANAGEABLE'] })
	assert.equal((await app.call('POST', `/crypto/v1/keys/${kid}/revoke`, { code: 'KeyCompromise' })).status, 204)
	const { history } = await info({ kid })
	assert.deepEqual(history.map((h) => [h.state.state, h.state.key_ops.length]), [['Active', 4], ['Active', 3]])
	assert.equal((await encrypt({ kid })).status, 400)
	/* Without the permission for the change, that for taking it back is not enough. */
	await grant(['ENCRYPT', 'DECRYPT', 'REVERT_SOBJECTS'])
	assert.match((await revert(history[0].id)).text, /UPDATE_KEY_OPS/)
	assert.match((await revert(history[1].id)).text, /REVOKE_SOBJECTS/)
	await grant(ALL)
	assert.equal((await revert(history[0].id)).status, 204)
	const back = await info({ kid })
	assert.deepEqual([back.state, back.key_ops, back.revocation_reason, back.compromise_date, back.history.length], ['Active', key_ops, undefined, undefined, 3])
	assert.equal((await encrypt({ kid })).status, 200)
	/* EXPORT, once gone, is gone for good; what is destroyed, too. */
	await patch({ key_ops: ['ENCRYPT', 'APPMANAGEABLE'] })
	assert.match((await revert(history[0].id)).text, /EXPORT is not given back/)
	assert.equal((await revert(kid)).status, 404)
	assert.equal((await app.call('POST', `/crypto/v1/keys/${kid}/destroy`)).status, 204)
	assert.equal((await revert(history[0].id)).status, 404)
	assert.equal((await app.call('PUT', `/crypto/v1/keys/${(await make('not undone')).kid}/revert`, { ids: [kid] })).status, 400)
})

for (const [where, of] of [['a pool', () => group], ['a slot with a master key', () => slot]]) {
	const gcm = { alg: 'AES', mode: 'GCM' }
	const transient = (more = {}) => app.succeed('POST', '/crypto/v1/keys', { obj_type: 'AES', key_size: 256, group_id: of(), transient: true, ...more })
	const listed = async () => (await app.succeed('GET', `/crypto/v1/keys?group_id=${of()}`)).length

	test(`a transient key of ${where} is used by who carries it, and is in no list`, async () => {
		const before = await listed(), made = await transient({ name: 'ignored', key_ops: ['ENCRYPT', 'DECRYPT'] })
		assert.deepEqual([made.kid, made.name, made.state, made.group_id, made.external], [undefined, undefined, 'Active', of(), undefined])
		const key = { transient_key: made.transient_key }
		const secret = await app.succeed('POST', '/crypto/v1/encrypt', { key, ...gcm, plain: 'aGVsbG8=' })
		assert.equal(secret.kid, undefined)
		assert.equal((await app.succeed('POST', '/crypto/v1/decrypt', { key, ...gcm, ...secret })).plain, 'aGVsbG8=')
		assert.deepEqual((await info(key)).key_ops, ['ENCRYPT', 'DECRYPT'])
		assert.equal((await app.call('POST', '/crypto/v1/mac', { key, data: 'AAAA' })).status, 403)
		assert.equal((await app.call('POST', '/crypto/v1/keys/export', key)).status, 403)
		assert.equal(await listed(), before)
	})

	test(`a transient key of ${where} is its session's alone`, async () => {
		const key = { transient_key: (await transient()).transient_key }
		const other = await dsm.session(app.id, app.secret)
		const altered = Buffer.from(key.transient_key, 'base64')
		altered[altered.length - 1] ^= 1
		const use = (client, key) => client.call('POST', '/crypto/v1/encrypt', { key, ...gcm, plain: 'aGVsbG8=' })
		for (const [client, shown] of [[other, key], [app, { transient_key: altered.toString('base64') }], [app, { transient_key: 'AAAA' }], [app, { transient_key: '?' }]]) {
			const answer = await use(client, shown)
			assert.deepEqual([answer.status, /transient_key/.test(answer.text)], [400, true], answer.text)
		}
		const sessionless = Object.assign(await dsm.session(app.id, app.secret), { authorization: `Basic ${Buffer.from(`${app.id}:${app.secret}`).toString('base64')}` })
		assert.match((await sessionless.call('POST', '/crypto/v1/keys', { obj_type: 'AES', key_size: 256, group_id: of(), transient: true })).text, /session/)
		const mine = { transient_key: (await other.succeed('POST', '/crypto/v1/keys', { obj_type: 'AES', key_size: 256, group_id: of(), transient: true })).transient_key }
		assert.equal((await use(other, mine)).status, 200)
		await other.succeed('POST', '/sys/v1/session/terminate')
		assert.equal((await use(other, mine)).status, 401)
		assert.equal((await use(app, mine)).status, 400)
	})

	test(`what was transient in ${where} is kept under a name`, async () => {
		const made = await transient({ obj_type: 'EC', key_size: undefined, elliptic_curve: 'NistP256', key_ops: ['SIGN', 'VERIFY', 'APPMANAGEABLE'] })
		const name = `kept in ${where}`, kept = await app.succeed('POST', '/crypto/v1/keys/persist', { name, transient_key: made.transient_key })
		assert.deepEqual([kept.pub_key, kept.key_ops, kept.name], [made.pub_key, made.key_ops, name])
		const { signature } = await app.succeed('POST', '/crypto/v1/sign', { key: { transient_key: made.transient_key }, hash_alg: 'SHA256', data: 'AAAA' })
		assert.equal((await app.succeed('POST', '/crypto/v1/verify', { key: { name }, hash_alg: 'SHA256', data: 'AAAA', signature })).result, true)
		const again = await app.succeed('POST', '/crypto/v1/sign', { key: { name }, hash_alg: 'SHA256', data: 'AAAA' })
		assert.equal((await app.succeed('POST', '/crypto/v1/verify', { key: { kid: kept.kid }, hash_alg: 'SHA256', data: 'AAAA', signature: again.signature })).result, true)
		assert.equal((await app.call('POST', '/crypto/v1/keys/persist', { name: 'x', transient_key: made.transient_key, key_ops: ['EXPORT'] })).status, 400)
	})

	test(`transient keys of ${where} are imported, derived, unwrapped, wrapped, exported and used in pieces`, async () => {
		const key_ops = ['ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'DERIVEKEY', 'EXPORT'], value = Buffer.alloc(32, 5).toString('base64')
		const imported = { transient_key: (await app.succeed('PUT', '/crypto/v1/keys', { obj_type: 'AES', value, key_ops, group_id: of(), transient: true })).transient_key }
		assert.equal((await app.succeed('POST', '/crypto/v1/keys/export', imported)).value, value)
		const wrapping = { transient_key: (await transient({ key_ops })).transient_key }
		const wrapped = await app.succeed('POST', '/crypto/v1/wrapkey', { key: wrapping, subject: imported, alg: 'AES', mode: 'KWP' })
		const unwrapped = await app.succeed('POST', '/crypto/v1/unwrapkey', { key: wrapping, alg: 'AES', mode: 'KWP', wrapped_key: wrapped.wrapped_key, obj_type: 'AES', key_ops, transient: true })
		assert.equal((await app.succeed('POST', '/crypto/v1/keys/export', { transient_key: unwrapped.transient_key })).value, value)
		const derived = await app.succeed('POST', '/crypto/v1/derive', { key: imported, key_type: 'AES', key_size: 256, transient: true, mechanism: { encrypt_data: { alg: 'AES', mode: 'ECB', plain: value } } })
		assert.ok(derived.transient_key)
		const begun = await app.succeed('POST', '/crypto/v1/encrypt/init', { key: imported, alg: 'AES', mode: 'CTR' })
		const more = await app.succeed('POST', '/crypto/v1/encrypt/update', { key: imported, plain: 'aGVsbG8=', state: begun.state })
		assert.equal((await app.succeed('POST', '/crypto/v1/decrypt', { key: imported, alg: 'AES', mode: 'CTR', iv: begun.iv, cipher: more.cipher })).plain, 'aGVsbG8=')
		const gcm = await app.succeed('POST', '/crypto/v1/encrypt/init', { key: imported, alg: 'AES', mode: 'GCM', ad: 'YWQ=' })
		const part = await app.succeed('POST', '/crypto/v1/encrypt/update', { key: imported, plain: 'aGVsbG8=', state: gcm.state })
		const { tag } = await app.succeed('POST', '/crypto/v1/encrypt/final', { key: imported, state: part.state })
		const whole = { key: imported, alg: 'AES', mode: 'GCM', iv: gcm.iv, ad: 'YWQ=', cipher: part.cipher, tag }
		assert.equal((await app.succeed('POST', '/crypto/v1/decrypt', whole)).plain, 'aGVsbG8=')
		assert.equal((await app.call('POST', '/crypto/v1/encrypt/update', { key: wrapping, plain: 'aGVsbG8=', state: begun.state })).status, 400)
		assert.equal((await app.call('POST', '/crypto/v1/keys/copy', { key: imported, name: 'copy of a transient key' })).status, 400)
	})
}
