// SPDX-License-Identifier: Apache-2.0
// The drills of docs/disaster-recovery.md, each with the commands that stand there. A SoftHSM2 token is cloned as its vendor would
// have it: by copying its directory. HOLDFAST_SHOW=1 prints what the operator sees.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'

import { settled } from '../e2e/ask.mjs'
import { Postgres } from '../e2e/postgres.mjs'
import { PIN, Stack, command, holdfast, root, softhsm, succeed } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

const message = Buffer.from('still ours')
let stack, client

beforeEach(async () => {
	stack = await Stack.start({ engine: 'sqlite' })
	client = stack.client()
})
afterEach(() => stack?.stop())

const createKey = () => client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
const sign = async (key) => settled(client, await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } }))
const driver = () => stack.processes.at(-1)

async function signs(key) {
	const request = await sign(key)
	assert.equal(request.status, 'Signed', JSON.stringify(request))
	assert.ok(verifySecp256k1(key.publicKey, message, request.signature))
}

/** A command as the operator types it: { code, stdout, stderr }. */
async function run(args, env = {}) {
	const result = await command([holdfast, ...args], { env: { ...stack.env, USER_PIN: PIN, ...env } })
	if (process.env.HOLDFAST_SHOW)
		console.log(`$ holdfast ${args.join(' ')}\n${result.stdout}${result.stderr}[exit status ${result.code}]\n`.replaceAll(stack.dir, '/srv'))
	return result
}

async function must(args, env) {
	const result = await run(args, env)
	assert.equal(result.code, 0, `${args.join(' ')}\n${result.stdout}${result.stderr}`)
	return result.stdout
}

const hsm = () => ['--module', softhsm, '--slot', `label:${stack.tokenLabel}`]
const keysDb = () => ['--sqlite-path', stack.keysDb]

/** Another HSM with a copy of everything in the first: the environment in which its library finds it. */
function cloneHsm(name) {
	const conf = stack.path(`${name}.conf`)
	cpSync(stack.path('tokens'), stack.path(name), { recursive: true })
	writeFileSync(conf, `directories.tokendir = ${stack.path(name)}\nobjectstore.backend = file\nlog.level = ERROR\n`)
	return { SOFTHSM2_CONF: conf }
}

async function newHsm(name) {
	const env = { SOFTHSM2_CONF: stack.path(`${name}.conf`) }
	mkdirSync(stack.path(name))
	writeFileSync(env.SOFTHSM2_CONF, `directories.tokendir = ${stack.path(name)}\nobjectstore.backend = file\nlog.level = ERROR\n`)
	await succeed(['softhsm2-util', '--init-token', '--free', '--label', stack.tokenLabel, '--pin', PIN, '--so-pin', '12345678'],
		{ env: { ...stack.env, ...env } })
	return env
}

test('an HSM is lost: one with the cloned master key takes over', async () => {
	const key = await createKey()
	const spare = cloneHsm('hsm-2')
	await must(['hsm', 'canary', ...hsm(), stack.path('hsm-1.canary')])
	await driver().kill()
	rmSync(stack.path('tokens'), { recursive: true })
	assert.match(await must(['hsm', 'check', ...hsm(), '--canary', stack.path('hsm-1.canary')], spare), /the same here/)
	assert.match(await must(['hsm', 'check', ...hsm(), ...keysDb()], spare), /the same here/)
	assert.match(await must(['db', 'verify', ...hsm(), ...keysDb()], spare), /can use all 1 keys/)
	await stack.startDriver({ env: spare })
	await signs(key)
})

test('an HSM that is no clone is told apart before it is used', async () => {
	await createKey()
	const other = await newHsm('stranger')
	await must(['hsm', 'init-master', ...hsm()], other)
	const check = await run(['hsm', 'check', ...hsm(), ...keysDb()], other)
	assert.equal(check.code, 1)
	assert.match(check.stdout, /NOT the same/)
	const verify = await run(['db', 'verify', ...hsm(), ...keysDb()], other)
	assert.equal(verify.code, 1)
	assert.match(verify.stderr, /wrapped by master key [0-9a-f]{32}/)
})

