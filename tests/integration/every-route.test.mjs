// SPDX-License-Identifier: Apache-2.0
// Every route of the table in docs/permissions.md (which is checked to be the server's own): with tokens that are nobody's, callers
// who may not, user actions for something else, bodies that are not what they should be, and ids of nothing and of others. What is
// refused has changed nothing.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { KeyPair } from '../e2e/authenticator.mjs'
import { request } from '../e2e/raw.mjs'
import { Stack, root } from '../e2e/stack.mjs'

const ROUTES = readFileSync(join(root, 'docs/permissions.md'), 'utf8').split('\n').filter((line) => /^\| [A-Z]+ \| `/.test(line)).map((line) => {
	const [, method, path, permission, action, people] = line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
	return { method, path, permission, action: action === 'yes', people: people === 'yes', name: `${method} ${path}` }
})
const CLOSED = ROUTES.filter(({ permission }) => permission !== 'Open')
const SIGNED = ROUTES.filter(({ action }) => action)
const agent = new https.Agent({ keepAlive: true, maxSockets: 8 })
let stack, machine, admin, nobody, ids, moved

const ask = (actor, method, path, { body, headers } = {}) => request(stack, { method, path, body, auth: false, tls: { agent },
	headers: { ...(actor && { authorization: `Bearer ${actor.token ?? actor}` }), ...headers } })

/** A user action of this actor for this request. */
async function action(actor, method, path, payload) {
	const begun = await ask(actor, 'POST', '/auth/action/init', { body: { userActionPayload: payload, userActionHttpMethod: method, userActionHttpPath: path } })
	const { body } = await ask(actor, 'POST', '/auth/action', { body: { challengeIdentifier: begun.body.challengeIdentifier, firstFactor: await actor.key.sign(begun.body) } })
	assert.ok(body.userAction, `${method} ${path} ${payload}: ${begun.text}`)
	return body.userAction
}

const withAction = (actor, method, path, body, userAction) => ask(actor, method, path, { body, headers: { 'x-dfns-useraction': userAction } })

async function signed(actor, method, path, body) {
	const text = typeof body === 'string' ? body : JSON.stringify(body)
	return withAction(actor, method, path, text, await action(actor, method, path, text))
}

async function ok(actor, method, path, body) {
	const answer = method === 'GET' ? await ask(actor, method, path) : await signed(actor, method, path, body)
	assert.equal(answer.status, 200, `${method} ${path}: ${answer.text}`)
	return answer.body
}

/** A user with a key, logged in. */
async function person(name) {
	const key = new KeyPair(), email = `${name}@bank.example`
	const user = await ok(machine, 'POST', '/auth/users', { email, kind: 'CustomerEmployee', publicKey: key.pem })
	key.credId = Buffer.from(user.credentialUuid.replace(/^cr/, 'ci')).toString('base64url')
	const { body: challenge } = await ask(null, 'POST', '/auth/login/init', { body: { username: email, orgId: stack.account.DFNS_ORG_ID } })
	const { body } = await ask(null, 'POST', '/auth/login', { body: { challengeIdentifier: challenge.challengeIdentifier, firstFactor: await key.sign(challenge) } })
	return { id: user.userId, uuid: user.credentialUuid, key, token: body.token }
}

const sqlite = (sql) => execFileSync('sqlite3', [stack.serverDb, '-cmd', '.timeout 5000', sql], { encoding: 'utf8', maxBuffer: 1 << 28 })

/** Everything that is there but the log, what was used up, and the time of the last use. */
const TABLES = ['orgs', 'key_stores', 'keys', 'wallets', 'wallet_tags', 'signatures', 'identities', 'credentials', 'tokens', 'codes', 'permissions', 'assignments',
	'policies', 'approvals', 'approval_decisions', 'change_requests', 'webhooks']
const state = () => createHash('sha256').update(sqlite(TABLES.map((table) => `SELECT * FROM ${table};`).join(''))).digest('hex')

const policyBody = () => ({ name: 'p', activityKind: 'Policies:Modify', rule: { kind: 'AlwaysTrigger' }, filters: { policyId: { in: ['plc-00000-00000-00000000000000'] } },
	action: { kind: 'RequestApproval', approvalGroups: [{ quorum: 1, approvers: { userId: { in: [admin.id] } } }] } })

/** One of everything that there is, by the name that routes have for it. */
async function things() {
	const key = await ok(admin, 'POST', '/keys', { scheme: 'ECDSA', curve: 'secp256k1' })
	const wallet = await ok(admin, 'POST', '/wallets', { network: 'KeyECDSA', signingKey: { id: key.id } })
	const signature = await ok(admin, 'POST', `/wallets/${wallet.id}/signatures`, { kind: 'Hash', hash: 'ab'.repeat(32) })
	const permission = await ok(admin, 'POST', '/permissions', { name: `p ${key.id}`, operations: ['Keys:Read'] })
	const user = await ok(admin, 'POST', '/auth/users', { email: `${key.id}@bank.example`, kind: 'CustomerEmployee' })
	const assignment = await ok(admin, 'POST', `/permissions/${permission.id}/assignments`, { identityId: user.userId })
	const account = await ok(admin, 'POST', '/auth/service-accounts', { name: `s ${key.id}`, publicKey: new KeyPair().pem, permissionId: permission.id, daysValid: 1 })
	const pat = await ok(admin, 'POST', '/auth/pats', { name: `t ${key.id}`, publicKey: new KeyPair().pem, permissionId: permission.id, secondsValid: 600 })
	const policy = await ok(admin, 'POST', '/v2/policies', policyBody())
	const webhook = await ok(admin, 'POST', '/webhooks', { url: 'https://hooks.bank.example/', events: ['key.created'] })
	return { keyId: key.id, walletId: wallet.id, signatureId: signature.id, permissionId: permission.id, userId: user.userId, assignmentId: assignment.id,
		serviceAccountId: account.userInfo.userId, tokenId: pat.tokenId, policyId: policy.id, webhookId: webhook.id, network: 'Canton' }
}

/** Moves one of everything to another organisation, as nothing but the database's owner can. */
async function another() {
	const there = await things()
	const table = { keyId: 'keys', walletId: 'wallets', signatureId: 'signatures', permissionId: 'permissions', userId: 'identities', serviceAccountId: 'identities',
		tokenId: 'tokens', policyId: 'policies', webhookId: 'webhooks', assignmentId: 'assignments' }
	const moves = Object.entries(table).map(([id, name]) => `UPDATE ${name} SET org_id = 'or-other' WHERE id = '${there[id]}';`)
	moves.push(`UPDATE tokens SET identity_id = '${there.userId}' WHERE id = '${there.tokenId}';`) /* not one's own token any longer */
	sqlite(`PRAGMA foreign_keys = OFF; INSERT INTO orgs (id, name, created_at) VALUES ('or-other', 'Another Bank', 1); ${moves.join(' ')}`)
	return there
}

before(async () => {
	stack = await Stack.start({ engine: 'sqlite', server: { args: ['--login-rate', '0', '--rate-limit', '0', '--webhook-private'] } })
	machine = { token: stack.account.DFNS_AUTH_TOKEN, key: Object.assign(new KeyPair(), { privateKey: stack.privateKey, credId: stack.account.DFNS_CRED_ID }) }
	admin = await person('admin')
	nobody = await person('nobody')
	const { items } = await ok(machine, 'GET', '/permissions')
	await ok(machine, 'POST', `/permissions/${items.find((one) => one.isImmutable).id}/assignments`, { identityId: admin.id })
	ids = await things()
	moved = await another()
})
after(async () => {
	agent.destroy()
	await stack?.stop()
})

const UNKNOWN = { keyId: 'key-01m7y', walletId: 'wa-01m7y', signatureId: 'sig-01m7y', permissionId: 'pm-01m7y', userId: 'us-01m7y', assignmentId: 'as-01m7y',
	serviceAccountId: 'us-01m7y', tokenId: 'to-01m7y', policyId: 'plc-01m7y', approvalId: 'ap-01m7y', webhookId: 'wh-01m7y', webhookEventId: 'whe-01m7y',
	id: 'uj-01m7y', appId: 'ap-01m7y', transactionId: 'tx-01m7y', transferId: 'xfr-01m7y', offerId: 'of-01m7y', validatorId: 'cv-01m7y' }
const unknown = Object.fromEntries(Object.entries(UNKNOWN).map(([name, id]) => [name, `${id}-00000-00000000000000`]))
const at = (path, from) => path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(from[name] ?? unknown[name] ?? 'x'))
const hasBody = ({ method }) => method !== 'GET'
const send = (actor, route, path, body = {}) => ask(actor, route.method, path, hasBody(route) ? { body } : {})

function isError(answer, statuses, what) {
	assert.ok(statuses.includes(answer.status), `${what}: ${answer.status} ${answer.text.slice(0, 300)}`)
	assert.equal(answer.body?.error?.status, answer.status, `${what}: ${answer.text}`)
	assert.ok(answer.body.error.message.length > 0)
}

/** All of them, some at a time; everything that is wrong is said at the end. */
async function each(list, work) {
	const left = [...list], wrong = []
	await Promise.all(Array.from({ length: 6 }, async () => {
		for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one).catch((error) => wrong.push(error.message))
	}))
	assert.equal(wrong.join('\n'), '')
}

test('the table has the routes that it should', () => assert.ok(ROUTES.length > 100 && SIGNED.length > 40, `${ROUTES.length}`))

test('without a token, or with one that is nobody’s, nothing is told: 401', async () => {
	const expiring = await ok(admin, 'POST', '/auth/pats', { name: 'short', publicKey: new KeyPair().pem, secondsValid: 1 })
	const bot = await ok(admin, 'POST', '/auth/service-accounts', { name: 'gone', publicKey: new KeyPair().pem, daysValid: 1 })
	const off = await ok(admin, 'POST', '/auth/service-accounts', { name: 'off', publicKey: new KeyPair().pem, daysValid: 1 })
	await ok(admin, 'DELETE', `/auth/service-accounts/${bot.userInfo.userId}`, {})
	await ok(admin, 'PUT', `/auth/service-accounts/${off.userInfo.userId}/deactivate`, {})
	const left = await person('left')
	await ok(admin, 'DELETE', `/auth/users/${left.id}`, {})
	await new Promise((done) => setTimeout(done, 1100))
	const [head, claims] = admin.token.split('.')
	const tokens = { none: null, garbage: 'x', 'of other bytes': randomBytes(300).toString('base64url'), 'without a signature': `${head}.${claims}.`,
		'of another signature': `${head}.${claims}.${randomBytes(64).toString('base64url')}`, expired: expiring.accessToken,
		'of an archived account': bot.accessTokens[0].accessToken, 'of a deactivated account': off.accessTokens[0].accessToken, 'of an archived user': left.token }
	await each(CLOSED, async (route) => {
		for (const [what, token] of Object.entries(tokens)) isError(await send(token, route, at(route.path, ids)), [401], `${route.name}, token: ${what}`)
	})
})

test('who lacks the permission is told which: 403', async () => {
	const before = state()
	await each(CLOSED.filter(({ permission }) => permission !== 'Authenticated'), async (route) => {
		const answer = await send(nobody, route, at(route.path, ids))
		isError(answer, [403], route.name)
		assert.match(answer.body.error.message, new RegExp(`\\(${route.permission}\\)`), route.name)
		assert.equal((await send(nobody, route, at(route.path, unknown))).status, 403, `${route.name} of an id that there is not`)
	})
	assert.equal(state(), before)
})

test('what only people may do is refused to machines: 403', () =>
	each(ROUTES.filter(({ people }) => people), async (route) => isError(await send(machine, route, at(route.path, ids)), [403], route.name)))

/* A body for each route that is signed, as it should be. */
const VALID = () => ({ 'POST /keys': { scheme: 'ECDSA', curve: 'secp256k1', name: 'k' }, 'PUT /keys/:keyId': { name: 'n' },
	'POST /keys/:keyId/signatures': { kind: 'Hash', hash: 'ab'.repeat(32) }, 'POST /wallets': { network: 'KeyEdDSA', name: 'w', tags: ['t'] },
	'PUT /wallets/:walletId': { name: 'n' }, 'PUT /wallets/:walletId/tags': { tags: ['a'] }, 'DELETE /wallets/:walletId/tags': { tags: ['a'] },
	'POST /wallets/:walletId/signatures': { kind: 'Hash', hash: 'ab'.repeat(32) }, 'POST /auth/login/delegated': { username: 'x@y.example' },
	'POST /auth/registration/delegated': { email: 'x@y.example', kind: 'EndUser' }, 'POST /auth/recover/user/delegated': { username: 'x@y.example', credentialId: 'x' },
	'POST /auth/credentials': { credentialKind: 'Key', credentialName: 'n', challengeIdentifier: 'x', credentialInfo: { credId: 'x', clientData: 'x', attestationData: 'x' } },
	'POST /auth/credentials/code': { expiration: '2099-01-01T00:00:00Z' }, 'PUT /auth/credentials/activate': { credentialUuid: admin.uuid },
	'PUT /auth/credentials/deactivate': { credentialUuid: nobody.uuid }, 'POST /auth/users': { email: `${Math.random()}@y.example`, kind: 'CustomerEmployee' },
	'PUT /auth/users/:userId': { isSSORequired: false }, 'POST /auth/service-accounts': { name: `${Math.random()}`, publicKey: admin.key.pem, daysValid: 1 },
	'PUT /auth/service-accounts/:serviceAccountId': { name: 'n' }, 'POST /auth/pats': { name: `${Math.random()}`, publicKey: admin.key.pem, secondsValid: 60 },
	'PUT /auth/pats/:tokenId': { name: 'n' }, 'POST /permissions': { name: `${Math.random()}`, operations: ['Keys:Read'] },
	'PUT /permissions/:permissionId': { operations: ['Keys:Read', 'Wallets:Read'] }, 'PUT /permissions/:permissionId/archive': { isArchived: true },
	'POST /permissions/:permissionId/assignments': { identityId: nobody.id }, 'POST /v2/policies': policyBody(), 'PUT /v2/policies/:policyId': policyBody(),
	'POST /v2/policy-approvals/:approvalId/decisions': { value: 'Approved' }, 'POST /webhooks': { url: 'https://hooks.bank.example/', events: ['*'] },
	'PUT /webhooks/:webhookId': { description: 'd' } })
const valid = (route) => VALID()[route.name] ?? {}

test('a user action is for one request alone: its body, path, method and caller', async () => {
	const before = state()
	await each(SIGNED, async (route) => {
		const path = at(route.path, ids), body = JSON.stringify(valid(route)), { method, name } = route
		const elsewhere = path === '/keys' ? '/wallets' : '/keys', otherMethod = method === 'PUT' ? 'POST' : 'PUT'
		const none = await ask(admin, method, path, { body })
		isError(none, [403], `${name} without a user action`)
		assert.match(none.body.error.message, /user action/, name)
		for (const [what, userAction] of [['made up', 'AAAA.BBBB.CCCC'], ['for another body', await action(admin, method, path, '{"another":"body"}')],
			['for another path', await action(admin, method, elsewhere, body)], ['for another method', await action(admin, otherMethod, path, body)],
			['of another caller', await action(nobody, method, path, body)], ['of a machine', await action(machine, method, path, body)]])
			isError(await withAction(admin, method, path, body, userAction), [400, 403], `${name} with a user action ${what}`)
	})
	assert.equal(state(), before)
})

const DEEP = `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`
const NOT_OBJECTS = ['{', '[]', '[{}]', 'null', '"text"', '7', DEEP, '['.repeat(10_000), '{"name":"a","name":"b"}', '{"name":1e99999}', '{"name":"\\ud800"}', Buffer.from('{"name":"\xff"}', 'latin1')]

test('bodies that are not what JSON should be are 400, whoever sends them, and a large one 413', async () => {
	const before = state()
	await each(ROUTES.filter(hasBody), async (route) => {
		const path = at(route.path, ids), actor = route.permission === 'Open' ? null : admin
		const userAction = route.action && await action(admin, route.method, path, '{}')
		const post = (body) => ask(actor, route.method, path, { body, headers: userAction ? { 'x-dfns-useraction': userAction } : {} })
		for (const body of NOT_OBJECTS) isError(await post(body), [400, 403, 501, ...(actor ? [] : [401])], `${route.name} ${body.toString().slice(0, 40)}`)
		isError(await post(`{"name":"${'x'.repeat(1 << 20)}"}`), [413], `${route.name}, a megabyte`)
	})
	assert.equal(state(), before)
})

/** The body with each member in turn of another type; and one with a member too many. */
function wrongBodies(body) {
	const others = [{}, [], 7, -1, 1e300, true, 'x'.repeat(5000), { in: DEEP }, [[[]]]]
	const wrong = Object.keys(body).flatMap((name) => others.filter((other) => typeof other !== typeof body[name] || Array.isArray(other) !== Array.isArray(body[name]) || other.length === 5000)
		.map((other) => ({ ...body, [name]: other })))
	return [...wrong, { ...body, nonsense: true }]
}

/* An empty list of tags, of operations is one; any text is a name that nobody has. */
test('members of wrong types and members too many are 400, and change nothing, though signed', async () => {
	const before = state()
	await each(SIGNED, async (route) => {
		const path = at(route.path, ids)
		const actor = /delegated$/.test(path) ? machine : admin
		for (const body of wrongBodies(valid(route))) {
			const answer = await signed(actor, route.method, path, body)
			isError(answer, [400, 401, 404], `${route.name} ${JSON.stringify(body).slice(0, 150)}`)
		}
	})
	assert.equal(state(), before)
})

/** An answer without what differs in every one. */
const plain = ({ status, body }, path) => JSON.stringify({ status, message: body?.error?.message?.replaceAll(path, '') })

test('what is another organisation’s is not there: the same 404 as for what never was', async () => {
	const before = state()
	await each(CLOSED.filter(({ path }) => path.includes(':')), async (route) => {
		const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name).filter((name) => moved[name] && name !== 'network')
		for (const name of names) {
			const [theirs, none] = [{ ...ids, [name]: moved[name] }, { ...ids, [name]: unknown[name] }].map((from) => at(route.path, from))
			const get = (path) => (route.action ? signed(admin, route.method, path, valid(route)) : send(admin, route, path))
			const [a, b] = [await get(theirs), await get(none)]
			isError(a, [400, 404, 501], `${route.name} of another organisation's ${name}`)
			assert.equal(plain(a, moved[name]), plain(b, unknown[name]), route.name)
		}
	})
	assert.equal(state(), before)
})

