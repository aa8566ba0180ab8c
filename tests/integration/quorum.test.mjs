// SPDX-License-Identifier: Apache-2.0
// Groups whose keys a quorum guards, from the refusal to the result: over a real gateway, with people who approve, and some who try
// to get around them.
import assert from 'node:assert/strict'
import { createVerify } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { Authenticator } from '../e2e/authenticator.mjs'
import { DsmClient, startDsm } from '../e2e/dsm.mjs'
import { addDevice, assertion, attestation, begin, finish, register, unlock } from '../e2e/factor.mjs'

const WANTED = 'This operation requires approval'
const REQUESTS = '/sys/v1/approval_requests'
const PASSWORD = (name) => `the long password of ${name}`
const EVERYTHING = ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'DERIVEKEY', 'MACGENERATE', 'MACVERIFY', 'EXPORT', 'MANAGE', 'AGREEKEY']
const people = {}
let dsm, admin, outsider, made = 0

before(async () => {
	dsm = await startDsm({ server: { args: ['--rp-id', 'bank.example', '--origin', 'https://app.bank.example'] } })
	admin = dsm.admin
	for (const name of ['ann', 'bob', 'cid', 'dan']) people[name] = await person(name)
	outsider = people.dan
})
after(() => dsm?.stop())

async function person(name) {
	const { user_id } = await admin.succeed('POST', '/sys/v1/users', { user_email: `${name}@bank.example`, user_password: PASSWORD(name), account_role: ['ACCOUNTMEMBER'] })
	return Object.assign(await dsm.session(`${name}@bank.example`, PASSWORD(name)), { id: user_id })
}

const user = (name) => ({ user: people[name].id })
const quorum = (n, members, more = {}) => ({ quorum: { n, members, ...more } })
const TWO_OF_THREE = () => quorum(2, [user('ann'), user('bob'), user('cid')])

