// SPDX-License-Identifier: Apache-2.0
// Who calls the Crypto API: every way in, how long each lasts, how each ends, and what each may not do.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate, createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { jwkOf } from '../e2e/authenticator.mjs'
import { Stack, holdfast, succeed } from '../e2e/stack.mjs'
import { request } from '../e2e/raw.mjs'

const ADMIN = ['admin@bank.example', 'correct horse battery staple']
/* How long sessions last: long enough for whatever a slow machine does with them; and a moment, where their ends are looked at. */
const APP_S = 300, USER_S = 3600
const SHORT_APP_S = 1, SHORT_USER_S = 3
let stack, account, group

/** { status, body, text } of a call; `as`: the Authorization header, or NULL; `tls`: a client certificate. */
const call = (method, path, { as, body, tls } = {}) => request(stack, { method, path, body, port: stack.ports.crypto, auth: false,
	headers: as ? { authorization: as } : {}, tls })
const basic = (user, secret) => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
const bearer = (token) => `Bearer ${token}`
const admin = basic(...ADMIN)

async function good(answer, status) {
	const a = await answer
	assert.ok(a.status >= 200 && a.status < 300 && (status ?? a.status) === a.status, `${a.status} ${a.text}`)
	return a.body
}

async function refused(answer, status, words = /./) {
	const a = await answer
	assert.equal(a.status, status, a.text)
	assert.equal(a.headers['content-type'], 'text/plain; charset=utf-8')
	assert.match(a.text, words)
	assert.doesNotMatch(a.text, /\n/)
}

/** An app with its id, API key and what else there is. */
async function makeApp(name, more = {}) {
	const app = await good(call('POST', '/sys/v1/apps', { as: admin, body: { name, ...more } }))
	const { credential } = await good(call('GET', `/sys/v1/apps/${app.app_id}/credential`, { as: admin }))
	return { ...app, credential, key: credential.secret && basic(app.app_id, credential.secret) }
}

const open = async (as, options) => (await good(call('POST', '/sys/v1/session/auth', { as, ...options }), 200)).access_token
const seesItself = (app, options) => call('GET', `/sys/v1/apps/${app.app_id}`, options)

/** A certificate and its key: by itself, or of an authority. */
function makeCertificate(name, { issuer, san, subject = `/CN=${name}`, ca = false, days = '1' } = {}) {
	const at = (ending) => stack.path(`${name}.${ending}`)
	const run = (...args) => execFileSync('openssl', args, { stdio: 'pipe' })
	writeFileSync(at('ext'), [ca ? 'basicConstraints=critical,CA:true' : 'basicConstraints=CA:false', ...(san ? [`subjectAltName=${san}`] : [])].join('\n'))
	run('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key'), '-subj', subject, '-out', at('csr'))
	run('x509', '-req', '-in', at('csr'), '-days', days, '-extfile', at('ext'), '-out', at('pem'),
		...(issuer ? ['-CA', stack.path(`${issuer}.pem`), '-CAkey', stack.path(`${issuer}.key`), '-CAcreateserial'] : ['-signkey', at('key')]))
	const pem = readFileSync(at('pem'), 'utf8')
	return { der: pem.replace(/-----.*-----|\n/g, ''), tls: { cert: pem, key: readFileSync(at('key')) } }
}

const start = (app_s, user_s) => stack.startServer({ args: ['--app-session-seconds', `${app_s}`, '--user-session-seconds', `${user_s}`, '--login-rate', '0', '--webhook-private'] })

before(async () => {
	stack = await Stack.prepare()
	await start(SHORT_APP_S, SHORT_USER_S)
	writeFileSync(stack.path('password'), ADMIN[1], { mode: 0o600 })
	await succeed([holdfast, 'server', 'crypto-admin', ...stack.serverDatabase, '--email', ADMIN[0], '--password-file', stack.path('password')])
	account = (await good(call('GET', '/sys/v1/accounts', { as: admin })))[0].acct_id
	group = (await good(call('POST', '/sys/v1/groups', { as: admin, body: { name: 'payments' } }))).group_id
})
after(() => stack?.stop())

/* First, with a server whose sessions last a moment. */
describe('the ends of sessions', { concurrency: true }, () => {
	after(async () => {
		await stack.server.stop()
		await start(APP_S, USER_S)
	})

	test('a session of an app lives while it is used, and ends when it is not', async () => {
		const app = await makeApp('idle')
		let as, lives
		do { /* a machine that stands still does not use it: then another one */
			let used = Date.now()
			as = bearer(await open(app.key))
			lives = true
			for (const until = Date.now() + SHORT_APP_S * 1600; lives && Date.now() < until; await sleep(100)) {
				const asked = Date.now(), { status, text } = await seesItself(app, { as })
				lives = status === 200
				assert.ok(lives || (status === 401 && Date.now() >= used + SHORT_APP_S * 900), `it was used in time: ${text}`)
				used = asked
			}
		} while (!lives)
		await sleep(SHORT_APP_S * 1000 + 200)
		await refused(seesItself(app, { as }), 401)
	})

	/** Opened, and renewed at once; unless this machine stands still for as long as a session lasts. */
	async function renewed() {
		const began = Date.now(), first = bearer(await open(admin)), asked = Date.now(), again = await call('POST', '/sys/v1/session/reauth', { as: first })
		if (again.status === 200) return { as: bearer(again.body.access_token), asked, answered: Date.now() }
		assert.ok(again.status === 401 && Date.now() >= began + SHORT_USER_S * 1000, again.text)
		return renewed()
	}

	test('a session of a user ends after its time, used or not', async () => {
		for (const { as, asked, answered } = await renewed(); ; await sleep(100)) {
			const sent = Date.now(), { status, text } = await call('GET', '/sys/v1/apps', { as })
			if (status === 401) return assert.ok(Date.now() >= asked + SHORT_USER_S * 1000, 'not before its time')
			assert.equal(status, 200, text)
			assert.ok(sent < answered + SHORT_USER_S * 1000, 'it has ended by now')
		}
	})
})

