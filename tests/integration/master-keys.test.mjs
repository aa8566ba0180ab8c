// SPDX-License-Identifier: Apache-2.0
// Rotation of the master key while drivers work: old and new valid in between, killed and gone on with, nothing lost; and a signer that
// is never killed while it logs in.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { settled, until } from '../e2e/ask.mjs'
import { PIN, Stack, command, faultModule, holdfast, softhsm } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

const OLD = 'holdfast-master', NEW = 'master-2'
const message = Buffer.from('before, between, after')
let stack, client, keys

const sql = (text) => execFileSync('sqlite3', [stack.keysDb, '-cmd', '.timeout 5000', text], { encoding: 'utf8' }).trim()
const createKey = () => client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
const sign = async (key) => settled(client, await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } }))
const hsm = (module = softhsm) => ['--module', module, '--slot', `label:${stack.tokenLabel}`]
const run = (args, env = {}) => command([holdfast, ...args], { env: { ...stack.env, USER_PIN: PIN, ...env } })
const rewrap = (...args) => run(['db', 'rewrap', ...hsm(), '--sqlite-path', stack.keysDb, '--to-label', NEW, ...args])
const masters = () => sql('SELECT master_id, count(*) FROM wrapped_keys GROUP BY master_id').split('\n').length

async function signs(key) {
	const request = await sign(key)
	assert.equal(request.status, 'Signed', JSON.stringify(request))
	assert.ok(verifySecp256k1(key.publicKey, message, request.signature))
}

before(async () => {
	stack = await Stack.start({ engine: 'sqlite' })
	client = stack.client()
	keys = await Promise.all(Array.from({ length: 40 }, createKey))
})
after(() => stack?.stop())

test('a master key that only another HSM made does not get into the database', async () => {
	const { code, stdout, stderr } = await run(['hsm', 'init-master', ...hsm(), '--master-label', NEW])
	assert.equal(code, 0, stdout + stderr)
	const driver = await stack.spawnDriver({ args: ['--master-label', NEW] })
	driver.whenReady().catch(() => {})
	assert.equal((await driver.ended()).code, 78)
	assert.equal(sql('SELECT count(*) FROM canaries'), '1')
})

test('a dry run uses every key and changes nothing', async () => {
	const before = sql('SELECT hex(record) FROM wrapped_keys ORDER BY key_id')
	const { code, stdout, stderr } = await rewrap('--dry-run')
	assert.equal(code, 0, stdout + stderr)
	assert.match(stdout, /40 keys can be wrapped anew/)
	assert.equal(sql('SELECT hex(record) FROM wrapped_keys ORDER BY key_id'), before)
	assert.equal(sql('SELECT count(*) FROM canaries'), '1')
})

test('rotation goes on after a kill, drivers sign throughout, and nothing is lost', async () => {
	await stack.processes.at(-2).stop()
	const driver = await stack.startDriver({ args: ['--master-label', `${OLD},${NEW}`] })
	const script = stack.path('slow')
	writeFileSync(script, 'C_WrapKey delay=60ms\nC_WrapKey nth=20 hang\n') /* it commits five times a second, and does not come to the end */
	const killed = spawn(holdfast, ['db', 'rewrap', ...hsm(faultModule), '--sqlite-path', stack.keysDb, '--to-label', NEW, '--sessions', '1'],
		{ env: { ...stack.env, USER_PIN: PIN, HOLDFAST_FAULT_MODULE: softhsm, HOLDFAST_FAULT_SCRIPT: script }, stdio: 'ignore' })
	const ended = new Promise((done) => killed.on('close', done))
	let stop = false
	const load = (async () => {
		for (let i = 0; !stop; i++) await signs(keys[i % keys.length])
	})()
	await until(() => masters() === 2)
	killed.kill('SIGKILL')
	await ended
	assert.equal(masters(), 2, 'some are done, some are not')
	const { code, stdout, stderr } = await rewrap()
	assert.equal(code, 0, stdout + stderr)
	assert.match(stdout, /Nothing is wrapped by an old master key any more/)
	stop = true
	await load
	assert.equal(masters(), 1)
	assert.equal(sql('SELECT count(*) FROM wrapped_keys'), '40')
	for (const key of keys) await signs(key)
	await driver.stop()
})