test('the database is lost: the backup comes back; keys that were made after it do not', async () => {
	const [before, file] = [await createKey(), stack.path('keys.backup')]
	await must(['db', 'backup', ...keysDb(), file])
	const later = await createKey()
	await driver().stop()
	for (const end of ['', '-wal', '-shm']) rmSync(stack.keysDb + end, { force: true })
	assert.match(await must(['db', 'verify', ...hsm(), '--backup', file]), /can use all 1 keys/)
	await must(['db', 'restore', ...keysDb(), file])
	assert.match(await must(['db', 'status', ...keysDb()]), /wraps 1 keys/)
	await must(['db', 'verify', ...hsm(), ...keysDb()])
	await stack.startDriver()
	await signs(before)
	const request = await sign(later)
	assert.equal(request.status, 'Failed', JSON.stringify(request))
	assert.match(request.reason, /no record of key/)
})

test('a backup of one engine is restored into the other, and back, server and keys in one', async () => {
	const key = await createKey()
	await signs(key)
	const pg = await Postgres.start()
	try {
		const files = ['keys', 'server', 'both'].map((name) => stack.path(`${name}.backup`))
		await must(['db', 'backup', ...keysDb(), files[0]])
		await must(['db', 'backup', '--sqlite-path', stack.serverDb, files[1]])
		await must(['db', 'restore', ...pg.args, files[0]])
		await must(['db', 'restore', ...pg.args, files[1]])
		assert.match(await must(['db', 'verify', ...hsm(), ...pg.args]), /can use all 1 keys/)
		await driver().stop()
		await stack.server.stop()
		await stack.startServer({ database: pg.args })
		await stack.startDriver({ database: pg.args })
		await signs(key)
		await must(['db', 'backup', ...pg.args, files[2]]) /* while both run */
		await must(['db', 'restore', '--sqlite-path', stack.path('both.db'), files[2]])
		assert.match(await must(['db', 'verify', ...hsm(), '--sqlite-path', stack.path('both.db')]), /can use all 1 keys/)
		await Promise.all([driver().stop(), stack.server.stop()])
	} finally {
		await pg.remove()
	}
})

test("a driver's host is lost: its jobs and its keys are another's", async () => {
	const key = await createKey()
	await driver().kill()
	const waiting = sign(key)
	await succeed([join(root, 'script/pki'), stack.pki, 'driver-2']) /* a leaf for the new host */
	await stack.startDriver({ cert: 'driver-2' })
	const request = await waiting
	assert.equal(request.status, 'Signed', JSON.stringify(request))
	await signs(key)
})

test("the intermediate's key is lost: running drivers go on, a new intermediate takes over", async () => {
	const key = await createKey()
	const old = driver()
	rmSync(join(stack.pki, 'org-ca-key.pem'))
	await signs(key)
	await succeed([join(root, 'script/pki'), stack.pki, 'driver-3', 'new-org'])
	const fresh = await stack.startDriver({ cert: 'driver-3', chain: 'new-org-chain' })
	await fresh.logged(/issuer|serves no key store|403/i)
	await must(['server', 'driver-ca', '--sqlite-path', stack.serverDb, '--store-id', stack.account.STORE_ID,
		'--driver-ca', join(stack.pki, 'new-org-ca.pem')])
	await old.stop()
	await signs(key)
})

test('the master key is lost: its keys are lost, and a new one begins anew', async () => {
	const key = await createKey()
	await driver().stop()
	rmSync(stack.path('tokens'), { recursive: true })
	const fresh = await newHsm('hsm-new')
	await must(['hsm', 'init-master', ...hsm()], fresh)
	const refused = await stack.spawnDriver({ env: fresh })
	refused.whenReady().catch(() => {})
	assert.equal((await refused.ended()).code, 78)
	assert.match(refused.log, /do not belong together/)
	const verify = await run(['db', 'verify', ...hsm(), ...keysDb()], fresh)
	assert.equal(verify.code, 1)
	await stack.startDriver({ env: fresh, keysDb: stack.path('keys-new.db') })
	const request = await sign(key)
	assert.equal(request.status, 'Failed', JSON.stringify(request))
	await signs(await createKey())
})