test('version and health are for everybody, and nothing else is', async () => {
	assert.equal((await good(call('GET', '/sys/v1/version'), 200)).server_mode, 'Software')
	await good(call('GET', '/sys/v1/health'), 204)
	for (const path of ['/sys/v1/apps', '/sys/v1/users', '/sys/v1/accounts', '/sys/v1/logs', '/sys/v1/groups'])
		await refused(call('GET', path), 401, /no session/)
	const { headers } = await call('GET', '/sys/v1/apps')
	assert.match(headers['www-authenticate'], /Basic/)
})

test('an API key is a way in by itself, and the way to a session', async () => {
	const app = await makeApp('by-secret')
	assert.equal((await good(seesItself(app, { as: app.key }))).name, 'by-secret')
	const answer = await good(call('POST', '/sys/v1/session/auth', { as: app.key, body: {} }), 200)
	assert.deepEqual({ ...answer, access_token: '' }, { token_type: 'Bearer', expires_in: APP_S, access_token: '', entity_id: app.app_id })
	await good(seesItself(app, { as: bearer(answer.access_token) }))
	await refused(call('POST', '/sys/v1/session/auth', { as: bearer(answer.access_token) }), 400, /credential/)
	const byName = { method: 'auth-by-app-name', acct_id: account, name: 'by-secret', password: app.credential.secret }
	await good(call('POST', '/sys/v1/session/auth', { body: byName }), 200)
	await refused(call('POST', '/sys/v1/session/auth', { body: { ...byName, password: 'another' } }), 401)
	await refused(call('POST', '/sys/v1/session/auth', { body: { ...byName, acct_id: app.app_id } }), 401)
	await refused(seesItself(app, { as: basic(app.app_id, `${app.credential.secret}x`) }), 401)
	await refused(seesItself(app, { as: basic(app.app_id, '') }), 401)
	await refused(seesItself(app, { as: basic(account, app.credential.secret) }), 401)
})

const sqlite = (sql) => execFileSync('sqlite3', [stack.serverDb, '-cmd', '.timeout 5000', sql], { encoding: 'utf8' }).trim()
const hashed = (token) => `x'${createHash('sha256').update(token).digest('hex')}'`

test('a use of a session counts, however long ago the last one was', async () => {
	const app = await makeApp('now and then'), token = await open(app.key), which = `WHERE hash = ${hashed(token)}`
	sqlite(`UPDATE crypto_sessions SET expires_at = expires_at - ${APP_S * 900} ${which}`) /* most of its time is gone */
	const asked = Date.now(), ends = () => Number(sqlite(`SELECT expires_at FROM crypto_sessions ${which}`))
	await good(seesItself(app, { as: bearer(token) }))
	for (; ends() < asked + APP_S * 1000; await sleep(50)) assert.ok(Date.now() < asked + 60_000, 'it is written down some time')
})

test('a session that is terminated ends at once, and a user\'s that is renewed', async () => {
	const as = bearer(await open(admin)), other = bearer(await open(admin))
	await good(call('POST', '/sys/v1/session/select_account', { as, body: { acct_id: account } }), 200)
	await refused(call('POST', '/sys/v1/session/select_account', { as, body: { acct_id: group } }), 404)
	await good(call('POST', '/sys/v1/session/terminate', { as }), 204)
	await refused(call('GET', '/sys/v1/apps', { as }), 401)
	await good(call('GET', '/sys/v1/apps', { as: other }))
	const renewed = await good(call('POST', '/sys/v1/session/reauth', { as: other }), 200)
	assert.equal(renewed.expires_in, USER_S)
	await refused(call('GET', '/sys/v1/apps', { as: other }), 401)
	await good(call('GET', '/sys/v1/apps', { as: bearer(renewed.access_token) }))
})

test('a new secret ends the old one and its sessions at once', async () => {
	const app = await makeApp('renewed')
	const as = bearer(await open(app.key))
	await good(seesItself(app, { as }))
	await good(call('POST', `/sys/v1/apps/${app.app_id}/reset_secret`, { as: admin }), 200)
	await refused(seesItself(app, { as }), 401)
	await refused(seesItself(app, { as: app.key }), 401)
	const { credential } = await good(call('GET', `/sys/v1/apps/${app.app_id}/credential`, { as: admin }))
	assert.notEqual(credential.secret, app.credential.secret)
	await good(seesItself(app, { as: basic(app.app_id, credential.secret) }))
	await good(call('PATCH', `/sys/v1/apps/${app.app_id}`, { as: admin, body: { enabled: false } }), 200)
	await refused(seesItself(app, { as: basic(app.app_id, credential.secret) }), 401)
	await good(call('DELETE', `/sys/v1/apps/${app.app_id}`, { as: admin }), 204)
	await refused(seesItself(app, { as: admin }), 404)
})

test('a pinned certificate is a way in, with every request', async () => {
	const mine = makeCertificate('mine')
	const other = makeCertificate('other')
	const app = await makeApp('by-certificate', { credential: { certificate: mine.der } })
	assert.equal(app.auth_type, 'Certificate')
	assert.match(app.cert_not_after, /^\d{8}T\d{6}Z$/)
	await good(seesItself(app, { tls: mine.tls }))
	await good(seesItself(app, { tls: mine.tls, as: basic(app.app_id, '') }))
	const as = bearer(await open(undefined, { tls: mine.tls }))
	await good(seesItself(app, { as, tls: mine.tls }))
	await refused(seesItself(app, { as }), 401)
	await refused(seesItself(app, { as, tls: other.tls }), 401)
	await refused(seesItself(app, { tls: other.tls }), 401)
	await refused(seesItself(app, { tls: other.tls, as: basic(app.app_id, '') }), 401)
	await refused(call('POST', `/sys/v1/apps/${app.app_id}/reset_secret`, { as: admin }), 400, /Certificate/)
})

test('a session ends with the certificate that it is bound to', async () => {
	const mine = makeCertificate('ends'), over = makeCertificate('over', { days: '0' })
	const app = await makeApp('by-ending-certificate', { credential: { certificate: mine.der } })
	const bindTo = (token, to) => sqlite(`UPDATE crypto_sessions SET bound = ${hashed(Buffer.from(to.der, 'base64'))} WHERE hash = ${hashed(token)}; SELECT changes()`)
	const still = makeCertificate('still'), token = await open(undefined, { tls: mine.tls }), other = await open(undefined, { tls: mine.tls })
	assert.deepEqual([bindTo(token, still), bindTo(other, over)], ['1', '1'])
	await good(seesItself(app, { as: bearer(token), tls: still.tls }))
	await refused(seesItself(app, { as: bearer(other), tls: over.tls }), 401)
})

