// SPDX-License-Identifier: Apache-2.0
// Every route of the Crypto API, from the server's own table: without credentials, with garbage for credentials, by callers of the wrong
// kind, with ids of nothing, of others and of no form, and with bodies that are not what they should be. Whatever comes, the answer is a
// refusal in plain text; the server lives, and tells nothing.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { startDsm } from '../e2e/dsm.mjs'
import { request } from '../e2e/raw.mjs'
import { PIN, root } from '../e2e/stack.mjs'

const SIZES = { 0: 0, SMALL: 16 << 10, SOBJECT: 128 << 10, WITH_FACTOR: 64 << 10, APP_BODY_MAX: 96 << 10, CRYPTO_BODY_MAX: 1 << 20, CRYPTO_BATCH_BODY_MAX: 4 << 20 }
const ROUTES = [...readFileSync(join(root, 'src/server/crypto_api/routes.c'), 'utf8').matchAll(/^\t\{ "([A-Z]+)", +"([^"]+)", +"([^"]+)", +(CALLER_[A-Z]+), +([^,]+), ([^,]+), &(\w+) \},$/gm)]
	.map(([, method, path, action, caller, flags, max, op]) => ({ method, path, action, caller, flags, max: SIZES[max], op, name: `${method} ${path}` }))
const CLOSED = ROUTES.filter(({ caller }) => caller !== 'CALLER_NOBODY')
const hasBody = ({ method }) => ['POST', 'PUT', 'PATCH'].includes(method)
const NEVER = '00000000-0000-7000-8000-000000000000'
const PASSWORD = 'a password that is not told', PLAIN = 'a plaintext that is not told'
const base64 = (text) => Buffer.from(text).toString('base64')
const agent = new https.Agent({ keepAlive: true, maxSockets: 8 })
let dsm, stack, admin, app, member, ids, moved

const ask = (as, method, path, body) => request(stack, { method, path, body, port: stack.ports.crypto, auth: false, tls: { agent }, headers: as ? { authorization: as } : {} })

before(async () => {
	dsm = await startDsm({ server: { args: ['--login-rate', '0', '--rate-limit', '0'] } })
	stack = dsm.stack
	;({ admin, app } = dsm)
	await admin.succeed('POST', '/sys/v1/users', { user_email: 'member@bank.example', user_password: PASSWORD })
	member = await dsm.session('member@bank.example', PASSWORD)
	ids = await things('one')
	moved = await things('of another account')
	const sql = [['key_groups', moved.group_id], ['group_links', moved.group_id, 'group_id'], ['objects', moved.key_id], ['quorum_requests', moved.req_id], ['scans', moved.scan_id]]
		.map(([table, id, column = 'id']) => `UPDATE ${table} SET org_id = 'or-other' WHERE ${column} = '${id}';`)
	sqlite(`PRAGMA foreign_keys = OFF; INSERT INTO orgs (id, name, created_at) VALUES ('or-other', 'Another Bank', 1); ${sql.join(' ')}`)
	await sleep(2500) /* what was changed behind the server's back counts after two seconds */
})
after(async () => {
	agent.destroy()
	await dsm?.stop()
})

const sqlite = (sql) => execFileSync('sqlite3', [stack.serverDb, '-cmd', '.timeout 5000', sql], { encoding: 'utf8', maxBuffer: 1 << 28 })
const state = () => sqlite(['SELECT id, name, approval_policy FROM key_groups', 'SELECT id, name, state, key_ops FROM objects', 'SELECT id, name FROM identities', 'SELECT * FROM account_roles', 'SELECT * FROM group_members', 'SELECT * FROM app_groups',
	'SELECT id, status FROM quorum_requests', 'SELECT * FROM passwords'].map((query) => `${query} ORDER BY 1, 2;`).join(' ').replace('key_ops', 'uses'))

