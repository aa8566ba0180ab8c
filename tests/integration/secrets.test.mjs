// SPDX-License-Identifier: Apache-2.0
// The PIN is in no log, no command line and no environment of a running process.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { until } from '../e2e/ask.mjs'
import { PIN, Stack } from '../e2e/stack.mjs'
import { sha256 } from '../e2e/verify.mjs'

let stack, pinFile

before(async () => {
	stack = await Stack.prepare()
	pinFile = stack.path('pin')
	writeFileSync(pinFile, `${PIN}\n`, { mode: 0o600 })
	await stack.startServer()
	await stack.startDriver({ name: 'by-variable', sessions: 2 })
	await stack.startDriver({ name: 'by-file', pin: null, sessions: 2, args: ['--pin-file', pinFile] })
	const client = stack.client()
	const key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	for (let i = 0; i < 10; i++)
		await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(`${i}`).toString('hex') } })
})
after(() => stack?.stop())

const drivers = () => stack.processes.filter((process) => process.name.startsWith('by-'))
const running = () => [stack.server, ...drivers()].map((p) => p.pid).concat(drivers().flatMap((driver) => driver.children()))

test('every driver has its signers', async () => {
	for (const driver of drivers()) await until(() => driver.children().length === 2)
})

test('the PIN is in no command line', () => {
	for (const pid of running()) assert.ok(!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(PIN), `${pid}`)
})

test('the PIN is in no environment, as /proc shows it', () => {
	assert.ok(readFileSync(`/proc/${stack.server.pid}/environ`, 'latin1').includes('SOFTHSM2_CONF='), 'environments can be seen')
	for (const pid of running()) {
		let environment
		try {
			environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
		} catch (error) {
			assert.equal(error.code, 'EACCES') /* not even we may look */
			continue
		}
		assert.ok(!environment.includes(PIN), `${pid}`)
	}
})

test('the PIN is in no log, at debug level', () => assert.ok(!stack.logs().includes(PIN)))

test('tokens and user actions are in no log, at debug level', () => {
	const [, , signature] = stack.account.DFNS_AUTH_TOKEN.split('.')
	assert.ok(!stack.logs().includes(signature))
})

test('the PIN is in no file of ours', () => {
	for (const name of readdirSync(stack.dir)) {
		const path = stack.path(name)
		if (path !== pinFile && statSync(path).isFile()) assert.ok(!readFileSync(path, 'latin1').includes(PIN), name)
	}
})

test('databases, secret and token file are readable by their owner only', () => {
	for (const name of ['server.db', 'keys.db', 'server.secret', 'account.env'])
		assert.equal(statSync(stack.path(name)).mode & 0o077, 0, name)
})

test('a PIN file that others may read is refused', async () => {
	const open = stack.path('open-pin')
	writeFileSync(open, PIN, { mode: 0o644 })
	const driver = await stack.spawnDriver({ name: 'by-open-file', pin: null, args: ['--pin-file', open] })
	driver.whenReady().catch(() => {})
	assert.notEqual((await driver.ended()).code, 0)
	assert.match(driver.log, /open-pin/)
})