test('a certificate of a trusted authority needs a name that is meant', async () => {
	const ca = makeCertificate('ca', { ca: true })
	makeCertificate('rogue', { ca: true, subject: '/CN=ca' })
	const good_ = makeCertificate('good', { issuer: 'ca', san: 'DNS:app.bank.example' })
	const wild = makeCertificate('wild', { issuer: 'ca', san: 'DNS:*.bank.example' })
	const wrong = makeCertificate('wrong', { issuer: 'ca', san: 'DNS:other.bank.example' })
	const forged = makeCertificate('forged', { issuer: 'rogue', san: 'DNS:app.bank.example' })
	const named = makeCertificate('named', { issuer: 'ca', subject: '/O=Bank/CN=payments' })
	const late = makeCertificate('late', { issuer: 'ca', san: 'DNS:app.bank.example', days: '0' })
	const app = await makeApp('by-authority', { credential: { trustedca: { ca_certificate: ca.der, subjects: [
		{ dns_name: 'app.bank.example' }, { directory_name: [['2.5.4.10', 'Bank'], ['2.5.4.3', 'payments']] }] } } })
	const as = basic(app.app_id, '')
	await good(seesItself(app, { tls: good_.tls, as }))
	await good(seesItself(app, { tls: named.tls, as }))
	for (const one of [wild, wrong, late]) await refused(seesItself(app, { tls: one.tls, as }), 401)
	await refused(seesItself(app, { tls: forged.tls, as }), 401)
	await refused(seesItself(app, { as }), 401)
	await refused(seesItself(app, { tls: good_.tls }), 401)
	await refused(call('POST', '/sys/v1/apps', { as: admin, body: { name: 'x', credential: { trustedca: { ca_certificate: ca.der, subjects: [{ dns_name: '*.bank.example' }] } } } }), 400, /wildcards/)
	await refused(call('POST', '/sys/v1/apps', { as: admin, body: { name: 'x', credential: { trustedca: { ca_certificate: ca.der } } } }), 400, /subjects/)
})

const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const ALGORITHMS = {
	ES256: { pair: ['ec', { namedCurve: 'P-256' }], by: (data, key) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }) },
	ES384: { pair: ['ec', { namedCurve: 'P-384' }], by: (data, key) => sign('sha384', data, { key, dsaEncoding: 'ieee-p1363' }) },
	RS256: { pair: ['rsa', { modulusLength: 2048 }], by: (data, key) => sign('sha256', data, key) },
	PS256: { pair: ['rsa', { modulusLength: 2048 }], by: (data, key) => sign('sha256', data, { key, padding: 6, saltLength: 32 }) },
	EdDSA: { pair: ['ed25519', {}], by: (data, key) => sign(undefined, data, key) },
}
function jwt(alg, key, claims, header = {}) {
	const head = `${part({ alg, kid: alg, ...header })}.${part(claims)}`
	return `${head}.${ALGORITHMS[alg].by(Buffer.from(head), key).toString('base64url')}`
}
const now = () => Math.floor(Date.now() / 1000)