/** A scan in the background, when it has ended: what it found is looked at by state(). */
async function scanned(group) {
	const at = `/sys/v1/groups/${group}/hmg/scans`, { scan_id } = await admin.succeed('POST', at, {})
	for (let left = 600; left > 0; left--, await sleep(100)) {
		const scan = await admin.succeed('GET', `${at}/${scan_id}`)
		if (scan.finished_at) return scan
	}
	throw new Error(`scan ${scan_id} has not ended for a minute`)
}

/** One of everything: what a path's parameters can name. */
async function things(name) {
	const group = await dsm.newGroup({ name: `group ${name}` })
	const there = await dsm.newApp({ name: `app ${name}`, permissions: null, groups: { [group.group_id]: ['SIGN', 'MANAGE'] } })
	const key = await there.succeed('POST', '/crypto/v1/keys', { name: `key ${name}`, group_id: group.group_id, obj_type: 'EC', elliptic_curve: 'NistP256' })
	const scan = await scanned(group.group_id)
	const user = await admin.succeed('POST', '/sys/v1/users', { user_email: `${name.replaceAll(' ', '.')}@bank.example`, user_password: PASSWORD })
	await admin.succeed('PATCH', `/sys/v1/groups/${group.group_id}`, { approval_policy: { user: user.user_id } })
	const asked = await there.succeed('POST', '/sys/v1/approval_requests', { operation: '/crypto/v1/sign', body: { key: { kid: key.kid }, hash_alg: 'SHA256', data: base64(PLAIN) } })
	const [account] = await admin.succeed('GET', '/sys/v1/accounts')
	return { group_id: group.group_id, app_id: there.id, key_id: key.kid, scan_id: scan.scan_id, user_id: user.user_id, acct_id: account.acct_id, req_id: asked.request_id, name: 'key one' }
}

const unknown = { group_id: NEVER, app_id: NEVER, key_id: NEVER, scan_id: NEVER, user_id: NEVER, acct_id: NEVER, req_id: NEVER, name: 'never' }
const at = (path, from) => path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(from[name]))
const own = ({ caller }) => (caller === 'CALLER_NOBODY' ? null : caller === 'CALLER_APP' ? app.authorization : admin.authorization)

/** All of them, some at a time; everything that is wrong is said at the end. */
async function each(list, work) {
	const left = [...list], wrong = []
	await Promise.all(Array.from({ length: 6 }, async () => {
		for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one).catch((error) => wrong.push(error.message))
	}))
	assert.equal([...new Set(wrong)].join('\n'), '')
}

/** A refusal: of these statuses, in one line of plain text that gives nothing away. */
function isRefusal(answer, statuses, what) {
	assert.ok(statuses.includes(answer.status), `${what}: ${answer.status} ${answer.text.slice(0, 300)}`)
	assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8', what)
	assert.match(answer.text, /^[^\n]+$/, what)
	assert.ok(answer.text.length < 1000, `${what}: ${answer.text}`)
	assert.doesNotMatch(answer.text, /internal error|sqlite|\.c:|SELECT |0x[0-9a-f]{6}/i, what)
}

const MALFORMED = [400, 401, 403, 404, 405, 409, 413, 414, 431, 501]