/** A group with an app that may do everything in it, a pair and a symmetric key; then, its policy. */
async function guarded(policy = TWO_OF_THREE(), more = {}) {
	const name = `guarded ${++made}`
	const { group_id: id } = await dsm.newGroup({ name, ...more })
	const app = await dsm.newApp({ name: `app of ${name}`, permissions: null, groups: { [id]: EVERYTHING } })
	const pair = await app.succeed('POST', '/crypto/v1/keys', { name: `pair ${made}`, group_id: id, obj_type: 'EC', elliptic_curve: 'NistP256' })
	const aes = await app.succeed('POST', '/crypto/v1/keys', { name: `aes ${made}`, group_id: id, obj_type: 'AES', key_size: 256,
		key_ops: ['ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'EXPORT', 'APPMANAGEABLE'] })
	if (policy) await admin.succeed('PATCH', `/sys/v1/groups/${id}`, { approval_policy: policy })
	return { id, name, app, pair, aes }
}

const signBody = (g, text = 'pay 100 to eve') => ({ key: { kid: g.pair.kid }, hash_alg: 'Sha256', data: Buffer.from(text).toString('base64') })

function verifies(pair, text, signature) {
	const pem = `-----BEGIN PUBLIC KEY-----\n${pair.pub_key}\n-----END PUBLIC KEY-----\n`
	assert.ok(createVerify('sha256').update(text).verify(pem, Buffer.from(signature, 'base64')), 'the signature is right')
}

async function wanted(answer) {
	const { status, text, type } = await answer
	assert.deepEqual([status, text], [403, WANTED])
	assert.match(type, /^text\/plain/)
}

async function refused(answer, status, words = /./) {
	const a = await answer
	assert.equal(a.status, status, a.text)
	assert.match(a.type, /^text\/plain/)
	assert.match(a.text, words)
	assert.notEqual(a.text, WANTED)
}

const ask = (client, method, operation, body, more = {}) => client.succeed('POST', REQUESTS, { method, operation, ...(body && { body }), ...more })
const approve = (name, request, body = {}) => people[name].post(`${REQUESTS}/${request.request_id}/approve`, body)
const resultOf = (client, request) => client.post(`${REQUESTS}/${request.request_id}/result`, {})

async function approved(name, request, status, body) {
	const answer = await approve(name, request, body)
	assert.equal(answer.status, 200, answer.text)
	assert.equal(answer.body.status, status)
	return answer.body
}

/** Asked for, approved by ann and bob, done: { status, body } of what it answered. */
async function carriedOut(client, method, operation, body) {
	const request = await ask(client, method, operation, body)
	await approved('ann', request, 'PENDING')
	await approve('bob', request)
	const answer = await resultOf(client, request)
	assert.equal(answer.status, 200, answer.text)
	return answer.body
}

test('a signature that needs two of three people: refused, asked for, approved, made once', async () => {
	const g = await guarded(), body = signBody(g)
	await wanted(g.app.post('/crypto/v1/sign', body))
	const request = await ask(g.app, 'POST', '/crypto/v1/sign', body, { description: 'invoice 4711' })
	assert.deepEqual([request.status, request.method, request.operation, request.description, request.result_viewed], ['PENDING', 'POST', '/crypto/v1/sign', 'invoice 4711', false])
	assert.deepEqual([request.requester, request.approvers, request.body], [{ app: g.app.id }, [], body])
	assert.deepEqual(request.subjects, [{ sobject: g.pair.kid }, { group: g.id }])
	assert.deepEqual(request.reviewers.map((r) => r.user).sort(), ['ann', 'bob', 'cid'].map((name) => people[name].id).sort())
	await refused(resultOf(g.app, request), 400, /waits for approval/)
	assert.deepEqual((await approved('ann', request, 'PENDING')).approvers, [user('ann')])
	assert.deepEqual((await approved('ann', request, 'PENDING')).approvers, [user('ann')], 'twice is not two')
	await wanted(g.app.post('/crypto/v1/sign', body))
	assert.deepEqual((await approved('cid', request, 'APPROVED')).approvers.length, 2)
	await refused(approve('bob', request), 400, /APPROVED already/)
	const { status, body: result } = (await resultOf(g.app, request)).body
	assert.deepEqual([status, result.kid], [200, g.pair.kid])
	verifies(g.pair, 'pay 100 to eve', result.signature)
	assert.deepEqual((await resultOf(g.app, request)).body.body, result, 'the same signature again: it was made once')
	assert.equal((await g.app.succeed('GET', `${REQUESTS}/${request.request_id}`)).result_viewed, true)
	await wanted(g.app.post('/crypto/v1/sign', body))
})

test('no PIN, client key or batch goes into a request, where reviewers would read it', async () => {
	const g = await guarded(), at = `/sys/v1/groups/${g.id}`, link = { kind: 'Softhsm', url: '127.0.0.1:1', slot: 1, tls: { mode: 'required' } }
	for (const body of [{ add_hmg: [{ ...link, pin: '1234' }] }, { mod_hmg: { [g.id]: { ...link, pin: '1234' } } }, { add_hmg: [{ ...link, tls: { mode: 'required', client_key: 'AA==' } }] }])
		await refused(admin.post(REQUESTS, { method: 'PATCH', operation: at, body }), 400, /does not go through an approval/)
	const item = { SingleItem: { method: 'POST', operation: '/crypto/v1/sign', body: signBody(g) } }
	await refused(g.app.post(REQUESTS, { operation: '/batch/v1', body: { Batch: { batch_execution_type: 'Serial', items: [item] }, group_id: g.id } }), 501, /batch/)
})

test('what was approved for one key is not done with another that takes its name', async () => {
	const policy = { ...TWO_OF_THREE(), protect_crypto_operations: true, protect_manage_operations: false }
	const g = await guarded(policy), n = made
	const decoy = await g.app.succeed('POST', '/crypto/v1/keys', { name: `decoy ${n}`, group_id: g.id, obj_type: 'EC', elliptic_curve: 'NistP256' })
	const body = { key: { name: decoy.name }, hash_alg: 'Sha256', data: Buffer.from('a test').toString('base64') }
	const request = await ask(g.app, 'POST', '/crypto/v1/sign', body)
	assert.deepEqual([request.body.key, request.subjects[0]], [{ kid: decoy.kid }, { sobject: decoy.kid }])
	await approved('ann', request, 'PENDING')
	await g.app.succeed('PATCH', `/crypto/v1/keys/${decoy.kid}`, { name: `was decoy ${n}` })
	await g.app.succeed('PATCH', `/crypto/v1/keys/${g.pair.kid}`, { name: decoy.name })
	await approved('bob', request, 'APPROVED')
	assert.equal((await resultOf(g.app, request)).body.body.kid, decoy.kid)
})

test('a rotation gives a key no more uses than its rotator may give', async () => {
	const g = await guarded(null), rotator = await dsm.newApp({ name: `rotator ${made}`, permissions: null, groups: { [g.id]: ['ROTATE_SOBJECTS'] } })
	const key = await g.app.succeed('POST', '/crypto/v1/keys', { name: `stays ${made}`, group_id: g.id, obj_type: 'AES', key_size: 256, key_ops: ['ENCRYPT', 'DECRYPT', 'APPMANAGEABLE'] })
	await refused(rotator.post('/crypto/v1/keys/rekey', { name: key.name, key_ops: ['ENCRYPT', 'DECRYPT', 'EXPORT', 'APPMANAGEABLE'] }), 403, /UPDATE_KEY_OPS/)
	await refused(rotator.post('/crypto/v1/keys/rekey', { name: key.name, rotation_policy: { interval_days: 1 } }), 403, /UPDATE_SOBJECT_POLICIES/)
	await rotator.succeed('POST', '/crypto/v1/keys/rekey', { name: key.name })
})

test('neither a copy nor a new key has other rules than whoever makes it may set', async () => {
	const g = await guarded(null), permissions = ['ROTATE_SOBJECTS', 'COPY_SOBJECTS', 'CREATE_SOBJECTS', 'EXPORT', 'SIGN']
	const app = await dsm.newApp({ name: `copies ${made}`, permissions: null, groups: { [g.id]: permissions } })
	const key = await g.app.succeed('POST', '/crypto/v1/keys', { name: `strict ${made}`, group_id: g.id, obj_type: 'RSA', key_size: 2048, allow_sign_hash: false,
		key_ops: ['SIGN', 'VERIFY', 'EXPORT', 'APPMANAGEABLE'] })
	for (const rules of [{ allow_sign_hash: true }, { rsa: { signature_policy: [{ padding: { PKCS1_V15: {} } }] } }]) {
		await refused(app.post('/crypto/v1/keys/copy', { key: { kid: key.kid }, name: 'lax', group_id: g.id, ...rules }), 403, /UPDATE_SOBJECT_POLICIES/)
		await refused(app.post('/crypto/v1/keys/rekey', { name: key.name, ...rules }), 403, /UPDATE_SOBJECT_POLICIES/)
	}
	await app.succeed('POST', '/crypto/v1/keys/copy', { key: { kid: key.kid }, name: `copy of ${key.name}`, group_id: g.id })
})

test('who may not see others does not by moving them into no group', async () => {
	await refused(people.ann.call('PATCH', `/sys/v1/users/${people.bob.id}`, { add_groups: {} }), 404)
	await refused(people.ann.call('PATCH', `/sys/v1/users/${people.bob.id}`, { del_groups: {} }), 404)
})

test('who sees a request, its body and its result', async () => {
	const g = await guarded(), stranger = await guarded(), request = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g))
	const at = `${REQUESTS}/${request.request_id}`, lists = async (client, query = '') => (await client.succeed('GET', `${REQUESTS}${query}`)).some((r) => r.request_id === request.request_id)
	for (const nobody of [outsider, stranger.app]) {
		assert.equal(await lists(nobody), false)
		for (const [method, path] of [['GET', at], ['DELETE', at], ['POST', `${at}/approve`], ['POST', `${at}/deny`], ['POST', `${at}/result`]])
			await refused(nobody.call(method, path, method === 'POST' ? {} : undefined), 404)
	}
	for (const reader of [g.app, people.ann, admin]) assert.equal(await lists(reader), true)
	assert.deepEqual((await people.ann.succeed('GET', at)).body, signBody(g))
	assert.equal((await admin.succeed('GET', at)).body, undefined, 'an administrator who does not approve sees that there is one, not what is in it')
	assert.ok(await lists(people.bob, `?reviewer=${people.ann.id}&status=PENDING&subject=${g.pair.kid}`))
	assert.ok(!await lists(people.bob, '?status=DENIED'))
	assert.ok(!await lists(people.bob, `?requester=${people.ann.id}`))
	await approved('ann', request, 'PENDING')
	await approved('bob', request, 'APPROVED')
	for (const nobody of [people.ann, admin, outsider, stranger.app]) await refused(resultOf(nobody, request), 404)
})

test('the requester does not approve, nor does anybody who is not named', async () => {
	const g = await guarded(quorum(1, [user('ann'), user('bob')]))
	await admin.succeed('PATCH', `/sys/v1/users/${people.ann.id}`, { add_groups: { [g.id]: ['GROUPADMINISTRATOR'] } })
	await wanted(people.ann.call('DELETE', `/crypto/v1/keys/${g.aes.kid}`))
	const request = await ask(people.ann, 'DELETE', `/crypto/v1/keys/${g.aes.kid}`)
	await refused(approve('ann', request), 403, /himself/)
	await refused(admin.post(`${REQUESTS}/${request.request_id}/approve`, {}), 403, /not among/)
	await refused(approve('cid', request), 404)
	await approved('bob', request, 'APPROVED')
	assert.equal((await resultOf(people.ann, request)).body.status, 204)
	await refused(g.app.post('/crypto/v1/encrypt', { key: { kid: g.aes.kid }, alg: 'AES', plain: 'AAAA' }), 404)
})

test('quorums inside quorums, apps that approve, passwords that are shown once more', async () => {
	const auditor = await dsm.newApp({ name: 'approves by rule', permissions: null, groups: {} })
	const inner = quorum(1, [user('bob'), user('cid')], { require_password: true })
	const g = await guarded(quorum(3, [user('ann'), inner, { app: auditor.id }]))
	const request = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g))
	assert.deepEqual(request.reviewers.find((r) => r.user === people.bob.id), { user: people.bob.id, requires_password: true, requires_2fa: false })
	await approved('ann', request, 'PENDING')
	await refused(approve('bob', request), 403, /password/)
	await refused(approve('bob', request, { password: 'not the password of bob' }), 403, /not right/)
	await refused(approve('bob', request, { password: PASSWORD('cid') }), 403, /not right/)
	await approved('bob', request, 'PENDING', { password: PASSWORD('bob') })
	await approved('cid', request, 'PENDING', { password: PASSWORD('cid') })
	const last = await auditor.post(`${REQUESTS}/${request.request_id}/approve`, {})
	assert.deepEqual([last.status, last.body?.status], [200, 'APPROVED'], last.text)
	verifies(g.pair, 'pay 100 to eve', (await resultOf(g.app, request)).body.body.signature)
	for (const policy of [quorum(2, [user('ann')]), quorum(2, [user('ann'), user('ann')]), quorum(0, [user('ann')]), { user: 'nobody' }, { ...user('ann'), app: auditor.id },
		quorum(1, [user('ann')], { colour: 'red' })])
		await refused(admin.post('/sys/v1/groups', { name: 'never', approval_policy: policy }), 400)
})

