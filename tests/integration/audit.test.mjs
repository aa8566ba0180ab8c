// SPDX-License-Identifier: Apache-2.0
// The audit log from end to end: the official client does things, the log is exported and proven without the database, and
// whatever somebody then does to the database by SQL is found and named.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Stack } from '../e2e/stack.mjs'
import { sha256 } from '../e2e/verify.mjs'

let stack, client, key, bundle, keysFile

/** SQL by another hand than the server's. */
function sql(text, url = stack.postgres?.url) {
	if (url) return execFileSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', text], { encoding: 'utf8', stdio: 'pipe' }).trim()
	return execFileSync('sqlite3', ['-cmd', '.timeout 5000', stack.serverDb, text], { encoding: 'utf8', stdio: 'pipe' }).trim()
}

/** The same as an attacker who owns the database: the triggers are gone first, and come back afterwards. */
function tamper(text) {
	if (stack.postgres) return sql(`SET session_replication_role = replica; ${text}`, stack.postgres.adminUrl)
	return sql(`PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS audit_log_update; DROP TRIGGER IF EXISTS audit_log_delete; ${text}`)
}

const audit = (...args) => stack.holdfast(['audit', ...args])
const verifyDb = () => audit('verify', ...stack.serverDatabase, '--public-key', keysFile)

async function exported(...args) {
	const result = await audit('export', ...stack.serverDatabase, ...args)
	assert.equal(result.code, 0, result.stderr)
	return result.stdout
}

/** Until a checkpoint covers everything. */
async function covered() {
	for (let i = 0; i < 200; i++) {
		const lines = (await exported()).trim().split('\n').map((line) => JSON.parse(line))
		const [header] = lines
		if (header.size && lines.at(-1).checkpoint?.split('\n')[1] === String(header.size)) return
		await sleep(100)
	}
	assert.fail('no checkpoint covers the log')
}

before(async () => {
	stack = await Stack.start({ server: { args: ['--audit-checkpoint-seconds', '1'] } })
	client = stack.client()
	key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1', name: 'treasury' } })
	for (let i = 0; i < 12; i++)
		await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(`${i}`).toString('hex') } })
	await assert.rejects(client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: '00' } }))
	await client.keys.updateKey({ keyId: key.id, body: { name: 'renamed' } })
	await covered()
	bundle = stack.path('log.jsonl')
	keysFile = stack.path('audit-keys.pem')
	writeFileSync(bundle, await exported())
	writeFileSync(keysFile, await exported('--format', 'keys'))
})
after(() => stack?.stop())

const entries = () => readFileSync(bundle, 'utf8').trim().split('\n').map((line) => JSON.parse(line)).filter((line) => line.entry).map((line) => line.entry)

test('every request that changes or uses something is there, with what came of it', () => {
	const of = (operation, outcome) => entries().filter((e) => e.operation === operation && e.outcome === outcome).length
	assert.equal(of('Keys:Create', 'Accepted'), 1)
	assert.equal(of('Hsm:Generate', 'Made'), 1)
	assert.equal(of('Keys:Signatures:Create', 'Accepted'), 12)
	assert.equal(of('Hsm:Sign', 'Signed'), 12)
	assert.equal(of('Keys:Signatures:Create', 'Failed'), 1)
	assert.equal(of('Keys:Update', 'Accepted'), 1)
	assert.equal(of('Hsm:GenerateAuditKey', 'Made'), 1)
	const [created] = entries()
	assert.equal(created.subjectId, key.id)
	assert.equal(created.credentialId, stack.account.DFNS_CRED_ID)
	assert.equal(created.address, '127.0.0.1')
})

test('an exported log proves itself, without the database', async () => {
	const result = await audit('verify', bundle, '--public-key', keysFile)
	assert.equal(result.code, 0, result.stderr)
	assert.match(result.stdout, /is whole/)
	assert.doesNotMatch(result.stdout, /compare/)
	assert.equal((await verifyDb()).code, 0)
})

