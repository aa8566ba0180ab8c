// SPDX-License-Identifier: Apache-2.0
// The gateway by itself, through a client of its protocol that is not ours (slot-link.mjs): real tokens, real signers, real TLS.
import assert from 'node:assert/strict'
import { createHash, verify, createPublicKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { inTime } from '../e2e/pace.mjs'
import { Ports } from '../e2e/ports.mjs'
import { Process } from '../e2e/process.mjs'
import { PIN, Stack, softhsm, succeed } from '../e2e/stack.mjs'
import * as wire from './slot-link.mjs'
import { Refused, SlotLink, TYPE } from './slot-link.mjs'

let stack, tokens, certificate
const links = []

before(async () => {
	stack = await Stack.prepare({ master: false })
	await stack.makeToken('second')
	tokens = Object.fromEntries((await stack.tokens()).map((t) => [t.label, t]))
	certificate = await stack.linkCertificate()
})
after(async () => {
	for (const link of links) link.destroy()
	await stack?.stop()
})

const tlsOf = (files) => ({ ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) })

function linkTo(gateway, options = {}) {
	const link = new SlotLink({ port: gateway.ports.link, tls: tlsOf(certificate), ...options })
	links.push(link)
	return link
}

async function withGateway(options, work) {
	const gateway = await stack.startGateway(options)
	try {
		return await work(gateway, linkTo(gateway))
	} finally {
		await gateway.stop()
	}
}

async function withFaults(script, options, work) {
	const gateway = await stack.faultyGateway({ script, ...options })
	try {
		return await work(gateway, linkTo(gateway))
	} finally {
		await gateway.stop()
		gateway.killChildren()
	}
}

const refused = (status, words) => (error) => {
	assert.ok(error instanceof Refused, error.stack)
	assert.equal(error.status, status, error.message)
	assert.match(error.message, words)
	return true
}

const health = async (gateway) => (await fetch(`http://127.0.0.1:${gateway.ports.health}/health`)).status

async function isHealthy(gateway) {
	const answer = await fetch(`http://127.0.0.1:${gateway.ports.health}/health`)
	assert.equal(answer.status, 204, await answer.text())
}

async function becomes(status, gateway, patienceMs = 10_000) {
	const until = Date.now() + patienceMs
	let last
	while ((last = await health(gateway)) !== status) {
		assert.ok(Date.now() < until, `health stays ${last}:\n${gateway.log}`)
		await sleep(20)
	}
}

const at = (label, pin = PIN) => ({ slot: tokens[label].slot, pin })