test('a person counts once, in whichever of the quorums it is that needs him', async () => {
	const officers = quorum(1, [user('ann'), user('bob')]), traders = quorum(1, [user('ann'), user('cid')])
	const g = await guarded(quorum(2, [officers, traders])), body = signBody(g)
	const first = await ask(g.app, 'POST', '/crypto/v1/sign', body), second = await ask(g.app, 'POST', '/crypto/v1/sign', body)
	await approved('ann', first, 'PENDING')
	await approved('bob', first, 'APPROVED')
	await approved('ann', second, 'PENDING')
	await approved('cid', second, 'APPROVED')
	for (const policy of [quorum(2, [user('ann'), quorum(1, [user('ann')])]), quorum(2, [quorum(2, [user('ann'), user('bob')]), officers])])
		await refused(admin.post('/sys/v1/groups', { name: 'never', approval_policy: policy }), 400, /more different people than it names/)
})

test('nobody leaves whom a group needs; who has to be shut out at once is disabled', async () => {
	for (const name of ['gus', 'hed']) people[name] = await person(name)
	const free = await guarded(null), rule = await dsm.newApp({ name: 'approves, and stays', permissions: null, groups: { [free.id]: ['SIGN'] } })
	await refused(admin.post('/sys/v1/groups', { name: 'never', approval_policy: { app: people.gus.id } }), 400, /could not be met/)
	const g = await guarded(quorum(3, [user('gus'), user('hed'), { app: rule.id }])), gus = `/sys/v1/users/${people.gus.id}`, needed = new RegExp(`policies of these groups .*: "${g.name}"\\. Have them changed first`)
	await refused(admin.call('DELETE', gus), 400, needed)
	await refused(admin.call('DELETE', `/sys/v1/apps/${rule.id}`), 400, needed)
	assert.equal((await admin.succeed('GET', gus)).user_id, people.gus.id)
	await admin.succeed('PATCH', `/sys/v1/users/${people.hed.id}`, { add_groups: { [free.id]: ['GROUPADMINISTRATOR'] } })
	const told = await people.hed.call('DELETE', `/sys/v1/apps/${rule.id}`)
	assert.ok(told.status === 400 && /needs this app/.test(told.text) && !told.text.includes(g.name), 'not the name of a group that is not his')
	for (const name of ['gus', 'hed']) assert.equal((await admin.call('PATCH', `/sys/v1/users/${people[name].id}`, { enable: false })).status, 200)
	await refused(admin.call('DELETE', gus), 400, needed, 'hed only rests')
	assert.equal((await admin.call('PATCH', gus, { add_groups: { [free.id]: ['GROUPAUDITOR'] } })).status, 200)
	for (const name of ['gus', 'hed']) {
		assert.equal((await admin.call('PATCH', `/sys/v1/users/${people[name].id}`, { enable: true })).status, 200)
		Object.assign(people[name], await dsm.session(`${name}@bank.example`, PASSWORD(name)))
	}
	const request = await ask(admin, 'PATCH', `/sys/v1/groups/${g.id}`, { approval_policy: user('hed') })
	await approved('gus', request, 'PENDING')
	await approved('hed', request, 'PENDING')
	assert.equal((await rule.post(`${REQUESTS}/${request.request_id}/approve`, {})).body?.status, 'APPROVED')
	assert.equal((await admin.call('DELETE', gus)).status, 204)
	assert.equal((await admin.call('DELETE', `/sys/v1/apps/${rule.id}`)).status, 204)
})

test('who was removed or disabled since has not approved, not even after he is back', async () => {
	const g = await guarded(), asked = () => ask(g.app, 'POST', '/crypto/v1/sign', signBody(g))
	const enable = (on) => admin.succeed('PATCH', `/sys/v1/users/${people.cid.id}`, { enable: on })
	const request = await asked()
	await approved('cid', request, 'PENDING')
	await enable(false)
	assert.deepEqual((await approved('ann', request, 'PENDING')).approvers, [user('ann')])
	await enable(true)
	assert.deepEqual((await approved('ann', request, 'PENDING')).approvers, [user('ann')])
	Object.assign(people.cid, await dsm.session('cid@bank.example', PASSWORD('cid')))
	await approved('cid', request, 'APPROVED')
	const other = await asked()
	await approved('cid', other, 'PENDING')
	assert.equal((await admin.call('DELETE', `/sys/v1/users/${people.cid.id}`)).status, 204)
	await approved('ann', other, 'PENDING')
	await admin.succeed('POST', '/sys/v1/users', { user_email: 'cid@bank.example', user_password: PASSWORD('cid'), account_role: ['ACCOUNTMEMBER'] })
	Object.assign(people.cid, await dsm.session('cid@bank.example', PASSWORD('cid')))
	await approved('ann', other, 'PENDING')
	await approved('bob', other, 'APPROVED')
	const rule = await dsm.newApp({ name: 'approves, then is disabled', permissions: null, groups: {} })
	const h = await guarded(quorum(2, [{ app: rule.id }, user('ann'), user('bob')])), last = await ask(h.app, 'POST', '/crypto/v1/sign', signBody(h))
	assert.equal((await rule.post(`${REQUESTS}/${last.request_id}/approve`, {})).body?.status, 'PENDING')
	await admin.succeed('PATCH', `/sys/v1/apps/${rule.id}`, { enabled: false })
	await approved('ann', last, 'PENDING')
	await approved('bob', last, 'APPROVED')
})

/** Somebody new, with a device and recovery codes. */
async function withFactor(name) {
	const client = people[name] = await person(name), email = `${name}@bank.example`, password = PASSWORD(name)
	client.device = await register(client, password)
	await unlock(client, password)
	const { recovery_codes: codes } = await client.succeed('POST', '/sys/v1/users/generate_recovery_codes')
	return Object.assign(client, { email, password, codes })
}