test('a JWT by a stored key is a way in, by each algorithm, and nothing else is one', async () => {
	const pairs = Object.fromEntries(Object.entries(ALGORITHMS).map(([alg, { pair }]) => [alg, generateKeyPairSync(...pair)]))
	const der = (alg) => pairs[alg].publicKey.export({ type: 'spki', format: 'der' })
	const keys = Object.fromEntries(Object.keys(pairs).map((alg) => [alg, der(alg).toString('base64')]))
	const app = await makeApp('by-jwt', { credential: { signedjwt: { valid_issuers: ['https://issuer.example'], signing_keys: { kind: 'stored', keys } } } })
	const claims = (more = {}) => ({ iss: 'https://issuer.example', sub: app.app_id, exp: now() + 300, ...more })
	for (const alg of Object.keys(ALGORITHMS)) {
		const token = jwt(alg, pairs[alg].privateKey, claims())
		await good(seesItself(app, { as: bearer(token) }))
		await good(seesItself(app, { as: basic(app.app_id, token) }))
		await good(seesItself(app, { as: bearer(token) })) /* remembered */
	}
	await good(seesItself(app, { as: bearer(await open(bearer(jwt('ES256', pairs.ES256.privateKey, claims({ aud: app.app_id }))))) }))
	const es = (more, header) => bearer(jwt('ES256', pairs.ES256.privateKey, claims(more), header))
	const bad = {
		expired: es({ exp: now() - 300 }), 'without an end': es({ exp: undefined }), 'not yet': es({ nbf: now() + 600 }), 'of another': es({ iss: 'https://evil.example' }),
		'for another app': es({ sub: account }), 'for somebody else': es({ aud: 'https://other.example' }), 'critical': es({}, { crit: ['b64'] }), 'unknown key': es({}, { kid: 'no' }),
		'without a key': es({}, { kid: undefined }), 'key of another kind': bearer(jwt('ES256', pairs.ES256.privateKey, claims(), { kid: 'RS256' })),
		'another algorithm of the kind': bearer(jwt('ES256', pairs.ES256.privateKey, claims(), { alg: 'ES384' })),
		'signed by somebody else': bearer(jwt('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, claims())),
	}
	const head = `${part({ alg: 'HS256', kid: 'RS256' })}.${part(claims())}`
	bad['MAC by the public key'] = bearer(`${head}.${createHmac('sha256', der('RS256')).update(head).digest('base64url')}`)
	bad['no signature'] = bearer(`${part({ alg: 'none' })}.${part(claims())}.`)
	bad['an empty signature'] = bearer(`${part({ alg: 'none', kid: 'ES256' })}.${part(claims())}.AA`)
	for (const [name, as] of Object.entries(bad)) assert.equal((await seesItself(app, { as })).status, 401, name)
	const token = jwt('ES256', pairs.ES256.privateKey, claims())
	await refused(seesItself(app, { as: bearer(`${token}=`) }), 401)
	await refused(seesItself(app, { as: bearer(`${token.slice(0, -4)}AAAA`) }), 401)
})

test('keys that sign JWTs are fetched, kept for their time, and fetched anew for one that is not known', async () => {
	const first = generateKeyPairSync('ec', { namedCurve: 'P-256' }), second = generateKeyPairSync('rsa', { modulusLength: 2048 })
	const jwk = (pair, kid) => ({ ...jwkOf(pair.publicKey), kid, use: 'sig' })
	let served = { keys: [jwk(first, 'ES256'), { kty: 'oct', k: 'c2VjcmV0', kid: 'HS256' }] }, fetches = 0
	const { tls } = makeCertificate('jwks', { san: 'IP:127.0.0.1' })
	const keys = await new Promise((done) => {
		const server = https.createServer({ cert: tls.cert, key: tls.key }, (req, res) => (fetches++, res.end(JSON.stringify(served)))).listen(0, '127.0.0.1', () => done(server))
	})
	const plain = await import('node:http').then(({ default: http }) => new Promise((done) => {
		const server = http.createServer((req, res) => (fetches++, res.end(JSON.stringify(served)))).listen(0, '127.0.0.1', () => done(server))
	}))
	try {
		const url = `http://127.0.0.1:${plain.address().port}/keys`
		const app = await makeApp('by-fetched', { credential: { signedjwt: { valid_issuers: ['i'], signing_keys: { kind: 'fetched', url, cache_duration: 600 } } } })
		const claims = { iss: 'i', sub: app.app_id, exp: now() + 300 }
		await good(seesItself(app, { as: bearer(jwt('ES256', first.privateKey, claims)) }))
		await good(seesItself(app, { as: bearer(jwt('ES256', first.privateKey, { ...claims, jti: '2' })) }))
		assert.equal(fetches, 1)
		served = { keys: [jwk(second, 'RS256')] }
		await refused(seesItself(app, { as: bearer(jwt('RS256', second.privateKey, claims)) }), 401) /* within a minute of the last time */
		assert.equal(fetches, 1)
		const untrusted = await makeApp('by-untrusted', { credential: { signedjwt: { valid_issuers: ['i'],
			signing_keys: { kind: 'fetched', url: `https://127.0.0.1:${keys.address().port}/keys`, cache_duration: 600 } } } })
		const answer = await seesItself(untrusted, { as: bearer(jwt('RS256', second.privateKey, { ...claims, sub: untrusted.app_id })) })
		assert.equal(answer.status, 504, answer.text) /* nobody vouches for that server */
		assert.equal(fetches, 1)
	} finally {
		keys.close()
		plain.close()
	}
})

test('a session ends with the JWT or the certificate that opened it, however often it is renewed', async () => {
	const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' }), SKEW_S = 60
	const keys = { ES256: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }
	const app = await makeApp('by-short-jwt', { credential: { signedjwt: { valid_issuers: ['i'], signing_keys: { kind: 'stored', keys } } } })
	const other = bearer(await open(bearer(jwt('ES256', pair.privateKey, { iss: 'i', sub: app.app_id, exp: now() + 300 }))))
	/* The clock of who signs may differ by a minute: until then the token itself is good. */
	for (let good_ = 0; !good_;) { /* again, where this machine stood still until it was over */
		const exp = now() - SKEW_S + 3, opened = await call('POST', '/sys/v1/session/auth', { as: bearer(jwt('ES256', pair.privateKey, { iss: 'i', sub: app.app_id, exp })) })
		for (let as = opened.status === 200 && bearer(opened.body.access_token); as; await sleep(100)) {
			const asked = now()
			if ((await seesItself(app, { as })).status !== 200) break
			assert.ok(asked <= exp + SKEW_S + 1, 'it has ended by now')
			good_++
			const again = await call('POST', '/sys/v1/session/reauth', { as })
			if (again.status === 200) as = bearer(again.body.access_token)
			await call('POST', '/sys/v1/session/refresh', { as })
		}
		assert.ok(Date.now() >= (exp + SKEW_S) * 1000, 'not before its time')
	}
	await good(seesItself(app, { as: bearer(await open(bearer(jwt('ES256', pair.privateKey, { iss: 'i', sub: app.app_id, exp: now() + 300 })))) }))
	await call('POST', '/sys/v1/session/terminate', { as: other })
	const mine = makeCertificate('bounded')
	await makeApp('by-bounded-certificate', { credential: { certificate: mine.der } })
	const session = await open(undefined, { tls: mine.tls })
	const until = new Date(new X509Certificate(mine.tls.cert).validTo).getTime()
	assert.equal(Number(sqlite(`SELECT ends_at FROM crypto_sessions WHERE hash = ${hashed(session)}`)), until)
})

test('members of a body that the routes of sessions do not know are refused', async () => {
	const app = await makeApp('strict')
	const as = bearer(await open(app.key))
	for (const [path, body, by] of [['auth', { colour: 'red' }, app.key], ['auth', { method: 'password', email: ADMIN[0], password: ADMIN[1], otp: '1' }], ['auth', { password: 'x' }, app.key],
		['auth/discover', { colour: 'red' }], ['select_account', { acct_id: account, colour: 'red' }, as], ['refresh', { colour: 'red' }, as], ['reauth', { colour: 'red' }, as],
		['terminate', { colour: 'red' }, as]])
		await refused(call('POST', `/sys/v1/session/${path}`, { as: by, body }), 400)
	for (const [path, by] of [['auth', app.key], ['auth/discover'], ['refresh', as], ['terminate', as]]) await good(call('POST', `/sys/v1/session/${path}`, { as: by, body: {} }))
})

const credentialOf = (app) => good(call('GET', `/sys/v1/apps/${app.app_id}/credential`, { as: admin }))
const reset = (app, body) => good(call('POST', `/sys/v1/apps/${app.app_id}/reset_secret`, { as: admin, body }), 200)

test('the old secret stays good beside the new one, is shown as such, and ends at once when that is said', async () => {
	const app = await makeApp('rotated'), at = `/sys/v1/apps/${app.app_id}`
	const before = bearer(await open(app.key))
	const answer = await reset(app, { credential_migration_period: 3600 }), shown = await credentialOf(app), fresh = basic(app.app_id, shown.credential.secret)
	assert.match(answer.previous_credential_valid_until, /^\d{8}T\d{6}Z$/)
	assert.deepEqual(shown.previous_credential, { credential: app.credential, valid_until: answer.previous_credential_valid_until })
	const old = bearer(await open(app.key)), renewed = bearer((await good(call('POST', '/sys/v1/session/reauth', { as: bearer(await open(app.key)) }))).access_token)
	for (const as of [before, app.key, fresh, old, renewed]) await good(seesItself(app, { as }))
	await refused(seesItself(app, { as: basic(app.app_id, `${app.credential.secret}x`) }), 401)
	const by = bearer(await open(fresh))
	await good(call('DELETE', `${at}/previous_credential`, { as: admin }), 204)
	for (const as of [by, fresh]) await good(seesItself(app, { as }))
	for (const as of [before, app.key, old, renewed]) await refused(seesItself(app, { as }), 401)
	await refused(call('DELETE', `${at}/previous_credential`, { as: admin }), 404, /one secret/)
	assert.equal((await credentialOf(app)).previous_credential, undefined)
	assert.equal((await good(seesItself(app, { as: fresh }))).previous_credential_valid_until, undefined)
	for (const period of [14 * 86400 + 1, -1, 'a day']) await refused(call('POST', `${at}/reset_secret`, { as: admin, body: { credential_migration_period: period } }), 400)
	await good(call('PATCH', at, { as: admin, body: { credential: { secret: {} }, credential_migration_period: 14 * 86400 } }), 200)
	await good(seesItself(app, { as: fresh }))
	await refused(call('PATCH', at, { as: admin, body: { credential: { certificate: makeCertificate('next').der }, credential_migration_period: 60 } }), 501, /a secret/)
	await refused(call('PATCH', at, { as: admin, body: { credential_migration_period: 60 } }), 400, /goes with/)
	await reset(app, { credential_migration_period: 60 })
	await refused(seesItself(app, { as: fresh }), 401) /* one before is kept, not two */
	const { hits } = await good(call('GET', `/sys/v1/logs?object_id=${app.app_id}`, { as: admin }))
	assert.ok(hits.some((h) => /EndPreviousCredential/.test(JSON.stringify(h))))
})

test('after its time an old secret has ended, and each session that it opened, used or not', async () => {
	const app = await makeApp('migrates'), before = bearer(await open(app.key)), began = Date.now()
	await reset(app, { credential_migration_period: 2 })
	const fresh = basic(app.app_id, (await credentialOf(app)).credential.secret), opened = await call('POST', '/sys/v1/session/auth', { as: app.key })
	assert.ok(opened.status === 200 || Date.now() >= began + 2000, opened.text)
	const old = bearer(opened.body?.access_token)
	const works = async (as) => (await seesItself(app, { as })).status === 200
	for (let left = [true]; left.some(Boolean); await sleep(100)) {
		left = await Promise.all([app.key, before, old].map(works))
		if (Date.now() < began + 1900) assert.ok(left[0])
		assert.ok(await works(fresh))
		assert.ok(Date.now() < began + 20_000, 'it ends some time')
	}
	assert.equal((await credentialOf(app)).previous_credential, undefined)
})

test('an app with two credentials shows both, a certificate and a secret, with every request', async () => {
	const mine = makeCertificate('both'), other = makeCertificate('both-other')
	const app = await makeApp('by-both', { credential: { all: [{ certificate: mine.der }, { secret: { size: 48 } }] } })
	assert.deepEqual([app.auth_type, app.auth_type_all], ['All', ['Certificate', 'Secret']])
	assert.match(app.cert_not_after, /^\d{8}T\d{6}Z$/)
	assert.deepEqual(app.credential.all[0], { certificate: mine.der })
	const secret = (credential) => basic(app.app_id, credential.all.find((one) => one.secret).secret), key = secret(app.credential)
	await good(seesItself(app, { tls: mine.tls, as: key }))
	const as = bearer(await open(key, { tls: mine.tls }))
	await good(seesItself(app, { tls: mine.tls, as }))
	for (const way of [{ as: key }, { tls: mine.tls }, { tls: mine.tls, as: basic(app.app_id, '') }, { tls: other.tls, as: key }, { as }, { tls: other.tls, as }])
		await refused(seesItself(app, way), 401)
	await reset(app, { credential_migration_period: 600 })
	const { credential } = await credentialOf(app)
	assert.deepEqual(credential.all[0], { certificate: mine.der })
	for (const one of [key, secret(credential)]) {
		await good(seesItself(app, { tls: mine.tls, as: one }))
		await refused(seesItself(app, { as: one }), 401)
	}
	for (const next of [{ secret: {} }, { all: [{ certificate: other.der }, { secret: {} }] }])
		await refused(call('PATCH', `/sys/v1/apps/${app.app_id}`, { as: admin, body: { credential: next, credential_migration_period: 60 } }), 501, /a secret/)
	for (const all of [[{ certificate: mine.der }], [{ secret: {} }, { secret: {} }], [{ certificate: mine.der }, { certificate: other.der }], [{ certificate: mine.der }, { secret: {} }, { secret: {} }], 'both'])
		await refused(call('POST', '/sys/v1/apps', { as: admin, body: { name: 'x', credential: { all } } }), 400, /"all" has two/)
})

test('a trusted authority and a JWT, both', async () => {
	const ca = makeCertificate('ca-both', { ca: true }), leaf = makeCertificate('leaf-both', { issuer: 'ca-both', san: 'DNS:app.bank.example' })
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }), keys = { ES256: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }
	const app = await makeApp('by-authority-and-jwt', { credential: { all: [{ signedjwt: { valid_issuers: ['https://issuer.example'], signing_keys: { kind: 'stored', keys } } },
		{ trustedca: { ca_certificate: ca.der, subjects: [{ dns_name: 'app.bank.example' }] } }] } })
	const token = jwt('ES256', privateKey, { iss: 'https://issuer.example', sub: app.app_id, exp: now() + 300 })
	assert.deepEqual(app.auth_type_all, ['TrustedCa', 'SignedJwt'])
	for (const as of [bearer(token), basic(app.app_id, token), bearer(token)]) await good(seesItself(app, { as, tls: leaf.tls }))
	await good(seesItself(app, { as: bearer(await open(bearer(token), { tls: leaf.tls })), tls: leaf.tls }))
	for (const way of [{ as: bearer(token) }, { tls: leaf.tls }, { as: basic(app.app_id, ''), tls: leaf.tls }]) await refused(seesItself(app, way), 401)
	await refused(call('POST', `/sys/v1/apps/${app.app_id}/reset_secret`, { as: admin }), 400, /SignedJwt/)
})

