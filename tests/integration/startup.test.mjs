// SPDX-License-Identifier: Apache-2.0
// What a driver says when it cannot start: each fault in its own words, with the next step in them.
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { Stack, faultModule, softhsm } from '../e2e/stack.mjs'

const EX_CONFIG = 78
let stack

before(async () => {
	stack = await Stack.prepare()
	await stack.startServer()
})
after(() => stack?.stop())

/** Starts a driver that is to fail, and gives its exit status and what it said. */
async function failure(options) {
	const driver = await stack.spawnDriver(options)
	driver.whenReady().catch(() => {})
	const { code } = await driver.ended()
	return { code, said: driver.log }
}

test('a wrong PIN is tried once, said clearly, and ends the driver for its service manager', async () => {
	const script = stack.path('logins')
	writeFileSync(script, 'C_Login delay=1us shared\n')
	const { code, said } = await failure({ pin: 'wrong-pin-0000', module: faultModule, sessions: 4,
		env: { HOLDFAST_FAULT_MODULE: softhsm, HOLDFAST_FAULT_SCRIPT: script } })
	assert.equal(readFileSync(`${script}.count.1`).readBigUInt64LE(), 1n, 'logins over all processes')
	assert.equal(code, EX_CONFIG)
	assert.match(said, /PIN/)
	assert.doesNotMatch(said, /wrong-pin-0000/)
})

test('a module path that leads nowhere is named', async () => {
	const { code, said } = await failure({ module: '/usr/lib/no-such-module.so' })
	assert.notEqual(code, 0)
	assert.match(said, /no-such-module\.so/)
})

test('a relative module path is refused', async () => {
	const { code, said } = await failure({ module: 'libsofthsm2.so' })
	assert.notEqual(code, 0)
	assert.match(said, /absolute/)
})

test('a file that is no PKCS#11 library is refused', async () => {
	const { code, said } = await failure({ module: join(stack.pki, 'root.pem') })
	assert.notEqual(code, 0)
	assert.match(said, /root\.pem/)
})

test('a library that others may write is refused', async () => {
	const copy = stack.path('libopen.so')
	copyFileSync(softhsm, copy)
	chmodSync(copy, 0o777)
	const { code, said } = await failure({ module: copy })
	assert.notEqual(code, 0)
	assert.match(said, /libopen\.so/)
})

test('a token that is not there is named', async () => {
	const { code, said } = await failure({ slot: 'label:no-such-token' })
	assert.notEqual(code, 0)
	assert.match(said, /no-such-token/)
})

test('a token without a master key sends the operator to hsm init-master', async () => {
	await stack.makeToken('bare')
	const { code, said } = await failure({ slot: 'label:bare' })
	assert.notEqual(code, 0)
	assert.match(said, /hsm init-master/)
})

test('hsm init-master does not make a second master key', async () => {
	const { code, stderr } = await stack.holdfast(['hsm', 'init-master', '--module', softhsm, '--slot', 'label:wallet'])
	assert.notEqual(code, 0)
	assert.match(stderr, /already|exists|there is/i)
})

test('another master key than the database\'s is refused, by the canary, before any job is taken', async () => {
	const first = await stack.startDriver()
	await first.stop()
	await stack.makeToken('stranger')
	await stack.initMaster('stranger')
	const { code, said } = await failure({ slot: 'label:stranger' })
	assert.equal(code, EX_CONFIG)
	assert.match(said, /master key/i)
	assert.match(said, /database/i)
})

test('a client key that others may read is refused', async () => {
	const key = join(stack.pki, 'driver-key.pem')
	chmodSync(key, 0o644)
	const { code, said } = await failure({})
	chmodSync(key, 0o600)
	assert.notEqual(code, 0)
	assert.match(said, /driver-key\.pem/)
})

test('options that are unknown, missing or in conflict are named', async () => {
	const cases = [
		[['driver', '--nonsense'], /nonsense/],
		[['driver'], /--\w+|no PKCS#11 library/],
		[['driver', '--module', '/a.so', '--pkcs11-ibm-module', '/b.so'], /module/],
		[['server', '--sqlite-path', 'a', '--postgres-url', 'postgresql://x'], /postgres-url|sqlite-path/],
		[['nonsense'], /nonsense/],
	]
	for (const [args, expected] of cases) {
		const { code, stderr } = await stack.holdfast(args)
		assert.notEqual(code, 0, args.join(' '))
		assert.match(stderr, expected)
	}
})

test('PKCS11_IBM_MODULE and PKCS11_THALES_MODULE contradict each other', async () => {
	const { code, stderr } = await stack.holdfast(['hsm', 'check'], { env: { PKCS11_IBM_MODULE: '/a.so', PKCS11_THALES_MODULE: '/b.so' } })
	assert.notEqual(code, 0)
	assert.match(stderr, /PKCS11_IBM_MODULE.*PKCS11_THALES_MODULE/s)
})

test('EP11_IBM_TARGET_HSM is refused with words', async () => {
	const { code, stderr } = await stack.holdfast(['hsm', 'check', '--module', softhsm], { env: { EP11_IBM_TARGET_HSM: '03.01' } })
	assert.notEqual(code, 0)
	assert.match(stderr, /EP11_IBM_TARGET_HSM/)
})

test('a PostgreSQL URL that cannot be read is refused at once, and not quoted', async () => {
	const { code, said } = await failure({ database: ['--postgres-url', 'postgresql://me:pass@word@localhost/x'] })
	assert.notEqual(code, 0)
	assert.match(said, /percent|%40/i)
	assert.doesNotMatch(said, /pass@word/)
})

test('a PostgreSQL that is not there is named, without its password', async () => {
	const { code, said } = await failure({ database: ['--postgres-url', 'postgresql://bank:s3cret@127.0.0.1:1/x'], args: ['--db-wait', '0'] })
	assert.notEqual(code, 0)
	assert.match(said, /127\.0\.0\.1:1\/x/)
	assert.match(said, /password was given on the command line/)
	assert.doesNotMatch(said, /s3cret/)
})

test('a second server init in one database is refused, and writes no token', async () => {
	const { code } = await stack.holdfast(['server', 'init', '--sqlite-path', stack.serverDb, '--secret-file', stack.path('server.secret'),
		'--public-key-file', stack.path('account.pem'), '--env-file', stack.path('second.env')])
	assert.notEqual(code, 0)
	assert.ok(!existsSync(stack.path('second.env')))
})