test('a second factor: registered by its owner, wanted at every login, answered once', async () => {
	const wes = await person('wes'), email = 'wes@bank.example', password = PASSWORD('wes'), at = `/sys/v1/users/${wes.id}`
	const other = await dsm.session(email, password), basic = new DsmClient(dsm.stack, `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`)
	await refused(wes.post('/sys/v1/session/config_2fa/new_challenge'), 403, /locked/)
	await refused(wes.post('/sys/v1/users/generate_recovery_codes'), 403, /locked/)
	await refused(wes.post('/sys/v1/session/config_2fa/auth', { password: 'not the password of wes' }), 403, /not right/)
	await refused(basic.post('/sys/v1/session/config_2fa/auth', { password }), 400, /in a session/)
	await unlock(wes, password)
	await refused(wes.post('/sys/v1/session/config_2fa/new_challenge?protocol=u2f'), 501, /FIDO2/)
	await refused(wes.post('/sys/v1/users/generate_recovery_codes'), 400, /device first/)
	const device = new Authenticator(), stranger = new Authenticator({ origin: 'https://evil.example' })
	const options = await wes.succeed('POST', '/sys/v1/session/config_2fa/new_challenge')
	assert.deepEqual([options.rp.id, options.pubKeyCredParams, options.excludeCredentials, options.user.name], ['bank.example', [{ type: 'public-key', alg: -7 }], [], email])
	await refused(addDevice(wes, 'evil', stranger), 400, /origin/)
	await refused(wes.call('PATCH', at, { add_mfa_devices: [{ name: 'old', attestationResult: await attestation(device, options) }] }), 400, /challenge/)
	assert.equal((await addDevice(wes, 'key', device)).status, 200)
	await refused(addDevice(wes, 'twice', device), 409)
	await refused(other.call('GET', at), 401)
	await refused(basic.call('GET', at), 403, /second factor is due/)
	const shown = await admin.succeed('GET', at)
	assert.deepEqual([shown.mfa_devices, shown.has_second_factor], [[{ name: 'key', type: 'Fido2', origin: 'https://app.bank.example' }], true])
	await refused(admin.call('PATCH', at, { del_mfa_devices: [{ name: 'key' }] }), 403, /his own devices/)

	const half = await begin(dsm.stack, email, password), asked = half.answer.fido2_assertion_options
	assert.deepEqual([asked.rpId, asked.allowCredentials, half.answer.allowed_mfa_methods[0].Fido2.mfa_devices[0].name], ['bank.example', [{ type: 'public-key', id: device.credId }], 'key'])
	for (const [method, path, body] of [['GET', at], ['GET', '/sys/v1/users'], ['POST', '/sys/v1/session/refresh'], ['POST', '/sys/v1/session/reauth'],
		['POST', '/sys/v1/session/config_2fa/auth', { password }], ['POST', '/sys/v1/users/change_password', { current_password: password, new_password: 'another password of wes' }],
		['POST', '/batch/v1', { Batch: { batch_execution_type: 'Serial', items: [{ SingleItem: { method: 'GET', operation: at } }] } }]])
		await refused(half.client.call(method, path, body), 403, /second factor is due/)
	device.counter = 7
	const answer = await assertion(device, asked)
	assert.equal((await half.client.post('/sys/v1/session/auth/2fa/fido2', answer)).status, 204)
	await half.client.succeed('GET', at)
	await refused(half.client.post('/sys/v1/session/auth/2fa/fido2', answer), 400, /no second factor is due/)
	await half.client.succeed('POST', '/sys/v1/session/terminate')

	/* Each challenge is good for one answer, right or wrong, in its own session. */
	const again = await begin(dsm.stack, email, password), third = await begin(dsm.stack, email, password)
	device.counter = 8
	await refused(finish(again.client, device, third.answer.fido2_assertion_options), 403)
	await refused(finish(again.client, device, again.answer.fido2_assertion_options), 403, /no such challenge/)
	await refused(finish(third.client, new Authenticator(), third.answer.fido2_assertion_options), 403)
	const copied = await begin(dsm.stack, email, password)
	device.counter = 7
	await refused(finish(copied.client, device, copied.answer.fido2_assertion_options), 403, /copy/)
	await refused(copied.client.post('/sys/v1/session/auth/2fa/u2f', {}), 501, /FIDO2/)
	await refused(copied.client.call('GET', at), 403, /second factor is due/)
})

test('a recovery code is good once; a new password, or coming back, takes no second factor away', async () => {
	const gil = await withFactor('gil'), at = `/sys/v1/users/${gil.id}`
	assert.equal(new Set(gil.codes).size, 10)
	const first = await begin(dsm.stack, gil.email, gil.password)
	await refused(first.client.post('/sys/v1/session/auth/2fa/recovery_code', { recovery_code: '00000-00000-00000-00000' }), 403, /not good/)
	assert.equal((await first.client.post('/sys/v1/session/auth/2fa/recovery_code', { recovery_code: gil.codes[3] })).status, 204)
	const second = await begin(dsm.stack, gil.email, gil.password)
	await refused(second.client.post('/sys/v1/session/auth/2fa/recovery_code', { recovery_code: gil.codes[3] }), 403, /used before/)

	const reset = await admin.succeed('POST', `${at}/resend_invite`), password = 'set by an administrator'
	assert.equal((await new DsmClient(dsm.stack).post(`${at}/reset_password`, { reset_token: reset.invite_code, new_password: password })).status, 204)
	const taken = await begin(dsm.stack, gil.email, password)
	await refused(taken.client.call('GET', at), 403, /second factor is due/)
	assert.equal((await admin.call('DELETE', at)).status, 204)
	assert.equal((await admin.succeed('POST', '/sys/v1/users', { user_email: gil.email, user_password: password, account_role: ['ACCOUNTMEMBER'] })).user_id, gil.id)
	const back = await begin(dsm.stack, gil.email, password)
	await refused(back.client.call('GET', at), 403, /second factor is due/)
	assert.equal((await finish(back.client, gil.device, back.answer.fido2_assertion_options)).status, 204)
	const { client } = back
	await unlock(client, password)
	assert.equal((await addDevice(client, 'spare', new Authenticator())).status, 200)
	assert.deepEqual((await client.succeed('PATCH', at, { rename_mfa_devices: [{ old_name: 'spare', new_name: 'in the safe' }] })).mfa_devices.map((d) => d.name), ['in the safe', 'key'])
	await refused(client.call('PATCH', at, { rename_mfa_devices: [{ old_name: 'key', new_name: 'in the safe' }] }), 409)
	await refused(client.call('PATCH', at, { del_mfa_devices: [{ name: 'never' }] }), 404)
	assert.deepEqual((await client.succeed('PATCH', at, { del_mfa_devices: [{ name: 'key' }, { name: 'in the safe' }] })).mfa_devices, [])
	await (await dsm.session(gil.email, password)).succeed('GET', at)
})

