// SPDX-License-Identifier: Apache-2.0
// A driver with --authorizers, and a server that somebody has taken over: its database, its keys, its code. Whatever it
// sends, there is no signature that nobody asked for, and none twice for one user action.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'

import { settled } from '../e2e/ask.mjs'
import { Stack } from '../e2e/stack.mjs'
import { approvalId, decodePoll, decodeProof, encodeEvidence, encodeProof, encodeReply, encodeSignOp, makeProof, canonical, sha256 } from '../e2e/proof.mjs'
import { verifySecp256k1 } from '../e2e/verify.mjs'

const MAX_AGE_S = 600
let stack, client, key, other, good, driver

const sql = (file, text) => execFileSync('sqlite3', [file, '-cmd', '.timeout 5000', text], { encoding: 'utf8' }).trim()
const server = (text) => sql(stack.serverDb, text)
const blob = (column, table, id) => Buffer.from(server(`SELECT hex(${column}) FROM ${table} WHERE id = '${id}'`), 'hex')
const hex = (bytes) => `x'${bytes.toString('hex')}'`
const digest = (text) => sha256(Buffer.from(text))
const hashBody = (text) => ({ kind: 'Hash', hash: digest(text).toString('hex') })
const settledIn = (made, walletId) => settled(client, made, (signatureId) => client.wallets.getSignature({ walletId, signatureId }))
const sign = async (text) => settled(client, await client.keys.generateSignature({ keyId: key.id, body: hashBody(text) }))
const makeKey = () => client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })

/** A request that was made, as the server keeps it. */
async function signedRow(text) {
	const made = await sign(text)
	assert.equal(made.status, 'Signed', JSON.stringify(made))
	return { id: made.id, text, body: blob('body', 'signatures', made.id), proof: blob('proof', 'signatures', made.id) }
}

before(async () => {
	stack = await Stack.prepare({ engine: 'sqlite' })
	await stack.startServer({ args: ['--audit-checkpoint-seconds', '1'] })
	const exported = await stack.holdfast(['authorizers', 'export', '--sqlite-path', stack.serverDb])
	assert.equal(exported.code, 0, exported.stderr)
	const file = JSON.parse(exported.stdout)
	assert.equal(file.credentials[0].id, stack.account.DFNS_CRED_ID)
	/* longer than what a pipe takes at once */
	writeFileSync(stack.path('authorizers.json'), JSON.stringify({ ...file, maxAge: MAX_AGE_S }) + ' '.repeat(300_000), { mode: 0o600 })
	driver = await stack.startDriver({ name: 'driver', args: ['--authorizers', stack.path('authorizers.json')] })
	client = stack.client()
	;[key, other] = [await makeKey(), await makeKey()]
	good = [await signedRow('one'), await signedRow('two')]
})
after(() => stack?.stop())

test('what its owner asks for is signed', async () => {
	const made = await sign('asked for')
	assert.ok(verifySecp256k1(key.publicKey, Buffer.from('asked for'), made.signature), JSON.stringify(made))
	const ed = await client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } })
	const message = await settled(client, await client.keys.generateSignature({ keyId: ed.id, body: { kind: 'Message', message: Buffer.from('hello').toString('hex') } }))
	assert.equal(message.status, 'Signed', JSON.stringify(message))
})

/** Spends two outputs of the key's own, unsigned. */
function psbtOf(publicKey) {
	const u32 = (n) => Buffer.from(Uint32Array.of(n).buffer)
	const output = (amount, to) => Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(amount)).buffer), Buffer.of(to.length), to])
	const script = (hash) => Buffer.concat([Buffer.of(0, 20), hash])
	const own = script(createHash('ripemd160').update(sha256(Buffer.from(publicKey, 'hex'))).digest())
	const inputs = [7, 8].map((n) => Buffer.concat([Buffer.alloc(32, n), u32(n), Buffer.of(0), u32(0xfffffffd)]))
	const unsigned = Buffer.concat([u32(2), Buffer.of(2), ...inputs, Buffer.of(1), output(90_000, script(Buffer.alloc(20, 9))), u32(0)])
	const record = (type, value) => Buffer.concat([Buffer.of(1, type, value.length), value])
	const map = Buffer.concat([record(1, output(50_000, own)), Buffer.of(0)])
	return '0x' + Buffer.concat([Buffer.from('psbt\xff', 'latin1'), record(0, unsigned), Buffer.of(0), map, map, Buffer.of(0)]).toString('hex')
}