test('the proof of every user action is checked against the credentials', async () => {
	const pem = readFileSync(stack.path('account.pem'), 'utf8')
	const file = stack.path('credentials.json')
	const credential = { id: stack.account.DFNS_CRED_ID, identity: entries()[0].identityId, kind: 'Key', publicKey: pem }
	writeFileSync(file, JSON.stringify({ version: 1, organization: stack.account.DFNS_ORG_ID, credentials: [credential], rules: [] }))
	const good = await audit('verify', bundle, '--public-key', keysFile, '--credentials', file)
	assert.equal(good.code, 0, good.stderr)
	assert.match(good.stdout, /15 proofs/)
	/* another key under the same id */
	const other = createPublicKey(readFileSync(keysFile, 'utf8')).export({ type: 'spki', format: 'pem' })
	writeFileSync(file, JSON.stringify({ version: 1, organization: stack.account.DFNS_ORG_ID, credentials: [{ ...credential, publicKey: other }], rules: [] }))
	const bad = await audit('verify', bundle, '--public-key', keysFile, '--credentials', file)
	assert.equal(bad.code, 1)
	assert.match(bad.stderr, /entry 0 \(uj-.*proof/)
})

test('another key than the one that signed is refused', async () => {
	const result = await audit('verify', bundle, '--public-key', stack.path('account.pem'))
	assert.equal(result.code, 1)
	assert.match(result.stderr, /none of the given keys/)
})

test('the database refuses to change the log', () => {
	assert.throws(() => sql("UPDATE audit_log SET entry = '{}'"), /only added to/)
	assert.throws(() => sql('DELETE FROM audit_log'), /only added to/)
})

test('the log is shown as a table, and exported for other systems', async () => {
	const table = (await audit('show', ...stack.serverDatabase)).stdout
	assert.match(table, /Keys:Signatures:Create +Accepted +treasury-service/)
	const cef = (await exported('--format', 'cef')).trim().split('\n')
	assert.ok(cef.length >= entries().length)
	assert.match(cef[0], /^CEF:0\|Holdfast\|Holdfast\|[0-9.]+\|Keys:Create\|Keys:Create Accepted\|3\|rt=\d+ suid=/)
	const ocsf = (await exported('--format', 'ocsf')).trim().split('\n').map((line) => JSON.parse(line))
	assert.equal(ocsf[0].class_uid, 6003)
	assert.equal(ocsf[0].type_uid, 600301)
	assert.equal(ocsf.filter((e) => e.status_id === 2).length, entries().filter((e) => e.outcome === 'Failed').length)
	assert.match((await exported('--format', 'syslog')).split('\n')[0], /^<109>1 \S+ \S+ holdfast - audit \[holdfast@32473 leaf="0" id="uj-/)
})

test('the official client reads it', async () => {
	const now = Date.now(), iso = (ms) => new Date(ms).toISOString()
	const csv = await client.auth.listAuditLogs({ query: { startTime: iso(now - 3_600_000), endTime: iso(now + 60_000) } })
	const [head, ...rows] = csv.trim().split('\n')
	assert.equal(head, 'Date Performed,Audit Log ID,User ID,Username,Primary Credential ID,Action Path,Summary')
	const made = rows.map((row) => row.split(',')).find((cells) => cells[6] === 'Keys:Create Accepted')
	assert.equal(made[2], entries()[0].identityId)
	const log = await client.auth.getAuditLog({ id: made[1] })
	assert.equal(log.action, 'Keys:Create')
	assert.equal(log.userId, made[2])
	const { clientData, signature } = log.firstFactorCredential.assertion
	assert.ok(verify(null, Buffer.from(clientData, 'base64url'), log.firstFactorCredential.publicKey, Buffer.from(signature, 'base64url')), 'and checks the proof itself')
})

test('a part of the log proves itself too', async () => {
	const part = stack.path('part.jsonl')
	writeFileSync(part, await exported('--since', '2026-01-01', '--until', '2099-01-01T00:00:00Z'))
	assert.equal((await audit('verify', part, '--public-key', keysFile)).code, 0)
})

/* From here on the database is no longer what it was. */
const changes = [
	['a changed entry', (id) => [`UPDATE audit_log SET entry = replace(entry, 'Keys:Update', 'Keys:Upset') WHERE id = '${id}'`,
		`UPDATE audit_log SET entry = replace(entry, 'Keys:Upset', 'Keys:Update') WHERE id = '${id}'`], /was changed/],
	['a removed entry', (id) => [`CREATE TABLE aside AS SELECT * FROM audit_log WHERE id = '${id}'; DELETE FROM audit_log WHERE id = '${id}'`,
		'INSERT INTO audit_log SELECT * FROM aside; DROP TABLE aside'], /is missing|is cut off|entries were removed/],
]
for (const [what, statements, words] of changes)
	test(`${what} is named`, async () => {
		await stack.server.stop()
		const { id } = entries().find((e) => e.operation === 'Keys:Update')
		const [break_, mend] = statements(id)
		const leaf = entries().findIndex((e) => e.id === id)
		tamper(break_)
		const result = await verifyDb()
		assert.equal(result.code, 1)
		assert.match(result.stderr, /THE LOG IS NOT WHAT WAS WRITTEN/)
		assert.match(result.stderr, words)
		assert.match(result.stderr, new RegExp(`entr(y|ies) ${leaf}\\b|entries were removed`)) // a checkpoint over the very last entry tells first
		tamper(mend)
		assert.equal((await verifyDb()).code, 0)
	})

test('an entry that was put in by hand is named', async () => {
	const id = 'uj-01k9h-x3v7q-8m2c4d6e8f0g1h2j'
	tamper(`INSERT INTO audit_log SELECT org_id, '${id}', happened_at, identity_id, entry FROM audit_log ORDER BY id LIMIT 1`)
	const result = await verifyDb()
	assert.equal(result.code, 1)
	assert.match(result.stderr, new RegExp(`entry ${id} has no place`))
	tamper(`DELETE FROM audit_log WHERE id = '${id}'`)
})

test('a log that was cut off contradicts a checkpoint that was kept elsewhere', async () => {
	const kept = stack.path('checkpoint')
	writeFileSync(kept, await exported('--format', 'checkpoint'))
	const same = await audit('verify', ...stack.serverDatabase, '--public-key', keysFile, '--checkpoint', kept)
	assert.equal(same.code, 0, same.stderr)
	assert.match(same.stdout, /kept elsewhere is one of this log/)
	const lines = readFileSync(bundle, 'utf8').trim().split('\n')
	const header = { ...JSON.parse(lines[0]), size: 3 }
	const short = stack.path('short.jsonl')
	writeFileSync(short, [JSON.stringify(header), ...lines.filter((line) => line.startsWith('{"leaf":')).slice(0, 3)].join('\n') + '\n')
	assert.equal((await audit('verify', short)).code, 0, 'on its own it looks whole')
	const unsigned = await audit('verify', short, '--public-key', keysFile)
	assert.equal(unsigned.code, 1, 'with the checkpoints left out, nothing is signed by the key')
	assert.match(unsigned.stderr, /no checkpoint covers any of the 3 entries/)
	const result = await audit('verify', short, '--public-key', keysFile, '--checkpoint', kept)
	assert.equal(result.code, 1)
	assert.match(result.stderr, /ends after 3 entries/)
})