test('then the old master key is forgotten, and the new one does alone', async () => {
	const early = await stack.startDriver({ args: ['--master-label', `${NEW},${OLD}`] })
	await signs(await createKey())
	await early.stop()
	const { code, stdout, stderr } = await rewrap('--finish')
	assert.equal(code, 0, stdout + stderr)
	assert.match(stdout, /knows only master key/)
	assert.equal(sql('SELECT count(*) FROM canaries'), '1')
	const driver = await stack.startDriver({ args: ['--master-label', NEW] })
	for (const key of keys.slice(0, 5)) await signs(key)
	await driver.stop()
	const late = await stack.spawnDriver({ args: ['--master-label', OLD] })
	late.whenReady().catch(() => {})
	assert.equal((await late.ended()).code, 78, 'a driver with the old one alone is refused')
	assert.match(late.log, /--master-label/)
})

test('a damaged record is listed, stays, and the others are done', async () => {
	sql(`UPDATE wrapped_keys SET record = x'00' WHERE key_id = '${keys[3].id}'`)
	const { code, stdout, stderr } = await run(['db', 'rewrap', ...hsm(), '--sqlite-path', stack.keysDb, '--to-label', OLD, '--master-label', NEW])
	assert.equal(code, 1, stdout + stderr)
	assert.match(stderr, new RegExp(`${keys[3].id}: the record is damaged`))
	assert.match(stdout, /40 keys were wrapped anew/)
	assert.equal(sql(`SELECT hex(record) FROM wrapped_keys WHERE key_id = '${keys[3].id}'`), '00')
	const verify = await run(['db', 'verify', ...hsm(), '--sqlite-path', stack.keysDb, '--json'])
	assert.equal(verify.code, 1)
	const sum = JSON.parse(verify.stdout)
	assert.deepEqual([sum.keys, sum.usable, sum.damaged], [41, 40, 1])
	const sample = await run(['db', 'verify', ...hsm(), '--sqlite-path', stack.keysDb, '--json', '--sample', '10'])
	assert.equal(JSON.parse(sample.stdout).keys, 10)
})

/** Does a process run (also one whose parent is gone)? */
const isThere = (pid) => existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

for (const [how, end] of [['killed with -9', (driver) => driver.signal('SIGKILL')], ['stopped', (driver) => driver.signal('SIGTERM')]])
	test(`a driver that is ${how} while its signer logs in leaves it in peace until C_Login has returned`, async () => {
		const script = stack.path(`login-${how.replaceAll(' ', '-')}`)
		writeFileSync(script, 'C_Login delay=1500ms shared\n')
		const driver = await stack.spawnDriver({ module: faultModule, args: ['--master-label', OLD + ',' + NEW],
			env: { HOLDFAST_FAULT_MODULE: softhsm, HOLDFAST_FAULT_SCRIPT: script } })
		driver.whenReady().catch(() => {})
		await until(() => existsSync(`${script}.count.1`))
		const entered = statSync(`${script}.count.1`).mtimeMs, [signer] = driver.children()
		assert.ok(signer, 'a signer is inside C_Login')
		end(driver)
		await until(() => !isThere(signer))
		assert.ok(Date.now() - entered >= 1450, 'it outlives its driver, and ends only once the login is over')
		await driver.ended()
		const check = await run(['hsm', 'check', ...hsm(), '--master-label', `${OLD},${NEW}`, '--sqlite-path', stack.keysDb])
		assert.equal(check.code, 0, check.stdout + check.stderr)
	})
