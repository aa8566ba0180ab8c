// SPDX-License-Identifier: Apache-2.0
// Callers of the Crypto API at several servers of one database: a session counts at each of them, and its end within two seconds.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { inTime } from '../../e2e/pace.mjs'
import { Stack, holdfast, succeed } from '../../e2e/stack.mjs'
import { request } from '../../e2e/raw.mjs'

const FRESH_MS = 2000
const PASSWORD = 'correct horse battery staple'
let stack
const basic = (user, secret) => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
const admin = basic('admin@bank.example', PASSWORD)
const call = (server, method, path, as, body) => request(stack, { method, path, body, port: stack.servers[server].ports.crypto, auth: false, headers: { authorization: as } })

before(async () => {
	stack = await Stack.start({ engine: 'postgres', servers: 2, drivers: 0 })
	writeFileSync(stack.path('password'), PASSWORD, { mode: 0o600 })
	await succeed([holdfast, 'server', 'crypto-admin', ...stack.serverDatabase, '--email', 'admin@bank.example', '--password-file', stack.path('password')])
})
after(() => stack?.stop())

test('a session of one server is good at another, and a new secret ends it there too, within two seconds', async () => {
	const { body: app } = await call(0, 'POST', '/sys/v1/apps', admin, { name: 'payments' })
	const at = `/sys/v1/apps/${app.app_id}`
	const { body: { credential } } = await call(1, 'GET', `${at}/credential`, admin)
	const key = basic(app.app_id, credential.secret)
	const { body: { access_token } } = await call(0, 'POST', '/sys/v1/session/auth', key)
	const as = `Bearer ${access_token}`
	for (const server of [0, 1]) for (const one of [as, key]) assert.equal((await call(server, 'GET', at, one)).status, 200)
	assert.equal((await call(0, 'POST', `${at}/reset_secret`, admin)).status, 200)
	for (const one of [as, key]) assert.equal((await call(0, 'GET', at, one)).status, 401)
	const began = performance.now()
	for (const one of [as, key]) for (let left = 200; left > 0 && (await call(1, 'GET', at, one)).status !== 401; left--) await sleep(50)
	inTime(performance.now() - began, FRESH_MS + 300)
	for (const one of [as, key]) assert.equal((await call(1, 'GET', at, one)).status, 401)
})
