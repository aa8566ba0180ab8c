// SPDX-License-Identifier: Apache-2.0
// The answers of the Crypto API have the members that the reference's published description requires of each object, in its forms.
// Facts, written down here: names of members and what they look like.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { startDsm } from '../e2e/dsm.mjs'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, TIME = /^\d{8}T\d{6}Z$/, NAME = /^[^\n]*[^\s\n][^\n]*$/, BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const LOG_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, EMAIL = /^[^@\s]+@[^@\s]+$/
const oneOf = (...words) => (value) => words.includes(value)
const listOf = (shape) => (value) => Array.isArray(value) && value.every((one) => fits(one, shape))
const mapOf = (key, shape) => (value) => isObject(value) && Object.entries(value).every(([name, one]) => fits(name, key) && fits(one, shape))
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)
const either = (...shapes) => (value) => shapes.some((shape) => fits(value, shape))
const PRINCIPAL = either({ app: UUID }, { user: UUID }, oneOf('system', 'unregistereduser'))
const OPS = oneOf('SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'DERIVEKEY', 'TRANSFORM', 'MACGENERATE', 'MACVERIFY', 'EXPORT', 'APPMANAGEABLE', 'HIGHVOLUME', 'AGREEKEY', 'ENCAPSULATE', 'DECAPSULATE')

/** Whether a value is as a shape says: a pattern, a type's name, a test, or an object's members; one that ends with ? may be absent. */
function fits(value, shape) {
	if (shape instanceof RegExp) return typeof value === 'string' && shape.test(value)
	if (typeof shape === 'string') return shape === 'integer' ? Number.isSafeInteger(value) : shape === 'object' ? isObject(value) : typeof value === shape
	if (typeof shape === 'function') return shape(value)
	return isObject(value) && Object.entries(shape).every(([name, member]) => (name.endsWith('?') && !(name.slice(0, -1) in value)) || fits(value[name.replace(/\?$/, '')], member))
}

/** The same, with what does not fit in words. */
function has(value, shape, what) {
	for (const [name, member] of Object.entries(shape)) {
		const is = value?.[name.replace(/\?$/, '')]
		if (name.endsWith('?') && is === undefined) continue
		assert.ok(fits(is, member), `${what}: "${name}" is ${JSON.stringify(is)?.slice(0, 300)}`)
	}
}

const SHAPES = {
	Group: { acct_id: UUID, client_configurations: 'object', created_at: TIME, creator: PRINCIPAL, group_id: UUID, name: NAME, 'approval_policy?': 'object', 'cryptographic_policy?': 'object', 'custom_metadata?': mapOf('string', 'string'), 'description?': 'string',
		'hmg?': mapOf(UUID, { kind: 'string', url: 'string', tls: { mode: oneOf('required') }, 'slot?': 'integer', 'hsm_order?': 'integer' }), 'hmg_redundancy?': oneOf('PriorityFailover'), 'hmg_segregation?': 'boolean', 'hmg_sync?': 'boolean' },
	Sobject: { acct_id: UUID, created_at: TIME, creator: PRINCIPAL, enabled: 'boolean', key_ops: listOf(OPS), obj_type: oneOf('AES', 'DES3', 'RSA', 'EC', 'OPAQUE', 'HMAC', 'SECRET', 'CERTIFICATE'), origin: oneOf('FortanixHSM', 'Transient', 'External'), public_only: 'boolean',
		'activation_date?': TIME, 'deactivation_date?': TIME, 'custom_metadata?': mapOf('string', 'string'), 'description?': 'string', 'elliptic_curve?': 'string', 'external?': 'object', 'key_size?': 'integer', 'kid?': UUID, 'links?': { 'replaced?': UUID, 'replacement?': UUID },
		'name?': NAME, 'never_exportable?': 'boolean', 'pub_key?': BASE64, 'value?': BASE64, 'state?': oneOf('PreActive', 'Active', 'Deactivated', 'Compromised', 'Destroyed', 'Deleted'), 'group_id?': UUID, 'lastused_at?': TIME, 'revocation_reason?': { code: 'string' } },
	App: { acct_id: UUID, app_id: UUID, app_type: 'string', client_configurations: 'object', created_at: TIME, creator: PRINCIPAL, enabled: 'boolean', groups: either(mapOf(UUID, either(listOf('string'), 'object')), listOf(UUID)),
		ip_address_policy: either(oneOf('allow_all'), 'object'), last_operations: 'object', legacy_access: 'boolean', name: NAME, role: oneOf('admin', 'crypto'), auth_type: 'string', 'default_group?': UUID, 'description?': 'string', 'interface?': 'string', 'lastused_at?': TIME },
	User: { account_role: listOf('string'), mfa_devices: listOf('object'), u2f_devices: listOf('object'), user_email: EMAIL, user_id: UUID, 'created_at?': TIME, 'groups?': mapOf(UUID, either(listOf('string'), 'object')), 'has_account?': 'boolean', 'has_password?': 'boolean', 'last_logged_in_at?': TIME },
	AuthResponse: { token_type: oneOf('Bearer', 'Cookie'), expires_in: 'integer', entity_id: UUID, access_token: 'string' },
	ApprovalRequest: { acct_id: UUID, approvers: listOf(either({ user: UUID }, { app: UUID })), created_at: TIME, expiry: TIME, method: 'string', operation: 'string', request_id: UUID, requester: PRINCIPAL, result_viewed: 'boolean',
		status: oneOf('PENDING', 'APPROVED', 'DENIED', 'FAILED'), 'denier?': either({ user: UUID }, { app: UUID }), 'description?': 'string', 'reviewers?': listOf({ requires_password: 'boolean', requires_2fa: 'boolean' }), 'subjects?': listOf(either({ sobject: UUID }, { group: UUID })) },
	ApprovableResult: { status: 'integer' },
	Scan: { scan_id: UUID, is_async: 'boolean', started_at: TIME, 'finished_at?': TIME, 'scan_result?': 'object' },
	AuditLog: { _id: 'string', _source: { action_type: oneOf('ADMINISTRATIVE', 'AUTH', 'CRYPTOOPERATION', 'RUNPLUGIN', 'CUSTOM', 'OTHER'), actor_type: 'string', message: 'string', severity: oneOf('INFO', 'WARNING', 'ERROR', 'CRITICAL'), time: LOG_TIME, acct_id: UUID, actor_id: UUID, group_ids: listOf(UUID), object_id: UUID } },
	Account: { acct_id: UUID, enabled: 'boolean', logging_configs: 'object', mark_key_disable_when_deactivated: 'boolean', name: NAME, original_purpose: 'object', purpose: 'object', subscription: { custom: 'object' } },
	Version: { version: 'string', api_version: 'string', server_mode: oneOf('Software', 'Sgx') },
	AppCredential: { app_id: UUID, credential: 'object' },
}

let dsm, admin, app, aes, pair

before(async () => {
	dsm = await startDsm()
	;({ admin, app } = dsm)
	aes = await dsm.generateKey({ name: 'aes', obj_type: 'AES', key_size: 256, custom_metadata: { a: 'b' } })
	pair = await dsm.generateKey({ name: 'pair', obj_type: 'EC', elliptic_curve: 'NistP256' })
})
after(() => dsm?.stop())

const get = (path, who = admin) => who.succeed('GET', path)
const items = (answer) => (Array.isArray(answer) ? answer : answer.items)
function each(answer, shape) {
	assert.ok(items(answer).length > 0, `some ${shape}`)
	for (const one of items(answer)) has(one, SHAPES[shape], shape)
}

test('groups', async () => {
	each(await get('/sys/v1/groups'), 'Group')
	has(await get(`/sys/v1/groups/${dsm.group}`), SHAPES.Group, 'a group')
	has(await admin.succeed('PATCH', `/sys/v1/groups/${dsm.group}`, { description: 'd' }), SHAPES.Group, 'a changed group')
})

test('security objects: made, imported, read, listed, rotated, changed, ended', async () => {
	const imported = await dsm.importKey({ name: 'in', obj_type: 'AES', key_size: 128, value: Buffer.alloc(16, 7).toString('base64'), key_ops: ['ENCRYPT', 'EXPORT', 'APPMANAGEABLE'] })
	const rotated = await app.succeed('POST', '/crypto/v1/keys/rekey', { name: 'pair' })
	const changed = await app.succeed('PATCH', `/crypto/v1/keys/${aes.kid}`, { description: 'd' })
	for (const key of [aes, pair, imported, rotated, changed, await app.succeed('POST', '/crypto/v1/keys/info', { kid: aes.kid }), await app.succeed('POST', '/crypto/v1/keys/export', { kid: imported.kid })]) has(key, SHAPES.Sobject, key.name)
	await app.succeed('POST', `/crypto/v1/keys/${pair.kid}/revoke`, { code: 'KeyCompromise', message: 'm' })
	await app.succeed('POST', `/crypto/v1/keys/${pair.kid}/destroy`)
	has(await get(`/crypto/v1/keys/${pair.kid}`), SHAPES.Sobject, 'a destroyed key')
	each(await get('/crypto/v1/keys?show_destroyed=true'), 'Sobject')
	each(await get('/crypto/v1/keys?with_metadata=true'), 'Sobject')
})

test('what operations answer', async () => {
	const key = { kid: aes.kid }, B = BASE64, { kid } = await get('/crypto/v1/keys?name=pair', app).then(([one]) => one)
	const cipher = await app.succeed('POST', '/crypto/v1/encrypt', { key, alg: 'AES', mode: 'GCM', plain: 'AAAA' })
	has(cipher, { 'kid?': UUID, cipher: B, 'iv?': B, 'tag?': B }, 'encrypt')
	has(await app.succeed('POST', '/crypto/v1/decrypt', { key, alg: 'AES', mode: 'GCM', cipher: cipher.cipher, iv: cipher.iv, tag: cipher.tag }), { 'kid?': UUID, plain: B }, 'decrypt')
	const { signature } = await app.succeed('POST', '/crypto/v1/sign', { key: { kid }, hash_alg: 'SHA256', data: 'AAAA' })
	has({ signature }, { signature: B }, 'sign')
	has(await app.succeed('POST', '/crypto/v1/verify', { key: { kid }, hash_alg: 'SHA256', data: 'AAAA', signature }), { 'kid?': UUID, result: 'boolean' }, 'verify')
	has(await app.succeed('POST', '/crypto/v1/digest', { alg: 'SHA256', data: 'AAAA' }), { digest: B }, 'digest')
})

test('apps and users, sessions, accounts, the version', async () => {
	each(await get('/sys/v1/apps'), 'App')
	has(await get(`/sys/v1/apps/${app.id}`, app), SHAPES.App, 'the app itself')
	has(await get(`/sys/v1/apps/${app.id}/credential`), SHAPES.AppCredential, 'its credential')
	await admin.succeed('POST', '/sys/v1/users/invite', { user_email: 'new@bank.example', add_groups: { [dsm.group]: ['GROUPAUDITOR'] } })
	each(await get('/sys/v1/users'), 'User')
	const basic = `Basic ${Buffer.from(`${app.id}:${app.secret}`).toString('base64')}`, session = app.authorization
	app.authorization = basic
	has(await app.succeed('POST', '/sys/v1/session/auth', {}), SHAPES.AuthResponse, 'a session')
	app.authorization = session
	each(await get('/sys/v1/accounts'), 'Account')
	has(await get('/sys/v1/version'), SHAPES.Version, 'the version')
	has(await get('/sys/v1/info'), SHAPES.Version, 'what it is')
})

test('lists as official clients ask for them', async () => {
	for (const path of ['/crypto/v1/keys?sort=kid', '/crypto/v1/keys?sort=name', '/sys/v1/apps?group_permissions=true&sort=app_id', '/sys/v1/users?sort=user_id', '/sys/v1/groups?sort_by=group_id', '/sys/v1/groups?sort_by=group_name'])
		assert.ok((await get(path)).length > 0, path)
	assert.deepEqual((await get('/crypto/v1/keys?sort=name')).map(({ name }) => name), (await get('/crypto/v1/keys?sort=name:desc')).map(({ name }) => name).reverse())
	for (const path of ['/crypto/v1/keys?sort=kids', '/crypto/v1/keys?sort=kid:', '/crypto/v1/keys?sort=kid:up', '/sys/v1/groups?sort_by=group_idea']) assert.equal((await admin.call('GET', path)).status, 400, path)
	for (const list of ['plugins', 'external_roles']) assert.deepEqual(await get(`/sys/v1/${list}`), [])
	assert.deepEqual((await get('/sys/v1/roles')).items, [])
	assert.deepEqual(await get('/sys/v1/apps/client_configs', app), {})
})

test('a connection is of a kind that official clients know, whatever it was made as', async () => {
	for (const [given, official, own] of [['Pkcs11', 'Ncipher', 'Pkcs11'], ['SOFTHSM', 'Ncipher', 'Softhsm'], ['SAFENET', 'Safenet', 'Safenet'], ['awscloudhsm', 'AwsCloudHsm', 'AwsCloudHsm']]) {
		const link = await dsm.link({ gateway: dsm.gateway, label: dsm.label })
		const { hmg } = await admin.succeed('POST', '/sys/v1/groups', { name: `of kind ${given}`, add_hmg: [{ ...link, kind: given }] })
		assert.deepEqual(Object.values(hmg).map(({ kind, connection }) => [kind, connection.kind]), [[official, own]])
	}
})

test('scans', async () => {
	has(await admin.succeed('POST', `/sys/v1/groups/${dsm.group}/hmg/scans`, {}), SHAPES.Scan, 'a scan that begins')
	each(await admin.succeed('POST', `/sys/v1/groups/${(await dsm.newGroup({ name: 'scanned' })).group_id}/hmg/scan`, {}), 'Sobject')
	each(await get(`/sys/v1/groups/${dsm.group}/hmg/scans`), 'Scan')
})

test('requests for approval', async () => {
	const [{ user_id }] = (await get('/sys/v1/users')).filter((user) => user.user_email.startsWith('admin'))
	await admin.succeed('PATCH', `/sys/v1/groups/${dsm.group}`, { approval_policy: { quorum: { n: 1, members: [{ user: user_id }] } } })
	const asked = await app.succeed('POST', '/sys/v1/approval_requests', { method: 'POST', operation: '/crypto/v1/encrypt', body: { key: { kid: aes.kid }, alg: 'AES', mode: 'GCM', plain: 'AAAA' }, description: 'd' })
	has(asked, SHAPES.ApprovalRequest, 'asked')
	has(await admin.succeed('POST', `/sys/v1/approval_requests/${asked.request_id}/approve`, {}), SHAPES.ApprovalRequest, 'approved')
	has(await app.succeed('POST', `/sys/v1/approval_requests/${asked.request_id}/result`, {}), SHAPES.ApprovableResult, 'its result')
	each(await get('/sys/v1/approval_requests'), 'ApprovalRequest')
})

test('the log', async () => each((await get('/sys/v1/logs?size=1000')).hits, 'AuditLog'))
