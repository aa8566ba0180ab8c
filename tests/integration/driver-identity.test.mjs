// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { metricOf } from '../e2e/ask.mjs'
import { Stack, root } from '../e2e/stack.mjs'

let stack

const jobsDealt = () => metricOf(stack, 'holdfast_server_jobs_total{event="dealt"}')

before(async () => {
	stack = await Stack.prepare()
	await stack.startServer()
})
after(() => stack?.stop())

test('a driver certificate from another chain is refused in the handshake and logged', async () => {
	const strangers = stack.path('strangers')
	execFileSync(join(root, 'script/pki'), [strangers, 'intruder'])
	const intruder = await stack.spawnDriver({ pki: strangers, cert: 'intruder' })
	intruder.whenReady().catch(() => {})
	await stack.server.logged(/"a TLS handshake failed"[^\n]*CN=intruder[^\n]*was refused/)
	assert.equal(await jobsDealt(), 0)
	await intruder.kill()
})

test('a driver below another intermediate of the same root sees no queue, and is logged', async () => {
	execFileSync(join(root, 'script/pki'), [stack.pki, 'neighbour', 'neighbours'])
	const neighbour = await stack.spawnDriver({ cert: 'neighbour', chain: 'neighbours-chain' })
	neighbour.whenReady().catch(() => {})
	await stack.server.logged(/"level":"warn"[^\n]*neighbour/)
	assert.equal(await jobsDealt(), 0)
	await neighbour.kill()
})

test('the organisation\'s own driver is served', async () => {
	await stack.startDriver()
	const key = await stack.client().keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	assert.equal(key.status, 'Active')
	assert.equal(await jobsDealt(), 1)
})