test('an address that is not on the list is told so, whatever it knows', async () => {
	const app = await makeApp('from-elsewhere', { ip_address_policy: { whitelist: ['192.0.2.0/24'] } })
	await refused(seesItself(app, { as: app.key }), 403, /address/)
	await refused(call('POST', '/sys/v1/session/auth', { as: app.key }), 403, /address/)
	await good(call('PATCH', `/sys/v1/apps/${app.app_id}`, { as: admin, body: { ip_address_policy: { whitelist: ['127.0.0.0/8', '::1/128'] } } }), 200)
	await good(seesItself(app, { as: app.key }))
	await refused(call('PATCH', `/sys/v1/apps/${app.app_id}`, { as: admin, body: { ip_address_policy: { whitelist: ['127.0.0.1/8'] } } }), 400, /prefix/)
})

test('an invited user sets a password with a code that is good once, and loses it with the next one', async () => {
	const invited = await good(call('POST', '/sys/v1/users/invite', { as: admin, body: { user_email: 'eve@bank.example', add_groups: { [group]: ['GROUPADMINISTRATOR'] } } }), 201)
	assert.deepEqual(invited.account_role, ['ACCOUNTMEMBER', 'STATEENABLED', 'PENDINGINVITE'])
	const at = `/sys/v1/users/${invited.user_id}`
	await refused(call('POST', `${at}/reset_password`, { body: { reset_token: '00000-00000-00000-00000', new_password: 'a password of eve' } }), 403)
	await refused(call('POST', `${at}/reset_password`, { body: { reset_token: invited.invite_code, new_password: 'short' } }), 400, /12/)
	assert.deepEqual(await good(call('POST', `${at}/validate_token`, { body: { reset_token: invited.invite_code } })), { user_email: 'eve@bank.example' })
	await good(call('POST', `${at}/reset_password`, { body: { reset_token: invited.invite_code, new_password: 'a password of eve' } }), 204)
	await refused(call('POST', `${at}/reset_password`, { body: { reset_token: invited.invite_code, new_password: 'a password of mallory' } }), 403)
	const as = bearer(await open(basic('eve@bank.example', 'a password of eve')))
	await good(call('POST', '/sys/v1/session/auth', { body: { method: 'password', email: 'EVE@bank.example'.toLowerCase(), password: 'a password of eve' } }), 200)
	await refused(call('POST', '/sys/v1/users/change_password', { as, body: { current_password: 'not it, certainly', new_password: 'another one of eve' } }), 403)
	await good(call('POST', '/sys/v1/users/change_password', { as, body: { current_password: 'a password of eve', new_password: 'another one of eve' } }), 204)
	await refused(call('GET', '/sys/v1/users', { as }), 401)
	await refused(call('GET', '/sys/v1/users', { as: basic('eve@bank.example', 'a password of eve') }), 401)
	assert.deepEqual((await good(call('GET', '/sys/v1/users', { as: basic('eve@bank.example', 'another one of eve') }))).map((u) => u.user_email), ['eve@bank.example'])

	/* Logins whose password is being checked while it is changed; spelled so that none of them is known already. */
	const { invite_code: code } = await good(call('POST', `${at}/resend_invite`, { as: admin }))
	const reset = call('POST', `${at}/reset_password`, { body: { reset_token: code, new_password: 'a third one of eve' } })
	const under_way = ['basic', 'BASIC', 'bASIC', 'baSIC'].map((word) => call('POST', '/sys/v1/session/auth', { as: basic('eve@bank.example', 'another one of eve').replace('Basic', word) }))
	await good(reset, 204)
	for (const a of await Promise.all(under_way)) {
		assert.ok([200, 401, 503].includes(a.status), a.text)
		if (a.status === 200) await refused(call('GET', '/sys/v1/users', { as: bearer(a.body.access_token) }), 401)
	}
})