test('the table has the routes that it should', () => {
	const lines = readFileSync(join(root, 'src/server/crypto_api/routes.c'), 'utf8').split('\n').filter((line) => /^\t\{ "/.test(line))
	assert.equal(ROUTES.length, lines.length)
	assert.ok(ROUTES.length > 100 && ROUTES.every(({ max }) => max !== undefined))
	assert.ok(ROUTES.filter(({ caller }) => caller === 'CALLER_NOBODY').every(({ path }) => /^\/sys\/v1\/(version|health|info|session\/auth|users\/)|pubkey/.test(path)), 'what is open to all')
})

test('without credentials, or with garbage for them, nothing is told: 401', async () => {
	const before = state(), [head, ...rest] = app.authorization.split('.')
	const shown = { none: null, empty: ' ', 'a word': 'x', 'of no kind': 'Negotiate YWJj', 'not base64': 'Basic !!!', 'without a colon': `Basic ${base64('nobody')}`,
		'of no app': `Basic ${base64(`${NEVER}:secret`)}`, 'another app\'s secret': `Basic ${base64(`${ids.app_id}:${app.secret}`)}`,
		'a NUL': `Basic ${base64(`${app.id}:\0${app.secret}`)}`, 		'random': `Bearer ${randomBytes(64).toString('base64url')}`, 'cut': app.authorization.slice(0, -3), 'longer': `${app.authorization}A`, 'a JWT of nobody': 'Bearer eyJhbGciOiJub25lIn0.e30.',
		'changed': `${head.slice(0, -1)}${head.at(-1) === 'A' ? 'B' : 'A'}${rest.length ? `.${rest.join('.')}` : ''}`, 'long': `Bearer ${'x'.repeat(4000)}` }
	await each(CLOSED, async (route) => {
		/* A password costs the server some time, and one name that is guessed at too often is a 429. */
		const guessed = CLOSED.indexOf(route) % 10 === 0 ? { 'of nobody': `Basic ${base64(`${randomBytes(6).toString('hex')}@bank.example:x`)}`,
			'not UTF-8': `Basic ${Buffer.concat([Buffer.from([255, 254]), randomBytes(6), Buffer.from(':\xff', 'latin1')]).toString('base64')}` } : {}
		for (const [what, as] of Object.entries({ ...shown, ...guessed }))
			isRefusal(await ask(as, route.method, at(route.path, ids), hasBody(route) ? '{}' : undefined), [401], `${route.name}, credentials: ${what}`)
	})
	assert.equal(state(), before)
})

test('apps that work with keys do not administrate, and people do not work with keys: 403', async () => {
	const before = state()
	await each(ROUTES.filter(({ caller }) => caller === 'CALLER_ADMIN'), async (route) => isRefusal(await ask(app.authorization, route.method, at(route.path, ids), hasBody(route) ? '{}' : undefined), [403], route.name))
	await each(ROUTES.filter(({ caller }) => caller === 'CALLER_APP'), async (route) => {
		for (const who of [admin, member]) isRefusal(await ask(who.authorization, route.method, at(route.path, ids), hasBody(route) ? '{}' : undefined), [403], route.name)
	})
	assert.equal(state(), before)
})

test('whoever is in none of the groups finds nothing, and changes nothing', async () => {
	const before = state(), stranger = await dsm.newApp({ name: 'stranger', permissions: null, groups: {} }), mine = state()
	assert.notEqual(mine, before)
	await each(CLOSED.filter(({ path }) => /:(group_id|key_id|req_id|scan_id)/.test(path)), async (route) => {
		const body = hasBody(route) ? '{}' : undefined
		for (const who of [stranger, member]) {
			const [there, none] = [await ask(who.authorization, route.method, at(route.path, ids), body), await ask(who.authorization, route.method, at(route.path, unknown), body)]
			isRefusal(there, [400, 403, 404, 501], route.name)
			assert.equal(there.text.replaceAll(/[0-9a-f-]{36}/g, 'X'), none.text.replaceAll(/[0-9a-f-]{36}/g, 'X'), `${route.name}: what is another's is told apart from what never was`)
		}
	})
	assert.equal(state(), mine)
})

test('what is another account\'s is not there, for its administrator either', async () => {
	const before = state()
	await each(CLOSED.filter(({ path }) => /:(group_id|key_id|req_id|scan_id)/.test(path) && !path.includes(':app_id')), async (route) => {
		const body = hasBody(route) ? JSON.stringify(valid()[route.name] ?? {}) : undefined
		for (const from of [moved, ...(route.path.includes(':scan_id') ? [{ ...ids, scan_id: moved.scan_id }] : [])]) {
			const answer = await ask(own(route), route.method, at(route.path, from), body)
			isRefusal(answer, [400, 403, 404, 501], route.name)
			if (answer.status === 400) assert.equal((await ask(own(route), route.method, at(route.path, unknown), body)).status, 400, `${route.name}: ${answer.text}`)
		}
	})
	assert.equal(state(), before)
})

test('ids that cannot be any are refused', async () => {
	const odd = ['x', '-', "'; DROP TABLE objects; --", '\u0000', '%', '../groups', 'é'.repeat(50), 'a'.repeat(300), NEVER.toUpperCase(), `${NEVER}0`, '\u202e\u0007', NEVER.replaceAll('-', '')]
	await each(ROUTES.filter(({ path }) => path.includes(':')), async (route) => {
		const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name)
		for (const id of odd)
			for (const name of names) isRefusal(await ask(own(route), route.method, at(route.path, { ...unknown, [name]: id }), hasBody(route) ? '{}' : undefined), MALFORMED, `${route.name} ${name}=${id.slice(0, 20)}`)
	})
})

/* Those that end the caller's session get one of their own. */
const sessionOf = async (route) => (/\/session\//.test(route.path) && own(route) ? (await dsm.session(app.id, app.secret)).authorization : own(route))
/* They need no body, and look at none. */
const WITHOUT = /\/session\/(terminate|refresh|reauth|auth\/discover)$|process_invite$/

const DEEP = `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`
const NOT_OBJECTS = ['{', '[]', '[{}]', 'null', '"text"', '7', DEEP, '['.repeat(10_000), '{"name":"a","name":"b"}', '{"name":1e99999}', '{"name":"\\ud800"}', '{"name":"\\u0000"}', Buffer.from('{"name":"\xff"}', 'latin1'), '{} {}', ' ']

test('bodies that are not what JSON should be are refused, and large ones 413', async () => {
	const before = state()
	await each(ROUTES.filter((route) => hasBody(route) && !WITHOUT.test(route.path)), async (route) => {
		const path = at(route.path, unknown)
		for (const body of NOT_OBJECTS) {
			const answer = await ask(await sessionOf(route), route.method, path, body)
			/* Batches take lists: an empty one is one. */
			if (/batch/.test(route.path) && body.toString().startsWith('[') && answer.status === 200) continue
			isRefusal(answer, MALFORMED, `${route.name} ${body.toString().slice(0, 40)}`)
		}
		isRefusal(await ask(await sessionOf(route), route.method, path, `{"name":"${'x'.repeat(route.max)}"}`), [413], `${route.name}, ${route.max} bytes and more`)
	})
	assert.equal(state(), before)
})

const sign = () => ({ key: { kid: ids.key_id }, hash_alg: 'SHA256', data: base64(PLAIN) })
/* A body for each route, as it should be. */
const valid = () => {
	const hmg = { kind: 'Pkcs11', url: '127.0.0.1:1', slot: 1, pin: PIN, tls: { mode: 'required', validate_hostname: true, ca: { ca_set: 'global_roots' } }, hsm_order: 0 }
	const key = { kid: ids.key_id }, cipher = { key, alg: 'AES', mode: 'CBC', cipher: base64('x'.repeat(16)), iv: base64('x'.repeat(16)) }, plain = { key, alg: 'AES', mode: 'CBC', plain: base64(PLAIN) }
	const made = { name: 'made', group_id: dsm.group, obj_type: 'AES', key_size: 256, key_ops: ['ENCRYPT'], description: 'd', custom_metadata: { a: 'b' }, enabled: true, rotation_policy: { interval_days: 7, effective_at: '20990101T000000Z' } }
	const wrapped = { key, alg: 'AES', mode: 'KWP', wrapped_key: base64('x'.repeat(24)), obj_type: 'AES', name: 'unwrapped', group_id: dsm.group }
	const derived = { key, name: 'derived', group_id: dsm.group, key_type: 'AES', key_size: 128, mechanism: { encrypt_data: { mode: 'ECB', plain: base64('x'.repeat(16)) } } }
	const bodies = {
		'POST /sys/v1/session/auth': { method: 'password', email: 'x@bank.example', password: PASSWORD }, 'POST /sys/v1/session/auth/discover': { user_email: 'x@bank.example' }, 'POST /sys/v1/session/select_account': { acct_id: NEVER },
		'POST /sys/v1/apps': { name: 'made', description: 'd', add_groups: { [dsm.group]: ['SIGN'] }, default_group: dsm.group, role: 'crypto', interface: 'REST', credential: { secret: 'x' }, ip_address_policy: { whitelist: ['10.0.0.0/8'] } },
		'PATCH /sys/v1/apps/:app_id': { description: 'd', add_groups: {}, mod_groups: {}, del_groups: [], enabled: true }, 'POST /sys/v1/apps/:app_id/groups': { group_id: dsm.group, permissions: ['SIGN'] },
		'PATCH /sys/v1/apps/:app_id/groups/:group_id': { permissions: ['SIGN'] }, 'POST /sys/v1/apps/:app_id/reset_secret': { secret_size: 32, credential_migration_period: 60 },
		'POST /sys/v1/users': { user_email: `${randomBytes(4).toString('hex')}@bank.example`, user_password: PASSWORD, account_role: ['ACCOUNTMEMBER'], add_groups: {}, description: 'd' }, 'POST /sys/v1/users/invite': { user_email: `${randomBytes(4).toString('hex')}@bank.example` },
		'POST /sys/v1/users/change_password': { current_password: PASSWORD, new_password: `${PASSWORD} 2` }, 'PATCH /sys/v1/users/:user_id': { description: 'd', enable: true, add_groups: {} },
		'POST /sys/v1/users/:user_id/validate_token': { reset_token: 'x' }, 'POST /sys/v1/users/:user_id/reset_password': { reset_token: 'x', new_password: PASSWORD }, 'PATCH /sys/v1/accounts/:acct_id': { description: 'd', custom_metadata: { a: 'b' }, approval_policy: { policy: { quorum: { n: 1, members: [{ user: ids.user_id }] } } }, cryptographic_policy: { aes: { key_sizes: [256] } } },
		'POST /sys/v1/groups': { name: 'made', description: 'd', add_hmg: [hmg], hmg_redundancy: 'PriorityFailover', hmg_sync: true, hmg_segregation: false, approval_policy: { quorum: { n: 1, members: [{ user: ids.user_id }] } }, custom_metadata: { a: 'b' },
			cryptographic_policy: { aes: { key_sizes: [256] } } },
		'POST /sys/v1/groups/:group_id/replace_approval_policy': { approval_policy: { quorum: { n: 1, members: [{ user: ids.user_id }], require_2fa: false }, account_may_replace: true } },
		'POST /sys/v1/groups/hmg/check': hmg, 'PATCH /sys/v1/groups/:group_id': { description: 'd', mod_hmg: {}, del_hmg: [] }, 'POST /sys/v1/groups/:group_id/hmg/check': { id: NEVER, config: hmg },
		'POST /crypto/v1/keys': made, 'PUT /crypto/v1/keys': { ...made, value: base64('x'.repeat(32)) }, 'POST /crypto/v1/keys/info': key, 'POST /crypto/v1/keys/kcv': key, 'POST /crypto/v1/keys/kcv/verify': { kcv: '000000', value: base64('x'.repeat(16)), obj_type: 'AES' }, 'POST /crypto/v1/keys/digest': { key, alg: 'SHA256' }, 'POST /crypto/v1/keys/persist': { name: 'x', transient_key: 'AAAA' }, 'PUT /crypto/v1/keys/:key_id/revert': { ids: [NEVER] }, 'POST /crypto/v1/keys/rekey': { name: 'key one', deactivate_rotated_key: true },
		'POST /crypto/v1/keys/replace': { replaced: key, replacement: key, replaced_new_name: 'x' }, 'POST /crypto/v1/keys/copy': { key, name: 'copied', group_id: dsm.group }, 'POST /crypto/v1/keys/export': key,
		'PATCH /crypto/v1/keys/:key_id': { description: 'd', enabled: true, key_ops: ['SIGN'], custom_metadata: { a: 'b' }, activation_date: '20990101T000000Z', rotation_policy: { interval_days: 7, effective_at: '20990101T000000Z' } },
		'POST /crypto/v1/keys/:key_id/revoke': { code: 'Unspecified', message: 'm', compromise_occurance_date: '20200101T000000Z' },
		'POST /crypto/v1/encrypt': { ...plain, iv: base64('x'.repeat(16)), ad: '', tag_len: 128 }, 'POST /crypto/v1/decrypt': { ...cipher, ad: '', tag: base64('x'.repeat(16)), masked: false }, 'POST /crypto/v1/sign': { ...sign(), mode: { PKCS1_V15: {} }, deterministic_signature: false },
		'POST /crypto/v1/verify': { ...sign(), signature: base64('x') }, 'POST /crypto/v1/mac': { key, alg: 'SHA256', data: base64(PLAIN) }, 'POST /crypto/v1/macverify': { key, alg: 'SHA256', data: base64(PLAIN), mac: base64('x') },
		'POST /crypto/v1/wrapkey': { key, subject: key, alg: 'AES', mode: 'KWP', key_format: 'Default' }, 'POST /crypto/v1/unwrapkey': wrapped, 'POST /crypto/v1/derive': derived,
		'POST /crypto/v1/agree': { private_key: key, public_key: key, mechanism: 'diffie_hellman', name: 'agreed', group_id: dsm.group, key_type: 'AES', key_size: 256 }, 'POST /crypto/v1/random': { size: 16, group_id: dsm.group },
		'POST /crypto/v1/keys/generate_data_key': { key, size: 256, ad: '' }, 'POST /crypto/v1/digest': { alg: 'SHA256', data: base64(PLAIN) }, 'POST /crypto/v1/encrypt/init': { key, alg: 'AES', mode: 'CBC' },
		'POST /crypto/v1/encrypt/update': { key, plain: base64(PLAIN), state: base64('x'.repeat(80)) }, 'POST /crypto/v1/encrypt/final': { key, state: base64('x'.repeat(80)) }, 'POST /crypto/v1/decrypt/init': { key, alg: 'AES', mode: 'CBC', iv: base64('x'.repeat(16)) },
		'POST /crypto/v1/decrypt/update': { key, cipher: base64('x'.repeat(16)), state: base64('x'.repeat(80)) }, 'POST /crypto/v1/decrypt/final': { key, state: base64('x'.repeat(80)) },
		'POST /batch/v1': { Batch: { batch_execution_type: 'Serial', items: [{ SingleItem: { method: 'POST', operation: '/crypto/v1/sign', body: sign() } }] } },
		'POST /sys/v1/approval_requests': { method: 'POST', operation: '/crypto/v1/sign', body: sign(), description: 'd' }, 'POST /sys/v1/approval_requests/:req_id/approve': { password: PASSWORD }, 'POST /sys/v1/approval_requests/:req_id/deny': { reason: 'r' },
	}
	for (const name of ['encrypt', 'decrypt', 'sign', 'verify', 'mac', 'macverify', 'wrapkey', 'unwrapkey', 'derive']) {
		const { key: _, ...without } = bodies[`POST /crypto/v1/${name}`]
		bodies[`POST /crypto/v1/keys/:key_id/${name}`] = without
	}
	return bodies
}

/** The body with each member in turn, inside objects too, of another type or out of all bounds. */
function wrongBodies(body, deep = true) {
	const others = [{}, [], 7, -1, 0.5, 2 ** 53, 1e300, true, '', '\u0000', 'x'.repeat(5000), { in: 1 }, [[[]]], [null], '\ud83d\ude00\u202e']
	return Object.keys(body).flatMap((name) => {
		const inside = deep && body[name] && typeof body[name] === 'object' && !Array.isArray(body[name]) ? wrongBodies(body[name], false).map((wrong) => ({ ...body, [name]: wrong })) : []
		return [...others.map((other) => ({ ...body, [name]: other })), ...inside]
	})
}

test('members of wrong types are refused, or as good as absent, and never a fault of the server', async () => {
	await each(ROUTES.filter(({ name }) => valid()[name]), async (route) => {
		const path = at(route.path, unknown)
		for (const body of wrongBodies(valid()[route.name])) {
			const answer = await ask(await sessionOf(route), route.method, path, JSON.stringify(body)), what = `${route.name} ${JSON.stringify(body).slice(0, 250)}`
			/* Connections are tried: what is there, an HSM or none, is said. */
			if (answer.status >= 300) isRefusal(answer, /hmg\/check/.test(route.path) ? [...MALFORMED, 502, 504] : MALFORMED, what)
			if (answer.status === 401) assert.match(route.path, /session\/auth/, what)
		}
	})
})

test('members that nobody knows are refused', async () => {
	const before = state()
	await each(ROUTES.filter(({ name, path }) => valid()[name] && !/batch|session|info$|kcv$|export$/.test(path)), async (route) => {
		const answer = await ask(await sessionOf(route), route.method, at(route.path, ids), JSON.stringify({ ...valid()[route.name], nonsense: true }))
		isRefusal(answer, [400, 403, 501], route.name)
		if (answer.status === 400) assert.match(answer.text, /nonsense/, route.name)
	})
	assert.equal(state(), before)
})

test('what is no route, or no method of one, is told so', async () => {
	for (const path of ['/', '/crypto', '/crypto/v2/sign', '/sys/v1/nonsense', '/sys/v1/groups/', '//sys/v1/groups', '/crypto/v1/keys/../../../etc/passwd', '/%', `/${'x'.repeat(3000)}`])
		isRefusal(await ask(admin.authorization, 'GET', path), [400, 404, 414], path)
	for (const [method, path] of [['PUT', '/sys/v1/groups'], ['DELETE', '/crypto/v1/sign'], ['PATCH', '/sys/v1/logs'], ['BREW', '/sys/v1/version']])
		isRefusal(await ask(admin.authorization, method, path), [405, 501, 400], `${method} ${path}`)
	for (const query of ['filter=%00', 'filter={', `filter=${'['.repeat(500)}`, 'limit=-1', 'limit=99999999999999999999', 'sort=x', 'start=x&sort=kid:asc', 'group_id=x', 'colour=red', `name=${'x'.repeat(3000)}`, '%zz=1', 'obj_type=LOVE', 'limit=1&limit=2']) {
		const answer = await ask(app.authorization, 'GET', `/crypto/v1/keys?${query}`)
		if (answer.status !== 200) isRefusal(answer, MALFORMED, query)
	}
})

test('the server is as well as before', async () => {
	assert.equal((await ask(null, 'GET', '/sys/v1/health')).status, 204)
	const key = await app.succeed('POST', '/crypto/v1/keys', { name: 'still', group_id: dsm.group, obj_type: 'EC', elliptic_curve: 'NistP256' })
	assert.ok((await app.succeed('POST', '/crypto/v1/sign', { key: { kid: key.kid }, hash_alg: 'SHA256', data: 'AAAA' })).signature)
	assert.equal(stack.processes.every((process) => process.running ?? true), true)
})

test('nothing secret is in a log', () => {
	const logs = stack.logs()
	assert.doesNotMatch(logs, /"level":"(error|crit)|AddressSanitizer|runtime error/)
	for (const secret of [PASSWORD, PLAIN, base64(PLAIN), PIN, app.secret, app.authorization.slice(7), base64(`${app.id}:${app.secret}`)]) assert.ok(!logs.includes(secret), 'a secret is in a log')
})