test('what is asked of a wallet is signed, each input of a transaction too', async () => {
	const ether = await client.wallets.createWallet({ body: { network: 'EthereumSepolia' } })
	const message = await settledIn(await client.wallets.generateSignature({ walletId: ether.id, body: { kind: 'Message', message: '0x' + Buffer.from('hello').toString('hex') } }), ether.id)
	assert.equal(message.status, 'Signed', JSON.stringify(message))
	const coin = await client.wallets.createWallet({ body: { network: 'BitcoinTestnet3' } })
	const spent = await settledIn(await client.wallets.generateSignature({ walletId: coin.id, body: { kind: 'Psbt', psbt: psbtOf(coin.signingKey.publicKey) } }), coin.id)
	assert.equal(spent.status, 'Signed', JSON.stringify(spent))
	assert.equal(spent.signatures.length, 2)
	assert.equal(sql(stack.keysDb, 'SELECT max(n) FROM (SELECT count(*) AS n FROM spent_actions GROUP BY action_id)'), '2')
})

test('checkpoints of the audit log are signed, which nobody asks for', async () => {
	for (let left = 600; left > 0 && server('SELECT count(*) FROM audit_checkpoints WHERE signature IS NOT NULL') === '0'; left--) await sleep(100)
	assert.notEqual(server('SELECT count(*) FROM audit_checkpoints WHERE signature IS NOT NULL'), '0', driver.log.slice(-2000))
})

test('each of many at once is signed, and the same request again has its one signature', async () => {
	const spent = () => Number(sql(stack.keysDb, 'SELECT count(*) FROM spent_actions'))
	const before = spent()
	const made = await Promise.all(Array.from({ length: 24 }, (_, i) => sign(`many ${i}`)))
	for (const [i, request] of made.entries()) assert.ok(verifySecp256k1(key.publicKey, Buffer.from(`many ${i}`), request.signature), JSON.stringify(request))
	const body = { ...hashBody('again'), externalId: 'again' }
	const first = await settled(client, await client.keys.generateSignature({ keyId: key.id, body }))
	const second = await client.keys.generateSignature({ keyId: key.id, body })
	assert.equal(second.id, first.id)
	assert.equal(spent(), before + 25)
})

test('the file is said in words, and one that cannot be is not started with', async () => {
	const told = await stack.holdfast(['authorizers', 'check', stack.path('authorizers.json')])
	assert.equal(told.code, 0, told.stderr)
	assert.match(told.stdout, new RegExp(stack.account.DFNS_CRED_ID))
	assert.match(told.stdout, /Rule 1 "every key, for everybody"/)
	for (const [text, mode, words] of [['{', 0o600, /bad\.json/], [readFileSync(stack.path('authorizers.json')), 0o666, /chmod go-w/]]) {
		writeFileSync(stack.path('bad.json'), text)
		chmodSync(stack.path('bad.json'), mode)
		assert.match((await stack.holdfast(['authorizers', 'check', stack.path('bad.json')])).stderr, words)
		const refused = await stack.spawnDriver({ name: 'refused', args: ['--authorizers', stack.path('bad.json')] })
		assert.equal((await refused.exited).code, 78)
		assert.match(refused.log, words)
	}
})

/** Puts requests and jobs straight into the database of the stopped server, starts it, and waits for what became of them. */
async function takeOverDatabase(forgeries) {
	await stack.server.stop()
	const columns = ['org_id', 'key_id', 'requester_id', 'token_id', 'kind', 'body_hash', 'status', 'date_requested']
	for (const [i, f] of forgeries.entries()) {
		f.id = `${good[0].id.slice(0, -3)}f0${i}`
		const [storeId, publicKey, keyType] = server(`SELECT store_id || '|' || hex(public_key) || '|' || key_type FROM keys WHERE id = '${f.keyId ?? key.id}'`).split('|')
		const op = encodeSignOp({ keyId: f.keyId ?? key.id, keyType: Number(keyType), publicKey: Buffer.from(publicKey, 'hex'), input: digest(f.sign) })
		server(`INSERT INTO signatures (id, ${columns}, body, proof) SELECT '${f.id}', ${columns}, ${hex(f.body)}, ${hex(f.proof)} FROM signatures WHERE id = '${good[0].id}';
			UPDATE signatures SET status = 'Executing', key_id = '${f.keyId ?? key.id}' WHERE id = '${f.id}';
			INSERT INTO jobs (id, store_id, state, attempts, created_at, subject, subject_id, op) VALUES (${1000 + i}, '${storeId}', 0, 0, 0, 2, '${f.id}', ${hex(op)})`)
	}
	await stack.startServer()
	for (let left = 600; left > 0 && server("SELECT count(*) FROM signatures WHERE status = 'Executing'") !== '0'; left--) await sleep(100)
	return forgeries.map((f) => {
		const [status, reason, r] = server(`SELECT status || '|' || coalesce(reason, '') || '|' || coalesce(hex(r), '') FROM signatures WHERE id = '${f.id}'`).split('|')
		return { status, reason, r }
	})
}