test('roles: a group administrator runs his group, nobody his own role, and one administrator remains', async () => {
	const eve = basic('eve@bank.example', 'a third one of eve')
	const [{ user_id: self }] = await good(call('GET', '/sys/v1/users', { as: eve }))
	const boss = (await good(call('GET', '/sys/v1/users', { as: admin }))).find((u) => u.user_email === ADMIN[0]).user_id
	await good(call('POST', '/sys/v1/apps', { as: eve, body: { name: 'of eve', add_groups: { [group]: ['SIGN'] } } }), 201)
	await refused(call('POST', '/sys/v1/apps', { as: eve, body: { name: 'of nobody' } }), 403)
	await refused(call('POST', '/sys/v1/apps', { as: eve, body: { name: 'admin of eve', role: 'admin', add_groups: { [group]: ['SIGN'] } } }), 403)
	await refused(call('PATCH', `/sys/v1/users/${self}`, { as: eve, body: { account_role: ['ACCOUNTADMINISTRATOR'] } }), 403, /own role/)
	await refused(call('PATCH', `/sys/v1/users/${boss}`, { as: eve, body: { enable: false } }), 404)
	await refused(call('GET', `/sys/v1/logs`, { as: eve }), 403)
	await refused(call('POST', '/sys/v1/users/invite', { as: eve, body: { user_email: 'friend@bank.example' } }), 403)
	await refused(call('PATCH', `/sys/v1/users/${boss}`, { as: admin, body: { account_role: ['ACCOUNTMEMBER'] } }), 403, /own role/)
	await refused(call('DELETE', `/sys/v1/users/${boss}`, { as: admin }), 400, /last administrator/)
	await good(call('PATCH', `/sys/v1/users/${self}`, { as: admin, body: { enable: false } }), 200)
	await refused(call('GET', '/sys/v1/users', { as: eve }), 401)
})