test('a quorum that wants second factors: each approval has its own challenge, of its own request', async () => {
	await withFactor('hal')
	await withFactor('ida')
	const twice = (members, n = members.length) => quorum(n, members, { require_2fa: true, require_password: true }), policy = twice([user('hal'), user('ida')])
	await refused(admin.post('/sys/v1/groups', { name: 'never', approval_policy: twice([user('hal'), user('ann'), user('bob')]) }), 400, /no second factor.*: ann@bank.example, bob@bank.example$/)
	await refused(admin.post('/sys/v1/groups', { name: 'never', approval_policy: twice([user('hal'), { app: dsm.app.id }]) }), 400, /app .* has no second factor/)
	await refused(admin.call('PATCH', await accountPath(), { approval_policy: { policy: twice([user('hal'), user('ann')]) } }), 400, /no second factor.*: ann@bank.example$/)
	const g = await guarded(policy), request = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g)), other = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g))
	assert.deepEqual(request.reviewers[0], { user: people.hal.id, requires_password: true, requires_2fa: true })
	const challenge = (name, of = request) => people[name].succeed('POST', `${REQUESTS}/${of.request_id}/challenge`), { password } = people.hal
	const signed = async (name, of) => ({ password: people[name].password, fido2_auth_request: await assertion(people[name].device, await challenge(name, of)) })
	await refused(people.ann.post(`${REQUESTS}/${request.request_id}/challenge`), 400, /register a device/)
	await refused(g.app.post(`${REQUESTS}/${request.request_id}/challenge`), 403, /apps/)
	await refused(approve('hal', request, { password }), 403, /second factor/)
	await refused(approve('hal', request, { fido2_auth_request: (await signed('hal')).fido2_auth_request }), 403, /password/)
	await refused(approve('hal', request, await signed('hal', other)), 403, /no such challenge/)
	await refused(approve('hal', request, { password, fido2_auth_request: (await signed('ida')).fido2_auth_request }), 403)
	await refused(approve('hal', request, { ...await signed('hal'), u2f: { keyHandle: '', signatureData: '', clientData: '' } }), 501, /FIDO2/)
	const old = await signed('hal')
	await challenge('hal')
	await refused(approve('hal', request, old), 403)
	const bad = await signed('hal')
	bad.fido2_auth_request.response.signature = `${bad.fido2_auth_request.response.signature.slice(0, -6)}AAAAAA`
	await refused(approve('hal', request, bad), 403, /does not verify/)
	const good = await signed('hal')
	await approved('hal', request, 'PENDING', good)
	await refused(approve('hal', request, good), 403, /no such challenge/)
	await refused(approve('hal', other, good), 403)
	await approved('ida', request, 'APPROVED', await signed('ida'))
	verifies(g.pair, 'pay 100 to eve', (await resultOf(g.app, request)).body.body.signature)

	/* Nobody is left in it without; the host's operator may, and then it is approved by nobody until another device is there. */
	await unlock(people.ida, people.ida.password)
	await refused(people.ida.call('PATCH', `/sys/v1/users/${people.ida.id}`, { del_mfa_devices: [{ name: 'key' }] }), 400, new RegExp(`group "${g.name}" wants`))
	const cleared = await dsm.stack.holdfast(['server', 'clear-second-factor', ...dsm.stack.serverDatabase, '--email', people.ida.email], { pin: null })
	assert.deepEqual([cleared.code, /no second factor any more/.test(cleared.stdout)], [0, true], cleared.stderr)
	const again = await dsm.stack.holdfast(['server', 'clear-second-factor', ...dsm.stack.serverDatabase, '--email', people.ida.email], { pin: null })
	assert.match(again.stderr, /has no second factor/)
	const { device } = people.ida
	Object.assign(people.ida, await dsm.session(people.ida.email, people.ida.password))
	await approved('hal', other, 'PENDING', await signed('hal', other))
	await refused(approve('ida', other, { password: people.ida.password }), 403, /second factor/)
	await refused(people.ida.post(`${REQUESTS}/${other.request_id}/challenge`), 400, /register a device/)
	people.ida.device = await register(people.ida, people.ida.password)
	assert.notEqual(people.ida.device, device)
	await approved('ida', other, 'APPROVED', await signed('ida', other))
})

test('denied, and withdrawn', async () => {
	const g = await guarded(), no = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g)), never = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g))
	await approved('ann', no, 'PENDING')
	const denied = await people.bob.succeed('POST', `${REQUESTS}/${no.request_id}/deny`, { reason: 'eve again' })
	assert.deepEqual([denied.status, denied.denier, denied.denial_reason], ['DENIED', user('bob'), 'eve again'])
	await refused(approve('cid', no), 400, /DENIED already/)
	await refused(resultOf(g.app, no), 403, /denied: eve again/)
	assert.equal((await g.app.call('DELETE', `${REQUESTS}/${never.request_id}`)).status, 204)
	await refused(approve('ann', never), 404)
	await refused(resultOf(g.app, never), 404)
})

test('two people who approve at the same moment: it is done once', async () => {
	const g = await guarded(quorum(1, [user('ann'), user('bob'), user('cid')]))
	const body = { name: 'made once', group_id: g.id, obj_type: 'AES', key_size: 256 }
	for (let i = 0; i < 5; i++) {
		const request = await ask(g.app, 'POST', '/crypto/v1/keys', { ...body, name: `made once ${i}` })
		const answers = await Promise.all([...['ann', 'bob', 'cid'].map((name) => approve(name, request)), resultOf(g.app, request), resultOf(g.app, request)])
		const of = answers.slice(0, 3).map((a) => a.status).sort()
		assert.deepEqual(of, [200, 400, 400], answers.map((a) => a.text).join('\n'))
		const result = (await resultOf(g.app, request)).body
		assert.equal(result.status, 201, JSON.stringify(result))
		assert.equal((await g.app.succeed('GET', `/crypto/v1/keys?name=${encodeURIComponent(`made once ${i}`)}`)).length, 1)
	}
})

test('a policy that changes in between has to be asked anew; and it changes only by its own quorum', async () => {
	const g = await guarded(), request = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g)), at = `/sys/v1/groups/${g.id}`
	await approved('ann', request, 'PENDING')
	for (const change of [{ approval_policy: quorum(1, [user('dan')]) }, { approval_policy: 'remove' }, { name: 'renamed' }, { cryptographic_policy: 'remove' }, { hmg_redundancy: 'PriorityFailover' }])
		await wanted(admin.call('PATCH', at, change))
	await wanted(admin.call('DELETE', at))
	const changed = await carriedOut(admin, 'PATCH', at, { approval_policy: quorum(1, [user('ann'), user('cid')]) })
	assert.equal(changed.status, 200, JSON.stringify(changed))
	await refused(approve('cid', request), 400, /changed since/)
	await wanted(g.app.post('/crypto/v1/sign', signBody(g)))
	const now = await ask(g.app, 'POST', '/crypto/v1/sign', signBody(g))
	await approved('cid', now, 'APPROVED')
	verifies(g.pair, 'pay 100 to eve', (await resultOf(g.app, now)).body.body.signature)
	const ending = await ask(admin, 'PATCH', at, { approval_policy: 'remove' })
	await approved('ann', ending, 'APPROVED')
	assert.equal((await g.app.post('/crypto/v1/sign', signBody(g))).status, 200)
})

