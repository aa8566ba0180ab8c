// SPDX-License-Identifier: Apache-2.0
// Security objects in a pool of drivers: the same calls as on a slot, but each key is a wrapped record in the drivers' database, and
// each operation a job of the queue. Server, driver and SoftHSM2 are all real.
import assert from 'node:assert/strict'
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { Dsm } from '../e2e/dsm.mjs'
import { softhsm, Stack } from '../e2e/stack.mjs'

const EMAIL = 'admin@bank.example', PASSWORD = 'a long password of the administrator'
let dsm, stack, driver

before(async () => {
	stack = await Stack.prepare({ master: true })
	dsm = Object.assign(new Dsm(), { stack })
	writeFileSync(stack.path('password'), PASSWORD, { mode: 0o600 })
	const made = await stack.holdfast(['server', 'crypto-admin', ...stack.serverDatabase, '--email', EMAIL, '--password-file', stack.path('password')], { pin: null })
	assert.equal(made.code, 0, made.stderr)
	await stack.startServer()
	driver = await stack.startDriver()
	dsm.admin = await dsm.session(EMAIL, PASSWORD)
	dsm.group = (await dsm.admin.succeed('POST', '/sys/v1/groups', { name: 'pool' })).group_id
	dsm.app = await dsm.newApp({ name: 'app' })
})
after(() => stack?.stop())

const succeed = (path, body) => dsm.app.succeed('POST', path, body)

test('an AES key of a pool encrypts and decrypts', async () => {
	const key = await dsm.generateKey({ name: 'aes', obj_type: 'AES', key_size: 256 })
	assert.equal(key.key_size, 256)
	const plain = randomBytes(1000).toString('base64')
	const sealed = await succeed('/crypto/v1/encrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', tag_len: 128, ad: 'YWQ=', plain })
	const opened = await succeed('/crypto/v1/decrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', cipher: sealed.cipher, iv: sealed.iv, tag: sealed.tag, ad: 'YWQ=' })
	assert.equal(opened.plain, plain)
	const wrong = await dsm.app.post('/crypto/v1/decrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', cipher: sealed.cipher, iv: sealed.iv, tag: sealed.tag, ad: 'YWU=' })
	assert.ok(wrong.status >= 400 && wrong.status < 500, wrong.text)
})

test('an EC key of a pool signs, and the signature is good', async () => {
	const key = await dsm.generateKey({ name: 'ec', obj_type: 'EC', elliptic_curve: 'NistP256' })
	const hash = createHash('sha256').update('a message').digest()
	const { signature } = await succeed('/crypto/v1/sign', { key: { kid: key.kid }, hash_alg: 'SHA256', hash: hash.toString('base64') })
	const publicKey = createPublicKey({ key: Buffer.from(key.pub_key, 'base64'), format: 'der', type: 'spki' })
	assert.ok(verify('sha256', Buffer.from('a message'), publicKey, Buffer.from(signature, 'base64')))
})

test('a key may only do in the HSM what it was made for', async () => {
	const key = await dsm.generateKey({ name: 'one way', obj_type: 'AES', key_size: 128, key_ops: ['ENCRYPT', 'APPMANAGEABLE'] })
	const answer = await dsm.app.post('/crypto/v1/decrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'CBC', iv: Buffer.alloc(16).toString('base64'), cipher: Buffer.alloc(16).toString('base64') })
	assert.equal(answer.status, 403, answer.text)
})

test('a key is imported, exported where that is allowed, wrapped and unwrapped', async () => {
	const value = randomBytes(32).toString('base64')
	const imported = await dsm.importKey({ name: 'imported', obj_type: 'AES', value, key_ops: ['ENCRYPT', 'DECRYPT', 'EXPORT', 'APPMANAGEABLE'] })
	const exported = await succeed('/crypto/v1/keys/export', { kid: imported.kid })
	assert.equal(exported.value, value)
	const wrapper = await dsm.generateKey({ name: 'wrapper', obj_type: 'AES', key_size: 256, key_ops: ['WRAPKEY', 'UNWRAPKEY', 'APPMANAGEABLE'] })
	const wrapped = await succeed('/crypto/v1/wrapkey', { key: { kid: wrapper.kid }, subject: { kid: imported.kid }, alg: 'AES', mode: 'KW' })
	const back = await succeed('/crypto/v1/unwrapkey', { key: { kid: wrapper.kid }, alg: 'AES', mode: 'KW', obj_type: 'AES', wrapped_key: wrapped.wrapped_key,
		name: 'back', group_id: dsm.group, key_ops: ['ENCRYPT', 'DECRYPT', 'EXPORT', 'APPMANAGEABLE'] })
	assert.equal((await succeed('/crypto/v1/keys/export', { kid: back.kid })).value, value)
})

test('a key that is destroyed leaves no record behind', async () => {
	const key = await dsm.generateKey({ name: 'gone', obj_type: 'AES', key_size: 256 })
	await dsm.app.succeed('POST', `/crypto/v1/keys/${key.kid}/destroy`)
	const answer = await dsm.app.post('/crypto/v1/encrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'aGVsbG8=' })
	assert.ok(answer.status >= 400 && answer.status < 500, answer.text)
})

test('db verify knows these keys', async () => {
	const { code, stdout, stderr } = await stack.holdfast(['db', 'verify', '--module', softhsm, '--slot', `label:${stack.tokenLabel}`, '--sqlite-path', stack.keysDb, '--json'])
	assert.equal(code, 0, stdout + stderr)
	const { keys, usable, byMaster } = JSON.parse(stdout)
	assert.equal(keys, usable)
	assert.deepEqual(byMaster.map((line) => line.keyType).sort(), ['AES', 'EC'])
})

test('without a driver the answer says what is missing, and nothing stays queued', async () => {
	const key = await dsm.generateKey({ name: 'alone', obj_type: 'AES', key_size: 256 })
	await driver.stop()
	const answer = await dsm.app.post('/crypto/v1/encrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'aGVsbG8=' })
	assert.ok(answer.status >= 500, `${answer.status} ${answer.text}`)
	assert.match(answer.text, /driver/)
	driver = await stack.startDriver()
	const later = await dsm.app.post('/crypto/v1/encrypt', { key: { kid: key.kid }, alg: 'AES', mode: 'GCM', tag_len: 128, plain: 'aGVsbG8=' })
	assert.equal(later.status, 200, later.text)
})