test('administrators do no crypto; apps do not administrate, unless that is their role', async () => {
	const sign_ = { key: { name: 'x' }, hash_alg: 'SHA256', hash: Buffer.alloc(32).toString('base64') }
	await refused(call('POST', '/crypto/v1/sign', { as: admin, body: sign_ }), 403, /only apps/)
	const app = await makeApp('only crypto', { add_groups: { [group]: ['SIGN', 'MANAGE'] } })
	await refused(call('POST', '/crypto/v1/sign', { as: app.key, body: sign_ }), 404)
	for (const [method, path, body] of [['POST', '/sys/v1/apps', { name: 'y' }], ['POST', '/sys/v1/users/invite', { user_email: 'y@bank.example' }], ['GET', '/sys/v1/logs'],
		['PATCH', `/sys/v1/accounts/${account}`, { name: 'y' }], ['PATCH', `/sys/v1/apps/${app.app_id}`, { role: 'admin' }], ['GET', `/sys/v1/apps/${app.app_id}/credential`]])
		await refused(call(method, path, { as: app.key, body }), 403)
	assert.equal((await good(call('GET', '/sys/v1/apps', { as: app.key }))).length, 1)
	assert.deepEqual(await good(call('GET', '/sys/v1/users', { as: app.key })), [])
	const ruler = await makeApp('administrates', { role: 'admin' })
	await good(call('POST', '/sys/v1/apps', { as: ruler.key, body: { name: 'made by an app' } }), 201)
	await refused(call('POST', '/crypto/v1/sign', { as: ruler.key, body: sign_ }), 403, /only apps/)
	await refused(call('PATCH', `/sys/v1/apps/${ruler.app_id}`, { as: ruler.key, body: { role: 'crypto' } }), 403, /own role/)
	await refused(call('DELETE', `/sys/v1/apps/${ruler.app_id}`, { as: ruler.key }), 403)
})

test('lists of apps, users and requests are filtered as is asked, and what they do not know is refused', async () => {
	const apps = (query) => good(call('GET', `/sys/v1/apps${query}`, { as: admin })), names = async (query) => (await apps(query)).map((app) => app.name)
	const users = async (query) => (await good(call('GET', `/sys/v1/users${query}`, { as: admin }))).map((user) => user.user_email), filter = (doc) => `filter=${encodeURIComponent(JSON.stringify(doc))}`
	const all = await apps('')
	await good(call('PATCH', `/sys/v1/apps/${all[0].app_id}`, { as: admin, body: { enabled: false } }), 200)
	assert.deepEqual(await names('?role=admin'), all.filter((app) => app.role === 'admin').map((app) => app.name))
	assert.ok((await names('?role=admin')).includes('administrates') && !(await names('?role=crypto&group_permissions=true')).includes('administrates'))
	assert.deepEqual(await names(`?${filter({ $or: [{ name: 'only crypto' }, { name: { $eq: 'administrates' } }] })}`), ['only crypto', 'administrates'])
	assert.deepEqual(await names(`?${filter({ enabled: false })}`), [all[0].name])
	assert.deepEqual(await names(`?${filter({ auth_type: 'Secret', name: { $text: { $search: 'MADE BY' } }, created_at: { $gt: 1e9 } })}`), ['made by an app'])
	const walked = []
	for (let token = ''; token !== undefined;) {
		const { items, metadata } = await apps(`?limit=3&continuation_token=${token}&role=crypto`)
		const wanted = all.filter((app) => app.role === 'crypto').length
		assert.deepEqual([metadata.total_count, metadata.filtered_count, metadata.count, metadata.count_accuracy], [all.length, wanted, wanted, { $type: 'Exact' }])
		walked.push(...items.map((app) => app.name))
		token = metadata.continuation_token
	}
	assert.deepEqual(walked, all.filter((app) => app.role === 'crypto').map((app) => app.name))
	assert.deepEqual(await users(`?group_id=${group}&acct_id=${account}`), [ADMIN[0], 'eve@bank.example'])
	const [shown] = await good(call('GET', '/sys/v1/users?with_groups=explicit_only&limit=1&offset=1', { as: admin })), [plain] = await good(call('GET', '/sys/v1/users?with_groups=none&limit=1', { as: admin }))
	assert.deepEqual([shown.groups, typeof shown.explicit_groups, plain.groups, plain.explicit_groups], [undefined, 'object', undefined, undefined])
	assert.deepEqual((await good(call('GET', `/sys/v1/groups?with_metadata=true&${filter({ name: { $text: { $search: 'no such' } } })}`, { as: admin }))).metadata.filtered_count, 0)
	assert.equal((await good(call('GET', `/sys/v1/groups?${filter({ created_at: { $gte: 1e9 } })}`, { as: admin }))).length, (await good(call('GET', '/sys/v1/groups', { as: admin }))).length)
	for (const path of ['apps', 'users', 'groups', 'approval_requests', 'users/permissions']) await refused(call('GET', `/sys/v1/${path}?colour=red`, { as: admin }), 400, /"colour" is not known here/)
	for (const query of ['apps?role=king', 'apps?filter={}}', `apps?${filter({ colour: 1 })}`, `groups?${filter({ wrapping_key_name: 'x' })}`, 'apps?with_metadata=yes', 'apps?group_permissions=7', 'apps?group_id=x', 'apps?continuation_token=x',
		'users?group_id=x', 'users?with_groups=some', 'approval_requests?status=OPEN', 'approval_requests?reviewer=x', 'users/permissions?with_implied=7'])
		await refused(call('GET', `/sys/v1/${query}`, { as: admin }), 400)
	await refused(call('GET', '/sys/v1/users?acct_id=00000000-0000-0000-0000-000000000000', { as: admin }), 404)
})