test('with the database in other hands, no forged job is signed, and the driver says why', async () => {
	const [one, two] = good
	const forgeries = [
		{ ...one, sign: 'mine', why: /is not what the request asks for/ },
		{ ...one, sign: 'mine', body: Buffer.from(JSON.stringify(hashBody('mine'))), why: /another body was signed/ },
		{ ...one, sign: 'one', proof: two.proof, why: /another body was signed/ },
		{ ...one, sign: 'one', keyId: other.id, why: /was signed, not POST/ },
		{ ...one, sign: 'one', proof: Buffer.alloc(0), why: /no evidence/ },
		{ ...one, sign: 'one', why: /this user action has been used/ },
	]
	const outcomes = await takeOverDatabase(forgeries)
	for (const [i, outcome] of outcomes.entries()) {
		assert.equal(outcome.status, 'Failed', JSON.stringify(outcome))
		assert.equal(outcome.r, '')
		assert.match(outcome.reason, forgeries[i].why)
		assert.match(driver.log, forgeries[i].why)
	}
	assert.equal((await sign('still asked for')).status, 'Signed')
})

/** A server of somebody else's, with this one's certificate and key: it deals the jobs that it is given, and keeps what
 * comes back. */
class HostileServer {
	jobs = []
	results = []
	polls = 0

	async listen() {
		const pem = (name) => readFileSync(join(stack.pki, name))
		this.server = https.createServer({ cert: pem('proxy.pem'), key: pem('proxy-key.pem'), ca: pem('root.pem'), requestCert: true }, (request, answer) => {
			const parts = []
			request.on('data', (part) => parts.push(part))
			request.on('end', () => this.answer(decodePoll(Buffer.concat(parts)), answer))
		})
		await new Promise((done) => this.server.listen(0, '127.0.0.1', done))
		return this.server.address().port
	}

	async answer(poll, answer) {
		this.polls++
		this.wantsEvidence = poll.version === 3
		this.results.push(...poll.results)
		const jobs = this.jobs.splice(0, poll.capacity)
		if (!jobs.length) await sleep(Math.min(poll.waitMs, 50))
		answer.writeHead(200, { 'content-type': 'application/vnd.holdfast.poll' })
		answer.end(encodeReply(jobs, { evidence: !this.old }))
	}

	/** What the driver says of these jobs. As any server does, it deals one that has no answer yet once more after a while: a job
	 * whose last result the driver does not know as taken yet is ignored. */
	async ask(jobs) {
		const of = (job) => this.results.find((result) => result.job === job.job)
		for (let left = 600; left > 0 && !jobs.every(of); left--, await sleep(50))
			if (left % 20 === 0) this.jobs.push(...jobs.filter((job) => !of(job) && !this.jobs.includes(job)))
		return jobs.map(of)
	}

	close() {
		this.server.closeAllConnections()
		this.server.close()
	}
}