test('a slot is opened, and says which token is in it', () => withGateway({}, async (gateway, link) => {
	const opened = await link.open(at('wallet'))
	assert.equal(opened.slot, BigInt(tokens.wallet.slot))
	assert.equal(opened.serial, tokens.wallet.serial)
	assert.equal(opened.label, 'wallet')
	assert.equal(opened.moved, false)
	assert.match(opened.library, /PKCS#11 2\.40/)
	await isHealthy(gateway)
}))

test('two slots are open at once, each with its own keys; a slot that is open costs no other login', () =>
	withFaults('C_Login shared delay=0us', { args: ['--signers', '1'] }, async (gateway, link) => {
		const other = linkTo(gateway)
		await link.open(at('wallet'))
		await other.open(at('second'))
		await other.open(at('wallet'))
		assert.equal(gateway.counted(1), 2)
		assert.notDeepEqual(other.session, link.session)
	}))

test('a wrong PIN is put to the token once, and after two different ones no other is', () =>
	withFaults('C_Login shared delay=0us', { args: ['--signers', '1'] }, async (gateway, link) => {
		for (let i = 0; i < 3; i++) await assert.rejects(link.open(at('wallet', 'wrong')), refused(403, i ? /before/ : /CKR_PIN_INCORRECT/))
		assert.equal(gateway.counted(1), 1)
		await assert.rejects(link.open(at('wallet', 'another')), refused(403, /CKR_PIN_INCORRECT/))
		await assert.rejects(link.open(at('wallet')), refused(403, /--pin-attempts/))
		assert.equal(gateway.counted(1), 2)
		await link.open(at('second')) /* another token counts for itself */
		await isHealthy(gateway)
		assert.ok(!gateway.log.includes('wrong"') && !gateway.log.includes(PIN))
	}))

test('a locked PIN is not tried at all', () =>
	withFaults('C_Login shared pin-locked', {}, async (gateway, link) => {
		await assert.rejects(link.open(at('wallet')), refused(403, /locked/))
		await assert.rejects(link.open(at('wallet')), refused(403, /locked/))
		assert.equal(gateway.counted(1), 0)
		gateway.faults('C_Login shared delay=0us') /* unlocked */
		await link.open(at('wallet'))
		assert.equal((await link.op(wire.ping())).outcome, 'done')
	}))

test('a slot that was given up, since the PIN got locked, opens again when it is unlocked', () =>
	withFaults('C_Login shared delay=0us', { args: ['--signers', '1'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		gateway.faults('C_Login shared pin-locked\nC_GenerateRandom once=died crash')
		while ((await link.op(wire.ping())).outcome !== 'failed') await sleep(20)
		await assert.rejects(link.open(at('wallet')), refused(403, /locked/))
		gateway.faults('C_Login shared delay=0us')
		await link.open(at('wallet'))
		assert.equal((await link.op(wire.ping())).outcome, 'done')
		await isHealthy(gateway)
	}))

test('with a slot open, a wrong PIN changes nothing for those who have the right one', () => withGateway({ args: ['--signers', '1'] }, async (gateway, link) => {
	await link.open(at('wallet'))
	await assert.rejects(linkTo(gateway).open(at('wallet', 'wrong')), refused(403, /CKR_PIN_INCORRECT/))
	assert.equal((await link.op(wire.ping())).outcome, 'done')
	await linkTo(gateway).open(at('wallet'))
}))

test('a PIN that was changed in the HSM takes the place of the old one', () => withGateway({ args: ['--signers', '1'] }, async (gateway, link) => {
	await stack.makeToken('changing')
	const { slot } = (await stack.tokens()).find((t) => t.label === 'changing')
	await link.open({ slot, pin: PIN })
	await changePin('changing', PIN, 'a-new-one')
	await linkTo(gateway).open({ slot, pin: 'a-new-one' })
	assert.equal((await link.op(wire.ping())).outcome, 'done')
	await gateway.logged(/goes on with a new login/)
}))

const changePin = (label, from, to) => stack.pkcs11Tool(label, from, '--change-pin', '--new-pin', to)

test('a token that moved to another slot is followed; another one in its place is not taken for it', () => withGateway({}, async (gateway, link) => {
	const { slot, serial } = tokens.wallet
	const moved = await link.open({ slot: tokens.second.slot, serial, pin: PIN })
	assert.deepEqual([moved.moved, moved.slot, moved.serial], [true, BigInt(slot), serial])
	const away = await linkTo(gateway).open({ slot: 5, serial, pin: PIN })
	assert.deepEqual([away.moved, away.slot], [true, BigInt(slot)])
	await assert.rejects(link.open({ slot, serial: 'feedfeedfeedfeed', pin: PIN }),
		refused(409, new RegExp(`wallet.*${serial}.*feedfeedfeedfeed.*second`)))
	await assert.rejects(link.open({ slot: 5, pin: PIN }), refused(404, /no token in slot 5.*wallet/))
}))

test('a session is good for its own certificate only, until it is closed', () => withGateway({}, async (gateway, link) => {
	const other = linkTo(gateway, { tls: tlsOf(await stack.linkCertificate('other-link')) })
	const { session } = await link.open(at('wallet'))
	await assert.rejects(other.op(wire.ping(), { session }), refused(401, /open/))
	await other.shut(session) /* another's: nothing happens */
	assert.equal((await link.op(wire.ping())).outcome, 'done')
	await assert.rejects(link.op(wire.ping(), { session: Buffer.alloc(16) }), refused(401, /no such session/))
	await link.shut()
	await assert.rejects(link.op(wire.ping()), refused(401, /no such session/))
}))

test('without an authority anybody may connect, which is said at the start; a session is good for its address', () =>
	withGateway({ mutual: false }, async (gateway) => {
		await gateway.logged(/"level":"warn"[^\n]*anybody who reaches this port/)
		const tls = { ca: readFileSync(certificate.ca) }
		const [link, beside, elsewhere] = [{}, {}, { from: '127.0.0.2' }].map((from) => linkTo(gateway, { tls, ...from }))
		const { session } = await link.open(at('wallet'))
		assert.equal((await link.op(wire.ping())).outcome, 'done')
		assert.equal((await beside.op(wire.ping(), { session })).outcome, 'done', 'another connection from there')
		await assert.rejects(elsewhere.op(wire.ping(), { session }), refused(401, /no such session/))
	}))

test('no certificate, or one of another authority: no connection', () => withGateway({}, async (gateway) => {
	const ca = readFileSync(certificate.ca)
	await assert.rejects(linkTo(gateway, { tls: { ca } }).post('/v1/open', Buffer.alloc(1)))
	await succeed(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', stack.path('rogue.key'), '-out',
		stack.path('rogue.pem'), '-days', '2', '-nodes', '-subj', '/CN=link'])
	const rogue = { ca, cert: readFileSync(stack.path('rogue.pem')), key: readFileSync(stack.path('rogue.key')) }
	await assert.rejects(linkTo(gateway, { tls: rogue }).post('/v1/open', Buffer.alloc(1)))
}))

test('what is no request of ours is refused, and the next one is served', () => withGateway({}, async (gateway, link) => {
	const open = wire.encodeOpen(at('wallet'))
	const { session } = await link.open(at('wallet'))
	const ops = wire.encodeOps(session, [wire.ping()])
	const bad = [
		['/v1/open', Buffer.alloc(0), 400], ['/v1/open', open.subarray(0, -1), 400], ['/v1/open', Buffer.concat([open, Buffer.alloc(1)]), 400],
		['/v1/open', Buffer.concat([Buffer.from([2]), open.subarray(1)]), 400], ['/v1/open', Buffer.alloc(5000), 413],
		['/v1/open', wire.encodeOpen({ ...at('wallet'), pin: '' }), 400],
		['/v1/ops', ops.subarray(0, -1), 400], ['/v1/ops', wire.encodeOps(session, []), 400], ['/v1/ops', wire.encodeOps(session, [wire.ping()], 0), 400],
		['/v1/ops', wire.encodeOps(session, Array(257).fill(wire.ping())), 400], ['/v1/ops', Buffer.alloc(5 << 20), 413],
		['/v1/close', Buffer.alloc(16), 400], ['/v1/nothing', Buffer.alloc(1), 404],
	]
	for (const [path, body, status] of bad) {
		const answer = await link.post(path, body).catch((error) => ({ status: error.code }))
		assert.ok(answer.status === status || (status === 413 && ['EPIPE', 'ECONNRESET'].includes(answer.status)), `${path} ${body.length}: ${answer.status}`)
	}
	assert.equal((await link.post('/v1/ops', ops, { 'content-type': 'text/plain' })).status, 415)
	assert.equal((await link.post('/v1/ops', ops, { 'content-type': TYPE })).status, 200)
	const [first, second] = await link.ops([Buffer.from('not an operation'), wire.ping()])
	assert.deepEqual([first.outcome, first.code, second.outcome], ['failed', 'invalid', 'done'])
	await isHealthy(gateway)
}))

test('operations: keys are made, listed, used and destroyed; results come in order', () => withGateway({}, async (gateway, link) => {
	await link.open(at('second'))
	const [ec, secret] = await link.ops([wire.generate(wire.p256('ec-1')), wire.generate(wire.aes('aes-1'))])
	assert.equal(ec.outcome, 'done', ec.text)
	assert.equal(secret.outcome, 'done', secret.text)
	const { publicKey } = ec.made
	const key = { type: wire.OBJECT.EC, id: 'ec-1', label: 'ec-1', publicKey }
	const digests = Array.from({ length: 64 }, (_, i) => createHash('sha256').update(`message ${i}`).digest())
	const signed = await link.ops(digests.map((digest) => wire.signDigest(key, digest)))
	const spki = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
	signed.forEach((result, i) => {
		assert.equal(result.outcome, 'done', result.text)
		assert.ok(verify('sha256', Buffer.from(`message ${i}`), spki, result.data))
	})
	const symmetric = { type: wire.OBJECT.AES, id: 'aes-1', label: 'aes-1' }
	const sealed = await link.op(wire.encrypt(symmetric, 'attack at dawn'))
	assert.equal(sealed.outcome, 'done', sealed.text)
	const opened = await link.op(wire.decrypt(symmetric, sealed.iv, sealed.data))
	assert.equal(opened.data.toString(), 'attack at dawn')
	const all = await link.op(wire.list())
	assert.deepEqual(all.keys.map((k) => k.id.toString()).sort(), ['aes-1', 'ec-1'])
	for (const gone of [key, symmetric]) assert.equal((await link.op(wire.destroy(gone))).outcome, 'done')
	const missing = await link.op(wire.destroy(key))
	assert.deepEqual([missing.outcome, missing.code, missing.unhealthy], ['failed', 'notfound', false])
	await isHealthy(gateway)
}))

test('the same works over many connections at once', () => withGateway({}, async (gateway) => {
	const many = Array.from({ length: 8 }, () => linkTo(gateway))
	await Promise.all(many.map((link) => link.open(at('wallet'))))
	const results = await Promise.all(many.flatMap((link) => Array.from({ length: 6 }, () => link.ops(Array(20).fill(wire.random(32))))))
	const all = results.flat()
	assert.equal(all.filter((r) => r.outcome === 'done').length, 960)
	assert.equal(new Set(all.map((r) => r.data.toString('hex'))).size, 960)
}))

test('an HSM without a session to spare: the slot is not opened, nobody loses a try at the PIN, and later it is', () =>
	withFaults('C_Login shared delay=0us\nC_OpenSession cap=0', { args: ['--signers', '1'] }, async (gateway, link) => {
		await assert.rejects(link.open(at('wallet')), refused(503, /CKR_SESSION_COUNT/))
		assert.equal(gateway.counted(1), 0)
		gateway.faults('')
		await link.open(at('wallet'))
		assert.equal((await link.op(wire.ping())).outcome, 'done')
	}))

const tool = (...args) => stack.pkcs11Tool('wallet', PIN, ...args)
const makeAes = (id, label) => tool('--keygen', '--key-type', 'AES:32', '--id', Buffer.from(id).toString('hex'), '--label', label)

test('a key that is taken out of the HSM while its handle is remembered, and put back: what is there counts', () =>
	withGateway({ args: ['--signers', '1'] }, async (gateway, link) => {
		const key = { type: wire.OBJECT.AES, id: 'gone', label: 'gone' }
		const encrypt = () => link.op(wire.encrypt(key, Buffer.alloc(16)))
		await link.open(at('wallet'))
		await makeAes('gone', 'gone')
		assert.equal((await encrypt()).outcome, 'done')
		await tool('--delete-object', '--type', 'secrkey', '--id', Buffer.from('gone').toString('hex'))
		const without = await encrypt()
		assert.deepEqual([without.outcome, without.code, without.unhealthy], ['failed', 'notfound', false], without.text)
		await isHealthy(gateway)
		await makeAes('gone', 'gone')
		assert.equal((await encrypt()).outcome, 'done')
	}))

test('asking for a key that is not there takes no signer away: the one that is to look afresh comes first', () =>
	withFaults('', { args: ['--signers', '1'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		gateway.faults('C_Initialize delay=300ms')
		const missing = { type: wire.OBJECT.AES, id: 'nowhere', label: 'nowhere' }
		const answer = await link.op(wire.encrypt(missing, Buffer.alloc(16)))
		assert.deepEqual([answer.outcome, answer.code], ['failed', 'notfound'], answer.text)
		await sleep(50)
		await isHealthy(gateway)
		assert.equal((await link.op(wire.random(16))).outcome, 'done')
	}))

test('two keys with one CKA_ID: by their labels they are two; alike in both, neither is used', () =>
	withGateway({ args: ['--signers', '1'] }, async (gateway, link) => {
		const encrypt = (label) => link.op(wire.encrypt({ type: wire.OBJECT.AES, id: 'twice', label }, Buffer.alloc(16)))
		await link.open(at('wallet'))
		await makeAes('twice', 'one')
		await makeAes('twice', 'other')
		for (const label of ['one', 'other']) assert.equal((await encrypt(label)).outcome, 'done')
		for (let i = 0; i < 2; i++) await makeAes('twice', 'alike')
		const alike = await encrypt('alike')
		assert.deepEqual([alike.outcome, alike.code, alike.unhealthy], ['failed', 'exists', false], alike.text)
		assert.match(alike.text, /2 keys with this CKA_ID and CKA_LABEL, and nothing tells them apart/)
		assert.equal((await encrypt('other')).outcome, 'done')
		await isHealthy(gateway)
	}))

test('a fault of the HSM makes the slot unhealthy, and it recovers by itself; a fault of the request does not', () =>
	withFaults('', { args: ['--signers', '1'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		gateway.faults('C_GenerateRandom return CKR_ARGUMENTS_BAD')
		const own = await link.op(wire.random(16))
		assert.deepEqual([own.outcome, own.unhealthy], ['failed', false], own.text)
		await isHealthy(gateway)
		gateway.faults('C_GenerateRandom return CKR_DEVICE_ERROR\nC_GetSessionInfo return CKR_DEVICE_ERROR')
		const theirs = await link.op(wire.random(16))
		assert.deepEqual([theirs.outcome, theirs.unhealthy], ['retry', true], theirs.text)
		assert.match(theirs.text, /CKR_DEVICE_ERROR/)
		await becomes(500, gateway)
		await sleep(1500)
		assert.equal(await health(gateway), 500)
		assert.match(await (await fetch(`http://127.0.0.1:${gateway.ports.health}/health`)).text(), /slot \d+ \(wallet\).*CKR_DEVICE_ERROR/)
		gateway.faults('')
		await becomes(204, gateway)
		assert.equal((await link.op(wire.random(16))).outcome, 'done')
	}))

test('a module that hangs is killed at its deadline; the slot is unhealthy until it answers again', () =>
	withFaults('', { args: ['--signers', '1', '--op-deadline-ms', '500'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		gateway.faults('C_GenerateRandom hang\nC_GetSessionInfo hang')
		const began = Date.now()
		const result = await link.op(wire.random(16))
		assert.deepEqual([result.outcome, result.unhealthy], ['retry', true])
		inTime(Date.now() - began, 3000)
		await becomes(500, gateway)
		gateway.faults('')
		await becomes(204, gateway)
		assert.equal((await link.op(wire.random(16))).outcome, 'done')
	}))

test('an operation that has not begun by its deadline is not done', () =>
	withFaults('', { args: ['--signers', '1', '--op-deadline-ms', '3000'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		gateway.faults('C_GenerateRandom delay=400ms')
		const results = await link.ops(Array(12).fill(wire.random(16)), { deadlineMs: 300 })
		const late = results.filter((r) => r.code === 'timeout')
		assert.ok(late.length >= 6, JSON.stringify(results.map((r) => r.code ?? r.outcome)))
		for (const r of late) assert.deepEqual([r.outcome, r.unhealthy], ['retry', false])
	}))

test('an HSM that dies while nobody uses it is noticed', { timeout: 40_000 }, () =>
	withFaults('', { args: ['--signers', '1'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		gateway.faults('C_GenerateRandom return CKR_DEVICE_REMOVED\nC_GetSessionInfo return CKR_DEVICE_REMOVED')
		await becomes(500, gateway, 15_000)
	}))

test('a signer that is killed is replaced; work goes on with the other', () => withGateway({ args: ['--signers', '2'] }, async (gateway, link) => {
	await link.open(at('wallet'))
	let done = false
	const work = (async () => {
		const failures = new Map()
		while (!done) for (const r of await link.ops(Array(8).fill(wire.random(16)))) if (r.outcome !== 'done') failures.set(r.code, r)
		return failures
	})()
	process.kill(gateway.children()[0], 'SIGKILL')
	await gateway.logged(/a signer ended/)
	await sleep(300)
	done = true
	for (const failure of (await work).values()) { /* what it worked on, for the server to try again */
		assert.deepEqual([failure.outcome, failure.text], ['retry', 'the signer was killed by signal 9 (Killed)'])
	}
	assert.equal((await link.op(wire.ping())).outcome, 'done')
	await becomes(204, gateway)
}))

test('SIGTERM answers what is under way, then ends', () =>
	withFaults('', { args: ['--signers', '1'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		gateway.faults('C_GenerateRandom shared delay=300ms')
		const asked = link.ops(Array(3).fill(wire.random(16)))
		while (gateway.counted(1) === 0) await sleep(5)
		gateway.signal('SIGTERM')
		assert.deepEqual((await asked).map((r) => r.outcome), ['done', 'done', 'done'])
		assert.deepEqual(await gateway.ended(), { code: 0, signal: null })
		await assert.rejects(link.op(wire.ping()))
	}))

test('SIGTERM while a login hangs ends too', () =>
	withFaults('C_Login shared hang', { args: ['--signers', '1'] }, async (gateway, link) => {
		const asked = link.open(at('wallet')).catch((error) => error)
		while (gateway.children().length === 0 || gateway.counted(1) === 0) await sleep(20)
		gateway.signal('SIGTERM')
		await sleep(100)
		gateway.signal('SIGTERM')
		assert.equal((await gateway.ended()).code, 0)
		assert.ok(await asked instanceof Error)
	}))

test('a slot whose queue is full says so, and stays healthy', () =>
	withFaults('', { args: ['--signers', '1', '--queue', '10'] }, async (gateway, link) => {
		await link.open(at('wallet'))
		for (const r of await link.ops(Array(11).fill(wire.ping()))) assert.deepEqual([r.outcome, r.code, r.unhealthy], ['retry', 'busy', false])
		assert.equal((await link.op(wire.ping())).outcome, 'done')
		await isHealthy(gateway)
	}))

test('health and metrics are where load balancers look', () => withGateway({}, async (gateway, link) => {
	await link.open(at('wallet'))
	const plain = `http://127.0.0.1:${gateway.ports.health}`
	const curl = (url) => succeed(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--cacert', certificate.ca, url])
	assert.equal(await curl(`${plain}/health`), '204')
	assert.equal(await succeed(['curl', '-sI', '-o', '/dev/null', '-w', '%{http_code}', `${plain}/health`]), '204', 'HEAD, as some load balancers ask')
	assert.equal(await curl(`https://127.0.0.1:${gateway.ports.health_tls}/health`), '204')
	assert.equal(await curl(`https://127.0.0.1:${gateway.ports.health_tls}/metrics`), '404')
	assert.equal(await curl(plain), '404')
	const metrics = await (await fetch(`${plain}/metrics`)).text()
	assert.match(metrics, new RegExp(`holdfast_gateway_slot_healthy\\{slot="${tokens.wallet.slot}",serial="${tokens.wallet.serial}"\\} 1`))
	assert.match(metrics, /holdfast_gateway_sessions 1/)
	assert.match(metrics, /holdfast_gateway_openings_total\{result="opened"\} 1/)
}))

test('the recipe: openssl, one PKCS#12 file without a password, /etc/default', async () => {
	const [key, cert, p12, defaults] = ['key.pem', 'cert.pem', 'cert.p12', 'ftx-hmg'].map((name) => stack.path(name))
	await succeed(['openssl', 'req', '-x509', '-newkey', 'rsa:4096', '-keyout', key, '-out', cert, '-days', '365', '-nodes', '-subj', '/CN=127.0.0.1'])
	await succeed(['openssl', 'pkcs12', '-export', '-out', p12, '-inkey', key, '-in', cert, '-passout', 'pass:'])
	writeFileSync(defaults, `# as it was\nCERT_FILE="${p12}"\nPKCS11_LIB_PATH=${softhsm}\nRUST_LOG=info\n`, { mode: 0o644 })
	const gateway = await stack.startGateway({ cert: ['--defaults', defaults], mutual: false })
	try {
		const link = linkTo(gateway, { tls: { ca: readFileSync(cert), checkServerIdentity: () => undefined } })
		await link.open(at('wallet'))
		assert.match(gateway.log, /does not know was passed over[^\n]*RUST_LOG/)
	} finally {
		await gateway.stop()
	}
})

for (const [what, options, words] of [
	['a library that is not there', { module: '/nonexistent/libhsm.so' }, /nonexistent/],
	['a certificate that is not there', { cert: ['--cert', '/nonexistent/cert.p12'] }, /\/nonexistent\/cert\.p12/],
	['a CRL without an authority', { mutual: false, args: ['--client-crl', '/x'] }, /--client-ca/],
	['a file of defaults that is not there', { args: ['--defaults', '/nonexistent/ftx-hmg'] }, /\/nonexistent\/ftx-hmg/],
])
	test(`${what}: the gateway does not start, and says why`, async () => {
		const gateway = await stack.spawnGateway(options)
		assert.equal((await gateway.ended()).code, 1)
		assert.match(gateway.log, words)
	})

test('a slot that nobody has open any longer is closed, and is nobody\'s health', () =>
	withFaults('', { args: ['--signers', '1', '--linger', '1'] }, async (gateway, link) => {
		const other = linkTo(gateway)
		await link.open(at('wallet'))
		await other.open(at('wallet'))
		await link.shut()
		await sleep(2500)
		assert.equal((await other.op(wire.ping())).outcome, 'done')
		gateway.faults('C_GenerateRandom return CKR_DEVICE_ERROR\nC_GetSessionInfo return CKR_DEVICE_ERROR')
		assert.equal((await other.op(wire.random(8))).unhealthy, true)
		await becomes(500, gateway)
		await other.shut()
		await gateway.logged(/slot closed/)
		await becomes(204, gateway)
		while (gateway.children().length) await sleep(20)
		gateway.faults('')
		await link.open(at('wallet'))
		assert.equal((await link.op(wire.ping())).outcome, 'done')
	}))

test('HAProxy, asking /health, leads traffic away from a gateway whose HSM fails, and back', async () => {
	const options = { args: ['--signers', '1'] }
	const first = await stack.faultyGateway(options), second = await stack.startGateway(options)
	const ports = new Ports(), port = await ports.reserve()
	const server = (name, gateway, more) => `	server ${name} 127.0.0.1:${gateway.ports.link} check port ${gateway.ports.health} ${more}\n`
	writeFileSync(stack.path('haproxy.cfg'), `global\n	maxconn 100\ndefaults\n	mode tcp\n	timeout connect 2s\n	timeout client 30s\n	timeout server 30s\n` +
		`frontend hsm\n	bind 127.0.0.1:${port}\n	default_backend gateways\nbackend gateways\n	option httpchk GET /health\n	http-check expect status 204\n` +
		`	default-server inter 100ms fall 2 rise 2 on-marked-down shutdown-sessions\n${server('first', first, '')}${server('second', second, 'backup')}`)
	const haproxy = await Process.spawn('haproxy', ['/usr/sbin/haproxy', '-db', '-f', stack.path('haproxy.cfg')], { env: process.env, logFile: stack.path('haproxy.log') })
	const openings = async (gateway) => Number((await (await fetch(`http://127.0.0.1:${gateway.ports.health}/metrics`)).text())
		.match(/openings_total\{result="opened"\} (\d+)/)[1])
	/* What the server does: when a connection ends, or a session is not known, it opens again. */
	const link = new SlotLink({ port, tls: tlsOf(certificate) })
	const opens = async () => {
		for (let i = 0; ; i++) try {
			await link.open(at('wallet'))
			return
		} catch (error) {
			if (i === 100) throw error
			await sleep(50)
		}
	}
	try {
		await opens()
		assert.equal((await link.op(wire.random(8))).outcome, 'done')
		assert.deepEqual([await openings(first), await openings(second)], [1, 0])
		first.faults('C_GenerateRandom return CKR_DEVICE_ERROR\nC_GetSessionInfo return CKR_DEVICE_ERROR')
		assert.equal((await link.op(wire.random(8))).unhealthy, true)
		await becomes(500, first)
		while (await openings(second) === 0) await opens()
		assert.equal((await link.op(wire.random(8))).outcome, 'done')
		first.faults('')
		await becomes(204, first)
		const before = await openings(first)
		link.agent.destroy() /* connections that work stay where they are */
		for (let i = 0; await openings(first) === before; i++) {
			assert.ok(i < 100)
			link.agent.destroy()
			await opens()
			await sleep(50)
		}
		assert.equal((await link.op(wire.random(8))).outcome, 'done')
	} finally {
		link.destroy()
		await haproxy.stop()
		ports.release()
		await Promise.all([first.stop(), second.stop()])
	}
})