test('a user is told what his roles allow him, of what there is here', async () => {
	const of = (as, query = '') => good(call('GET', `/sys/v1/users/permissions${query}`, { as })), has = (list, ...names) => names.every((name) => list.includes(name))
	const boss = await of(admin), whole = await of(admin, '?with_implied=true')
	assert.ok(has(boss.account, 'MANAGE_ACCOUNT_USERS', 'ALLOW_QUORUM_REVIEWER') && !boss.account.includes('GET_CUSTOM_ROLES') && !boss.account.includes('INVITE_USERS_TO_ACCOUNT'))
	assert.ok(has(whole.account, ...boss.account, 'INVITE_USERS_TO_ACCOUNT') && has(whole.all_groups, ...boss.all_groups, 'CREATE_APPS'))
	assert.ok(has(boss.all_groups, 'ROTATE_SOBJECTS', 'GET_AUDIT_LOGS') && !boss.all_groups.some((name) => /EXPORT|WRAP|DERIVE|PLUGIN/.test(name)), 'administrators do no crypto')
	const { user_id } = await good(call('POST', '/sys/v1/users', { as: admin, body: { user_email: 'gus@bank.example', user_password: 'a password of gus', add_groups: { [group]: ['GROUPAUDITOR'] } } }), 201)
	const gus = await of(basic('gus@bank.example', 'a password of gus'))
	assert.deepEqual(gus, { account: ['CREATE_LOCAL_GROUPS', 'ALLOW_QUORUM_REVIEWER'], groups: { [group]: ['GET_GROUP', 'GET_SOBJECTS', 'GET_APPS'] } })
	await good(call('PATCH', `/sys/v1/users/${user_id}`, { as: admin, body: { mod_groups: { [group]: ['GROUPADMINISTRATOR'] } } }), 200)
	const runs = await of(basic('gus@bank.example', 'a password of gus'))
	assert.deepEqual(runs.groups[group], boss.all_groups.filter((name) => !['GET_AUDIT_LOGS', 'GET_GROUP_APPROVAL_REQUESTS'].includes(name)))
	await refused(call('GET', '/sys/v1/users/permissions', { as: (await makeApp('asks for permissions')).key }), 403, /for users/)
})

test('what the Signing API knows of people and accounts is not mixed up with apps', async () => {
	const client = stack.client()
	const users = (await client.auth.listUsers({})).items, accounts = (await client.auth.listServiceAccounts({})).items
	assert.ok(users.some((u) => u.username === ADMIN[0]))
	assert.deepEqual(accounts.map((a) => a.userInfo.username), ['treasury-service'])
	assert.ok(users.every((u) => u.userId.startsWith('us-') && u.kind === 'CustomerEmployee'))
})

test('wrong passwords are counted, and then nobody gets in by that name for a while', async () => {
	const made = await good(call('POST', '/sys/v1/users', { as: admin, body: { user_email: 'bob@bank.example', user_password: 'a password of bob' } }), 201)
	for (let i = 0; i < 10; i++) await refused(call('POST', '/sys/v1/session/auth', { as: basic('bob@bank.example', `guess number ${i}`) }), 401)
	await refused(call('POST', '/sys/v1/session/auth', { as: basic('bob@bank.example', 'a password of bob') }), 429, /too many/)
	for (let i = 0; i < 3; i++) await refused(call('POST', '/sys/v1/session/auth', { as: basic('nobody@bank.example', `guess number ${i}`) }), 401)
	await good(call('DELETE', `/sys/v1/users/${made.user_id}`, { as: admin }), 204)
})

test('everything of this is in the log, and no secret is in any', async () => {
	const { hits } = await good(call('GET', '/sys/v1/logs?size=1000', { as: admin }))
	const messages = hits.map((hit) => hit._source.message).join('\n')
	for (const words of ['Crypto:CreateApp: Accepted', 'Crypto:OpenSession: Accepted', 'Crypto:OpenSession: Denied', 'Crypto:ResetAppSecret: Accepted', 'Crypto:InviteUser: Accepted',
		'Crypto:ResetPassword: Accepted', 'Crypto:GetAppCredential: Accepted', 'Crypto:UpdateUser: Denied', 'Server:CryptoAdmin: Accepted'])
		assert.ok(messages.includes(words), `${words} is not in\n${messages}`)
	const denied = await good(call('GET', '/sys/v1/logs?severity=WARNING&action_type=AUTH&size=5', { as: admin }))
	assert.ok(denied.hits.length && denied.hits.every((hit) => hit._source.severity === 'WARNING' && hit._source.action_type === 'AUTH'))
	const next = await good(call('GET', `/sys/v1/logs?size=2&previous_id=${hits[0]._id}`, { as: admin }))
	assert.deepEqual(next.hits.map((hit) => hit._id), hits.slice(1, 3).map((hit) => hit._id))
	const logs = stack.logs()
	for (const secret of [ADMIN[1], 'a password of eve', 'another one of eve', 'a third one of eve', createHash('sha256').update(ADMIN[1]).digest('hex')]) assert.ok(!logs.includes(secret))
})

test('what the reference has and this has not is said so', async () => {
	for (const path of ['fido2', 'recovery_code']) await refused(call('POST', `/sys/v1/session/auth/2fa/${path}`, { as: admin, body: {} }), 400, /no second factor is due/)
	await refused(call('POST', '/sys/v1/session/auth/2fa/u2f', { as: admin, body: {} }), 501, /FIDO2/)
	const as = bearer(await open(admin))
	await good(call('POST', '/sys/v1/session/config_2fa/auth', { as, body: { password: ADMIN[1] } }), 200)
	await refused(call('POST', '/sys/v1/session/config_2fa/new_challenge', { as }), 501, /--rp-id/)
	const app = await makeApp('attesting')
	await refused(call('POST', '/crypto/v1/keys/key_attestation', { as: app.key, body: { key: { name: 'x' } } }), 501, /attest/)
	for (const name of ['transform', 'encapsulate', 'decapsulate']) await refused(call('POST', `/crypto/v1/${name}`, { as: app.key, body: {} }), 501, /no mechanism/)
	assert.deepEqual((await good(call('GET', `/sys/v1/apps/${app.app_id}/groups`, { as: admin }))).metadata, { all_groups: false })
	await refused(call('POST', '/sys/v1/session/auth', { as: admin, body: { method: 'aws-iam' } }), 501)
	await refused(call('POST', '/sys/v1/apps', { as: admin, body: { name: 'z', credential: { awsiam: {} } } }), 501)
	await refused(call('POST', '/sys/v1/users/forgot_password', { body: { user_email: ADMIN[0] } }), 501, /e-mail/)
})