test('rotating, deleting and changing keys, under a quorum', async () => {
	const g = await guarded()
	const changes = [['POST', '/crypto/v1/keys/rekey', { name: g.pair.name, obj_type: 'EC' }], ['PATCH', `/crypto/v1/keys/${g.aes.kid}`, { description: 'mine' }],
		['POST', `/crypto/v1/keys/${g.aes.kid}/revoke`, { code: 'Unspecified' }], ['POST', '/crypto/v1/keys', { name: 'one more', group_id: g.id, obj_type: 'AES', key_size: 256 }],
		['DELETE', `/crypto/v1/keys/${g.pair.kid}/private`], ['DELETE', `/crypto/v1/keys/${g.aes.kid}`]]
	for (const [method, path, body] of changes) await wanted(g.app.call(method, path, body))
	const rotated = await carriedOut(g.app, ...changes[0])
	assert.equal(rotated.status, 201, JSON.stringify(rotated))
	assert.deepEqual([rotated.body.name, rotated.body.links.replaced], [g.pair.name, g.pair.kid])
	const signature = await carriedOut(g.app, 'POST', '/crypto/v1/sign', { ...signBody(g), key: { name: g.pair.name } })
	verifies(rotated.body, 'pay 100 to eve', signature.body.signature)
	assert.equal((await carriedOut(g.app, ...changes[5])).status, 204)
	const [method, operation] = changes[5]
	await refused(g.app.post(REQUESTS, { method, operation }), 404)
})

test('a key does not leave its quorum: not by moving, copying, wrapping, batches, nor the older paths', async () => {
	const crypto = { ...TWO_OF_THREE(), protect_crypto_operations: true }
	for (const policy of [TWO_OF_THREE(), crypto]) {
		const g = await guarded(policy), free = await guarded(null)
		await admin.succeed('PATCH', `/sys/v1/apps/${g.app.id}`, { add_groups: { [free.id]: EVERYTHING } })
		await wanted(g.app.call('PATCH', `/crypto/v1/keys/${g.aes.kid}`, { group_id: free.id }))
		await wanted(admin.call('PATCH', `/crypto/v1/keys/${g.aes.kid}`, { group_id: free.id }))
		await wanted(g.app.post('/crypto/v1/keys/copy', { key: { kid: g.aes.kid }, name: `copy of ${g.aes.name}`, group_id: free.id }))
		await wanted(g.app.post('/crypto/v1/keys/export', { kid: g.aes.kid }))
		await wanted(g.app.post(`/crypto/v1/keys/${g.pair.kid}/sign`, { hash_alg: 'Sha256', data: 'AAAA' }))
		await wanted(g.app.post('/crypto/v1/wrapkey', { key: { kid: g.aes.kid }, subject: { kid: g.aes.kid }, alg: 'AES', mode: 'KWP' }))
		const [one] = await g.app.succeed('POST', '/crypto/v1/keys/batch/sign', [signBody(g)])
		assert.deepEqual([one.status, one.error], [403, WANTED])
		const batch = await g.app.succeed('POST', '/batch/v1', { Batch: { batch_execution_type: 'Unordered', items: [{ SingleItem: { method: 'POST', operation: '/crypto/v1/sign', body: signBody(g) } }] } })
		assert.ok(JSON.stringify(batch).includes(WANTED) && !JSON.stringify(batch).includes('signature'), JSON.stringify(batch))
		const moved = await carriedOut(g.app, 'PATCH', `/crypto/v1/keys/${g.aes.kid}`, { group_id: free.id })
		assert.deepEqual([moved.status, moved.body.group_id], [200, free.id], JSON.stringify(moved))
	}
})

test('what one group has approved opens no other', async () => {
	const a = await guarded(), b = await guarded(), free = await guarded(null)
	await admin.succeed('PATCH', `/sys/v1/apps/${a.app.id}`, { add_groups: { [b.id]: EVERYTHING, [free.id]: EVERYTHING } })
	const both = (operation, body) => a.app.post(REQUESTS, { method: 'POST', operation, body })
	await refused(both('/crypto/v1/wrapkey', { key: { kid: a.aes.kid }, subject: { kid: b.aes.kid }, alg: 'AES', mode: 'KWP' }), 501, /two groups/)
	await refused(a.app.post(REQUESTS, { method: 'PATCH', operation: `/crypto/v1/keys/${a.aes.kid}`, body: { group_id: b.id } }), 501, /two groups/)
	/* Named where the one who finds the group might not look. */
	for (const [method, operation, body] of [
		['POST', `/crypto/v1/keys/${b.pair.kid}/sign`, { key: { kid: a.pair.kid }, hash_alg: 'Sha256', data: 'AAAA' }],
		['POST', '/crypto/v1/sign', { ...signBody(b), kid: a.pair.kid }],
		['POST', '/crypto/v1/sign', { ...signBody(b), group_id: a.id }],
		['POST', '/crypto/v1/keys/replace', { replaced: { kid: b.pair.kid }, replacement: { kid: b.aes.kid }, replaced_new_name: 'x', group_id: a.id }],
		['POST', '/batch/v1', { group_id: a.id, Batch: { batch_execution_type: 'Serial', items: [{ SingleItem: { method: 'POST', operation: '/crypto/v1/sign', body: signBody(b) } }] } }],
	]) {
		const answer = await a.app.post(REQUESTS, { method, operation, body })
		if (answer.status >= 300) {
			assert.ok(answer.status < 500 || answer.status === 501, answer.text)
			continue
		}
		await approve('ann', answer.body)
		await approve('bob', answer.body)
		const result = await resultOf(a.app, answer.body), text = JSON.stringify(result.body ?? result.text)
		assert.ok(!text.includes('signature'), `${operation}: ${text}`)
		if (result.status === 200) assert.ok(result.body.status >= 400 || /40\d/.test(text), text)
	}
	for (const kid of [b.pair.kid, b.aes.kid]) assert.equal((await b.app.succeed('GET', `/crypto/v1/keys/${kid}`)).group_id, b.id)
})

test('what nobody has to approve, or nobody may ask for, is refused with words', async () => {
	const g = await guarded(), free = await guarded(null)
	await refused(free.app.post(REQUESTS, { method: 'POST', operation: '/crypto/v1/sign', body: signBody(free) }), 400, /needs no approval/)
	await refused(free.app.post(REQUESTS, { method: 'POST', operation: '/crypto/v1/sign', body: signBody(g) }), 404)
	await refused(free.app.post(REQUESTS, { method: 'POST', operation: '/crypto/v1/sign', body: { ...signBody(g), key: { name: g.pair.name } } }), 404)
	await refused(outsider.post(REQUESTS, { method: 'DELETE', operation: `/crypto/v1/keys/${g.pair.kid}` }), 404)
	await refused(g.app.post(REQUESTS, { method: 'POST', operation: '/crypto/v1/keys/batch/sign', body: [signBody(g)] }), 501, /one operation each/)
	await refused(g.app.post(REQUESTS, {}), 400)
	await refused(g.app.post(REQUESTS, { operation: '/crypto/v1/sign', body: signBody(g), colour: 'red' }), 400, /colour/)
	await refused(g.app.post(REQUESTS, { method: 'POST', operation: '/no/such/thing', body: { group_id: g.id } }), 400, /no such operation/)
	await refused(g.app.post(REQUESTS, { method: 'POST', operation: `${REQUESTS}/x/approve`, body: { group_id: g.id } }), 400, /by itself/)
	/* What the app may not do without a quorum either. */
	const small = await dsm.newApp({ name: 'may verify only', permissions: null, groups: { [g.id]: ['VERIFY'] } })
	const asked = await small.post(REQUESTS, { method: 'POST', operation: '/crypto/v1/sign', body: signBody(g) })
	assert.ok(asked.status < 300, asked.text)
	await approve('ann', asked.body)
	await approve('bob', asked.body)
	const { status, body: said } = (await resultOf(small, asked.body)).body
	assert.deepEqual([status, /permission SIGN/.test(said)], [403, true], said)
	assert.equal((await small.succeed('GET', `${REQUESTS}/${asked.body.request_id}`)).status, 'FAILED')
})

