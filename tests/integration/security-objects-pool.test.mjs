// SPDX-License-Identifier: Apache-2.0
// The life of security objects in a group on a pool of drivers: server, driver and SoftHSM2, all real.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { Dsm } from '../e2e/dsm.mjs'
import { Stack } from '../e2e/stack.mjs'

const EMAIL = 'anna@bank.example', PASSWORD = 'a long password of the administrator'
let stack, app, group

before(async () => {
	const dsm = new Dsm()
	stack = dsm.stack = await Stack.prepare({})
	writeFileSync(stack.path('password'), PASSWORD, { mode: 0o600 })
	const made = await stack.holdfast(['server', 'crypto-admin', ...stack.serverDatabase, '--email', EMAIL, '--password-file', stack.path('password')], { pin: null })
	assert.equal(made.code, 0, made.stderr)
	await stack.startServer()
	await stack.startDriver()
	const stores = await stack.holdfast(['server', 'store', 'list', ...stack.serverDatabase], { pin: null })
	dsm.admin = await dsm.session(EMAIL, PASSWORD)
	group = dsm.group = (await dsm.admin.succeed('POST', '/sys/v1/groups', { name: 'pool', key_store: stores.stdout.match(/store-[0-9a-z-]+/)[0] })).group_id
	app = await dsm.newApp({ name: 'app' })
})
after(() => stack?.stop())

const make = (name, more = {}) => app.succeed('POST', '/crypto/v1/keys', { name, obj_type: 'AES', key_size: 256, group_id: group, ...more })
const encrypt = (key) => app.call('POST', '/crypto/v1/encrypt', { key, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'aGVsbG8=' })
const info = (key) => app.succeed('POST', '/crypto/v1/keys/info', key)

test('keys are made, used, rotated and renamed', async () => {
	const first = await make('aes')
	assert.deepEqual([first.external, first.origin, first.state], [undefined, 'FortanixHSM', 'Active'])
	assert.equal((await encrypt({ name: 'aes' })).status, 200)
	const next = await app.succeed('POST', '/crypto/v1/keys/rekey', { name: 'aes', deactivate_rotated_key: true })
	assert.equal(next.links.replaced, first.kid)
	assert.equal((await info({ kid: first.kid })).state, 'Deactivated')
	assert.equal((await app.succeed('PATCH', `/crypto/v1/keys/${next.kid}`, { name: 'renamed' })).name, 'renamed')
	assert.equal((await encrypt({ name: 'renamed' })).body.kid, next.kid)
})

test('keys are imported, exported and copied where they may leave', async () => {
	const key_ops = ['ENCRYPT', 'DECRYPT', 'EXPORT', 'APPMANAGEABLE'], value = Buffer.alloc(32, 3).toString('base64')
	const imported = await app.succeed('PUT', '/crypto/v1/keys', { name: 'imported', obj_type: 'AES', value, key_ops, group_id: group })
	assert.equal(imported.key_size, 256)
	assert.equal((await app.succeed('POST', '/crypto/v1/keys/export', { name: 'imported' })).value, value)
	const copy = await app.succeed('POST', '/crypto/v1/keys/copy', { key: { name: 'imported' }, name: 'copy' })
	assert.deepEqual([copy.links.copiedFrom, (await app.succeed('POST', '/crypto/v1/keys/export', { kid: copy.kid })).value], [imported.kid, value])
})

test('what is destroyed is gone, whatever the group says of its changes', async () => {
	const key = await make('ends'), pair = await make('pair', { obj_type: 'EC', key_size: undefined, elliptic_curve: 'NistP256' })
	assert.equal((await app.call('POST', `/crypto/v1/keys/${key.kid}/destroy`)).status, 204)
	assert.equal((await info({ name: 'ends' })).state, 'Destroyed')
	assert.equal((await encrypt({ kid: key.kid })).status, 400)
	assert.equal((await app.call('DELETE', `/crypto/v1/keys/${pair.kid}/private`)).status, 204)
	assert.equal((await info({ kid: pair.kid })).public_only, true)
	assert.equal((await app.call('DELETE', `/crypto/v1/keys/${pair.kid}`)).status, 204)
	assert.equal((await app.call('GET', `/crypto/v1/keys/${pair.kid}`)).status, 404)
})