test('ids that cannot be any are 404', async () => {
	const odd = ['x', '-', "key-'; DROP TABLE keys; --", '\u0000', '%', '../keys', 'é'.repeat(50), 'a'.repeat(300), 'or-other']
	await each(CLOSED.filter(({ path }) => path.includes(':') && !path.includes(':network')), async (route) => {
		const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name)
		for (const id of odd) {
			const path = at(route.path, { ...ids, [names.at(-1)]: id })
			isError(await send(admin, route, path), route.action ? [403, 404, 400] : [400, 404, 501], `${route.name} ${id.slice(0, 20)}`)
			if (route.action && /^[\w-]+$/.test(id)) isError(await signed(admin, route.method, path, valid(route)), [400, 404], `${route.name} ${id}, signed`)
		}
	})
})

test('a user action is good once', async () => {
	const last = ({ method, path }) => (method === 'DELETE' || /archive|deactivate/.test(path) ? 1 : 0)
	let done = 0
	for (const route of [...SIGNED].sort((a, b) => last(a) - last(b))) {
		const path = at(route.path, ids), body = JSON.stringify(valid(route))
		const userAction = await action(admin, route.method, path, body)
		const first = await withAction(admin, route.method, path, body, userAction)
		assert.ok(first.status < 500, `${route.name}: ${first.text}`)
		if (first.status >= 300) continue
		done++
		const second = await withAction(admin, route.method, path, body, userAction)
		isError(second, [400], `${route.name}, again`)
		assert.match(second.body.error.message, /user action has already been used/, route.name)
	}
	assert.ok(done > 25, `${done} went well the first time`)
})

test('the server is as well as before', async () => {
	await ok(admin, 'GET', '/keys')
	assert.equal((await ok(admin, 'POST', '/keys', { scheme: 'ECDSA', curve: 'secp256k1' })).status, 'Active')
	assert.doesNotMatch(stack.logs(), /"level":"(error|crit)|AddressSanitizer|runtime error/)
})