const accountPath = async () => `/sys/v1/accounts/${(await admin.succeed('GET', '/sys/v1/accounts'))[0].acct_id}`

test('an account\'s policy guards itself and what it names, and nobody locks the account by it', async () => {
	const at = await accountPath(), set = (policy, more) => admin.call('PATCH', at, { approval_policy: { policy, ...more } })
	const [me] = (await admin.succeed('GET', '/sys/v1/users')).filter((u) => u.account_role.includes('ACCOUNTADMINISTRATOR'))
	const auditor = await dsm.newApp({ name: 'approves for the account', permissions: null, groups: {} })
	for (const name of ['eva', 'fay']) people[name] = await person(name)
	/* Who asks does not count; apps show no password; those who are not there do not approve. */
	for (const policy of [{ user: me.user_id }, quorum(2, [user('ann'), { user: me.user_id }]), { user: auditor.id }, { app: people.ann.id }, quorum(1, [{ app: auditor.id }], { require_password: true })])
		await refused(set(policy), 400, /nobody could change/)
	for (const policy of [{ policy: {} }, { ...TWO_OF_THREE() }, { policy: TWO_OF_THREE(), colour: 'red' }, { policy: { ...TWO_OF_THREE(), protect_crypto_operations: true } }, { policy: quorum(3, [user('ann')]) }, 'never', 7])
		await refused(admin.call('PATCH', at, { approval_policy: policy }), 400)
	await refused(people.ann.call('PATCH', at, { approval_policy: { policy: user('ann') } }), 403, /administrators/)
	assert.equal((await admin.succeed('GET', at)).approval_policy, undefined)
	const policy = { policy: quorum(1, [user('eva'), user('fay')]), protect_cryptographic_policy: true, protect_logging_config: true }
	assert.deepEqual((await admin.succeed('PATCH', at, { approval_policy: policy })).approval_policy, policy)
	for (const change of [{ approval_policy: 'remove' }, { approval_policy: { policy: user('ann') } }, { cryptographic_policy: { aes: {} } }, { description: 'x', cryptographic_policy: 'remove' }])
		await wanted(admin.call('PATCH', at, change))
	assert.equal((await admin.succeed('PATCH', at, { description: 'of the bank' })).description, 'of the bank')
	await refused(people.ann.post(REQUESTS, { method: 'PATCH', operation: at, body: { approval_policy: 'remove' } }), 403, /administrators/)
	assert.equal((await admin.call('PATCH', `/sys/v1/users/${people.eva.id}`, { enable: false })).status, 200)
	await refused(admin.call('PATCH', `/sys/v1/users/${people.fay.id}`, { enable: false }), 400, /nobody could change/)
	await refused(admin.call('DELETE', `/sys/v1/users/${people.fay.id}`), 400, /nobody could change/)
	const free = await guarded(null)
	await admin.succeed('PATCH', `/sys/v1/groups/${free.id}`, { description: 'groups are not guarded' })
	const old = await ask(admin, 'PATCH', at, { description: 'asked under the old policy', approval_policy: 'remove' })
	assert.deepEqual(old.subjects, [{ account: at.split('/').pop() }])
	const request = await ask(admin, 'PATCH', at, { approval_policy: { policy: TWO_OF_THREE() } }, { description: 'more people' })
	await refused(approve('ann', request), 404)
	await approved('fay', request, 'APPROVED')
	const { status, body } = (await resultOf(admin, request)).body
	assert.deepEqual([status, body.approval_policy], [200, { policy: TWO_OF_THREE() }], JSON.stringify(body))
	await refused(approve('fay', old), 400, /account's approval policy has changed/)
	await admin.succeed('PATCH', at, { cryptographic_policy: 'remove' })
	assert.equal((await admin.call('DELETE', `/sys/v1/users/${people.fay.id}`)).status, 204)
	assert.equal((await carriedOut(admin, 'PATCH', at, { approval_policy: 'remove' })).status, 200)
	assert.equal((await admin.succeed('GET', at)).approval_policy, undefined)
})

test('an account\'s quorum guards the making, changing and removing of groups that have none of their own', async () => {
	const at = await accountPath(), own = await guarded(), free = await guarded(null), groupAt = `/sys/v1/groups/${free.id}`
	await admin.succeed('PATCH', at, { approval_policy: { policy: TWO_OF_THREE(), manage_groups: true } })
	for (const [method, path, body] of [['POST', '/sys/v1/groups', { name: 'no leave' }], ['PATCH', groupAt, { name: 'no leave' }], ['PATCH', groupAt, { approval_policy: user('dan') }], ['PATCH', groupAt, { hmg_sync: true }], ['DELETE', groupAt]])
		await wanted(admin.call(method, path, body))
	assert.equal((await free.app.post('/crypto/v1/sign', signBody(free))).status, 200)
	const made = await carriedOut(admin, 'POST', '/sys/v1/groups', { name: 'by leave' })
	assert.equal(made.status, 201, JSON.stringify(made))
	const where = `/sys/v1/groups/${made.body.group_id}`
	assert.equal((await carriedOut(admin, 'PATCH', where, { description: 'by leave' })).body.description, 'by leave')
	assert.equal((await carriedOut(admin, 'DELETE', where)).status, 204)
	await refused(admin.post(REQUESTS, { method: 'POST', operation: '/sys/v1/groups', body: { name: 'x', add_hmg: [{ pin: '1' }] } }), 400, /does not go through/)
	/* What the account has approved is not approved by a group, nor the other way round. */
	await wanted(admin.call('PATCH', `/sys/v1/groups/${own.id}`, { description: 'x' }))
	const request = await ask(admin, 'PATCH', `/sys/v1/groups/${own.id}`, { description: 'x' })
	assert.deepEqual(request.subjects, [{ group: own.id }])
	await refused(admin.post(REQUESTS, { method: 'PATCH', operation: at, body: { approval_policy: 'remove', group_id: own.id } }), 501, /and of the account/)
	const both = await ask(own.app, 'POST', '/crypto/v1/keys', { name: 'x', group_id: own.id, obj_type: 'AES', key_size: 256 })
	assert.deepEqual(both.subjects, [{ group: own.id }])
	assert.equal((await carriedOut(admin, 'PATCH', at, { approval_policy: 'remove' })).status, 200)
	await admin.succeed('PATCH', groupAt, { description: 'free again' })
})

test('a policy that nobody can meet any more is replaced by the account\'s quorum, where it said so, and only then', async () => {
	const at = await accountPath(), policy = { ...quorum(2, [user('dan'), user('eva')]), account_may_replace: true }, next = { approval_policy: user('dan') }
	await refused(admin.post('/sys/v1/groups', { name: 'never', approval_policy: policy }), 400, /account_may_replace.* manage_groups: "never"/)
	await admin.succeed('PATCH', `/sys/v1/users/${people.eva.id}`, { enable: true })
	const plain = await guarded(quorum(2, [user('dan'), user('eva')]))
	await admin.succeed('PATCH', at, { approval_policy: { policy: TWO_OF_THREE(), manage_groups: true } })
	const made = await carriedOut(admin, 'POST', '/sys/v1/groups', { name: 'with an heir', approval_policy: policy })
	assert.deepEqual([made.status, made.body.approval_policy], [201, policy], JSON.stringify(made))
	const path = (id) => `/sys/v1/groups/${id}/replace_approval_policy`, heir = path(made.body.group_id)
	const lost = { status: 400, words: /can meet it: have it changed by them/ }
	await refused(admin.post(heir, next), lost.status, lost.words)
	assert.match((await carriedOut(admin, 'POST', heir, next)).body, lost.words)
	const end = await carriedOut(admin, 'PATCH', at, { approval_policy: { policy: TWO_OF_THREE() } })
	assert.deepEqual([end.status, /counts on .*: "with an heir"/.test(end.body)], [400, true], 'the heir stays while somebody counts on it')
	await admin.succeed('PATCH', `/sys/v1/users/${people.eva.id}`, { enable: false })
	await refused(admin.post(path(plain.id), next), 400, /no approval policy with account_may_replace/)
	for (const body of [{ approval_policy: 'remove' }, { ...next, name: 'other' }, { name: 'other' }, {}]) await refused(admin.post(heir, body), 400, /and nothing else/)
	await refused(people.ann.post(heir, next), 403, /administrators/)
	await wanted(admin.post(heir, next))
	await wanted(admin.call('PATCH', `/sys/v1/groups/${made.body.group_id}`, next))
	const done = await carriedOut(admin, 'POST', heir, next)
	assert.deepEqual([done.status, done.body.approval_policy], [200, user('dan')], JSON.stringify(done))
	await refused(admin.post(heir, next), 400, /no approval policy with account_may_replace/)
	assert.equal((await carriedOut(admin, 'PATCH', at, { approval_policy: 'remove' })).status, 200)
})

test('an account\'s cryptographic policy is the most that a group\'s may allow', async () => {
	const at = await accountPath(), g = await guarded(null), make = (bits) => g.app.post('/crypto/v1/keys', { name: `of ${bits} ${++made}`, group_id: g.id, obj_type: 'AES', key_size: bits, key_ops: ['ENCRYPT', 'DECRYPT'] })
	const small = (await make(128)).body, use = (name, body) => g.app.post(`/crypto/v1/${name}`, { key: { kid: small.kid }, alg: 'AES', mode: 'CBC', ...body })
	const { cipher, iv } = (await use('encrypt', { plain: 'AAAA' })).body
	await refused(admin.call('PATCH', at, { cryptographic_policy: { aes: { colour: 'red' } } }), 400, /colour/)
	const policy = { aes: { key_sizes: [256] }, ec: {}, legacy_policy: 'unprotect_only' }
	assert.deepEqual((await admin.succeed('PATCH', at, { cryptographic_policy: policy })).cryptographic_policy, policy)
	await refused(make(128), 403, /account's cryptographic policy/)
	assert.equal((await make(256)).status, 201)
	await refused(use('encrypt', { plain: 'AAAA' }), 403, /account's cryptographic policy/)
	assert.equal((await use('decrypt', { cipher, iv })).body.plain, 'AAAA')
	assert.equal((await g.app.post('/crypto/v1/sign', signBody(g))).status, 200)
	await admin.succeed('PATCH', `/sys/v1/groups/${g.id}`, { cryptographic_policy: { aes: { key_sizes: [128] } } })
	await refused(make(128), 403, /account's/)
	await refused(make(256), 403, /group's/)
	await admin.succeed('PATCH', at, { cryptographic_policy: 'remove' })
	assert.equal((await make(128)).status, 201)
	assert.equal((await use('encrypt', { plain: 'AAAA' })).status, 200)
})

test('neither the plaintext that is to be approved, nor what came of it, is in the database or a log', async () => {
	const g = await guarded(), plain = Buffer.from('a card number that nobody sees: 4929-1234').toString('base64')
	const done = await carriedOut(g.app, 'POST', '/crypto/v1/encrypt', { key: { kid: g.aes.kid }, alg: 'AES', mode: 'GCM', plain })
	const back = await carriedOut(g.app, 'POST', '/crypto/v1/decrypt', { key: { kid: g.aes.kid }, alg: 'AES', mode: 'GCM', cipher: done.body.cipher, iv: done.body.iv, tag: done.body.tag })
	assert.equal(back.body.plain, plain)
	const pending = await ask(g.app, 'POST', '/crypto/v1/encrypt', { key: { kid: g.aes.kid }, alg: 'AES', mode: 'GCM', plain })
	assert.equal(pending.body.plain, plain)
	const files = execFileSync('find', [dsm.stack.dir, '-type', 'f', '(', '-name', '*.db*', '-o', '-name', '*.log', ')']).toString().trim().split('\n')
	assert.ok(files.length >= 3)
	for (const file of files) {
		const bytes = readFileSync(file)
		for (const secret of [plain, Buffer.from(plain, 'base64'), done.body.cipher, PASSWORD('bob'), Buffer.from(PASSWORD('bob')).toString('base64')])
			assert.ok(!bytes.includes(secret), `${file} has ${secret} in it`)
	}
})

test('everything of this is in the audit log: who asked, who approved, what was done', async () => {
	const { hits } = await admin.succeed('GET', '/sys/v1/logs?size=1000')
	const messages = hits.map((hit) => hit._source.message).join('\n')
	for (const words of ['Crypto:Approvals:Create: Accepted', 'Crypto:Approvals:Approve: Approved', 'Crypto:Approvals:Deny: Denied', 'Crypto:Approvals:Withdraw: Withdrawn', 'Crypto:Sign: Accepted', 'Crypto:UpdateGroup: Accepted', 'Crypto:ReplaceLostPolicy: Accepted', 'Crypto:ReplaceLostPolicy: Failed',
		'Crypto:OpenSession: SecondFactorDue', 'Crypto:SessionSecondFactor: Accepted', 'Crypto:SessionSecondFactor: Denied', 'Crypto:SessionRecoveryCode: Accepted', 'Crypto:SessionRecoveryCode: Denied',
		'Crypto:UnlockSecondFactors: Accepted', 'Crypto:MakeRecoveryCodes: Accepted', 'Server:ClearSecondFactor: Accepted'])
		assert.ok(messages.includes(words), `${words} is not in the log`)
	assert.doesNotMatch(dsm.stack.logs(), /"level":"(error|crit)|AddressSanitizer|runtime error/)
})