test('a server of other code, with this one’s keys, gets nothing that nobody asked for', async (t) => {
	const [publicKey, keyType] = server(`SELECT hex(public_key) || '|' || key_type FROM keys WHERE id = '${key.id}'`).split('|')
	const fresh = { body: Buffer.from(JSON.stringify(hashBody('fresh'))) }
	const { commitment } = decodeProof(good[0].proof)
	const mine = generateKeyPairSync('ed25519').privateKey
	/* the owner signs this one, so that all but its place is right: what it says can be altered one by one */
	const owned = (changes = {}, { privateKey = stack.privateKey, credential = stack.account.DFNS_CRED_ID, ...rest } = {}) => makeProof({ privateKey, credential, ...rest, commitment: {
		...commitment, id: `ua-01k9h-x3v7q-${`${number}`.padStart(16, '0')}`, issued: Date.now(), payload: sha256(canonical(hashBody('fresh'))), ...changes } })
	let number = 1
	const job = ({ text = 'fresh', op = {}, evidence = {}, none = false }) => ({ job: BigInt(++number), attempt: 3,
		op: encodeSignOp({ keyId: key.id, keyType: Number(keyType), publicKey: Buffer.from(publicKey, 'hex'), input: digest(text), ...op }),
		evidence: none ? '' : encodeEvidence({ body: fresh.body, proof: owned(), ...evidence }) })

	const hostile = new HostileServer()
	t.after(() => hostile.close())
	const held = await stack.startDriver({ name: 'held', proxy: `127.0.0.1:${await hostile.listen()}`, args: ['--authorizers', stack.path('authorizers.json')] })
	const altered = decodeProof(owned())
	const anHourAgo = Date.now() - 3_600_000
	const refusals = [
		[job({ none: true }), /no evidence/],
		[job({ text: 'mine' }), /not what the request asks for/],
		[job({ evidence: { body: Buffer.from(JSON.stringify(hashBody('mine'))) }, text: 'mine' }), /another body was signed/],
		[job({ evidence: { proof: owned({ path: `/keys/${other.id}/signatures` }) } }), /was signed, not POST/],
		[job({ evidence: { proof: owned({ path: `/keys/${key.id}` }) } }), /was signed, not POST/],
		[job({ evidence: { proof: owned({ method: 'PUT' }) } }), /was signed, not POST/],
		[job({ evidence: { proof: owned({ org: 'or-01k9h-x3v7q-8m2c4d6e8f0g1h2j' }) } }), /another organisation/],
		[job({ evidence: { proof: owned({ identity: 'us-01k9h-x3v7q-8m2c4d6e8f0g1h2j' }) } }), /who did not sign this/],
		[job({ evidence: { proof: owned({}, { privateKey: mine }) } }), /does not verify/],
		[job({ evidence: { proof: owned({ credentials: ['mine'] }, { privateKey: mine, credential: 'mine' }) } }), /credential mine is not in this driver's authorizers/],
		[job({ evidence: { proof: owned({ issued: anHourAgo }, { expires: Date.now() + 3_600_000 }) } }), new RegExp(`${MAX_AGE_S} s are allowed`)],
		[job({ evidence: { proof: owned({ issued: Date.now() + 3_600_000 }) } }), /in the future/],
		[job({ evidence: { proof: encodeProof({ ...altered, encoded: Buffer.from(altered.encoded.toString('latin1').replace('POST', 'POSU'), 'latin1') }) } }), /signed something else/],
		[job({ evidence: { proof: encodeProof({ ...altered, clientData: Buffer.from(altered.clientData.toString().replace('key.get', 'key.geT')) }) } }), /signed something else/],
		[job({ evidence: { proof: encodeProof({ ...altered, signature: Buffer.alloc(64) }) } }), /does not verify/],
		[job({ evidence: { walletId: 'wa-01k9h-x3v7q-8m2c4d6e8f0g1h2j', network: 'EthereumSepolia' } }), /is not one of key/],
		[job({ evidence: { proof: good[1].proof, body: good[1].body }, text: 'two' }), /has been used/],
		[job({ op: { keyId: 'canary' } }), /canary/],
	]
	const results = await hostile.ask(refusals.map(([j]) => j))
	assert.ok(hostile.wantsEvidence)
	for (const [i, result] of results.entries()) {
		assert.ok(result, `job ${i}: no answer; ${held.log.slice(-2000)}`)
		assert.notEqual(result.outcome, 1, `job ${i} was signed`)
		assert.match(result.text, refusals[i][1], `job ${i}: ${result.text}`)
		assert.match(held.log, refusals[i][1])
	}

	/* What really was asked for is signed once: for its own job as often as that comes, for no other, and for no other driver's. */
	const asked = job({})
	const replayed = { ...job({}), op: asked.op, evidence: asked.evidence }
	const [first] = await hostile.ask([asked])
	assert.equal(first.outcome, 1, first.text)
	hostile.results.length = 0
	const [again, replay] = await hostile.ask([asked, replayed])
	assert.equal(again.outcome, 1, again.text)
	assert.match(replay.text, /this user action has been used/)
	await held.stop()
	const next = await stack.startDriver({ name: 'next', proxy: `127.0.0.1:${hostile.server.address().port}`, args: ['--authorizers', stack.path('authorizers.json')] })
	const [afterRestart] = await hostile.ask([{ ...replayed, job: BigInt(++number) }])
	assert.match(afterRestart.text, /this user action has been used/)

	/* A server of before there was evidence is as good as one that withholds it. */
	hostile.old = true
	const [withheld] = await hostile.ask([job({})])
	assert.match(withheld.text, /no evidence/)
	await next.stop()
})

test('where the file asks for approvals, the HSM side counts them itself', async (t) => {
	const [publicKey, keyType] = server(`SELECT hex(public_key) || '|' || key_type FROM keys WHERE id = '${key.id}'`).split('|')
	const people = Object.fromEntries(['alice', 'bob', 'carol', 'eve'].map((name) => [name, generateKeyPairSync('ed25519')]))
	const listed = ['alice', 'bob', 'carol'].map((id) => ({ id, identity: `us-${id}`, kind: 'Key', publicKey: people[id].publicKey.export({ type: 'spki', format: 'pem' }) }))
	writeFileSync(stack.path('quorum.json'), JSON.stringify({ version: 1, organization: stack.account.DFNS_ORG_ID, credentials: listed,
		rules: [{ name: 'two', keys: [key.id], initiators: ['us-alice'], approvals: [{ approvers: ['us-alice', 'us-bob', 'us-carol'], quorum: 2 }] }] }), { mode: 0o600 })
	let number = 5000
	const proofBy = (name, path, body) => makeProof({ privateKey: people[name].privateKey, credential: name, commitment: { id: `ua-01k9h-x3v7q-${`${++number}`.padStart(16, '0')}`,
		org: stack.account.DFNS_ORG_ID, identity: `us-${name}`, method: 'POST', path, payload: sha256(canonical(body)), issued: Date.now(), credentials: [name] } })
	const approval = (name, proof, value = 'Approved') => ({ body: JSON.stringify({ value }),
		proof: proofBy(name, `/v2/policy-approvals/${approvalId(decodeProof(proof).encoded)}/decisions`, { value }) })
	const job = (by, approvers, proof = proofBy(by, `/keys/${key.id}/signatures`, hashBody('high'))) => ({ job: BigInt(++number), attempt: 3,
		op: encodeSignOp({ keyId: key.id, keyType: Number(keyType), publicKey: Buffer.from(publicKey, 'hex'), input: digest('high') }),
		evidence: encodeEvidence({ body: JSON.stringify(hashBody('high')), proof, approvals: approvers.map((name) => (typeof name === 'string' ? approval(name, proof) : name)) }) })

	const hostile = new HostileServer()
	t.after(() => hostile.close())
	const held = await stack.startDriver({ name: 'quorum', proxy: `127.0.0.1:${await hostile.listen()}`, args: ['--authorizers', stack.path('quorum.json')] })
	const elsewhere = approval('carol', proofBy('alice', `/keys/${key.id}/signatures`, hashBody('high')))
	const mine = proofBy('alice', `/keys/${key.id}/signatures`, hashBody('high'))
	const refusals = [
		[job('alice', []), /0 of 2 approvals/],
		[job('alice', ['bob']), /1 of 2 approvals/],
		[job('alice', ['bob', 'bob']), /1 of 2 approvals/],
		[job('alice', ['bob', 'alice']), /who asked may not approve/],
		[job('alice', ['bob', 'eve']), /not in this driver's authorizers/],
		[job('alice', ['bob', elsewhere]), /was signed, not POST/],
		[job('alice', ['bob', approval('carol', mine, 'Denied')], mine), /"Approved"/],
		[job('bob', ['alice', 'carol']), /us-bob is not among its initiators/],
	]
	const results = await hostile.ask(refusals.map(([j]) => j))
	for (const [i, result] of results.entries()) assert.match(result?.text ?? 'no answer', refusals[i][1], `job ${i}`)
	const [approved] = await hostile.ask([job('alice', ['bob', 'carol'])])
	assert.equal(approved.outcome, 1, approved.text)
	await held.stop()
})
