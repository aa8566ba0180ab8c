// SPDX-License-Identifier: Apache-2.0
// Every mutating request is signed by its caller's credential, and that signature is good for this one request only.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'

import { Stack } from './stack.mjs'
import { answerTo, challengeOf, request, signedRequest, userAction } from './raw.mjs'

const body = { scheme: 'EdDSA', curve: 'ed25519' }
let stack

before(async () => {
	stack = await Stack.start()
})
after(() => stack?.stop())

const keyCount = async () => (await request(stack, { path: '/keys?limit=200' })).body.items.length

async function isRefused(answer, ...statuses) {
	assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.text}`)
	assert.ok(answer.body.error.message.length > 0)
}

test('a mutating request without a user action is refused, and nothing is made', async () => {
	const before = await keyCount()
	await isRefused(await request(stack, { method: 'POST', path: '/keys', body }), 403)
	assert.equal(await keyCount(), before)
})

test('a user action is good for one request only', async () => {
	const action = await userAction(stack, 'POST', '/keys', JSON.stringify(body))
	const post = () => request(stack, { method: 'POST', path: '/keys', body, headers: { 'x-dfns-useraction': action } })
	assert.equal((await post()).status, 200)
	const before = await keyCount()
	await isRefused(await post(), 400, 403)
	assert.equal(await keyCount(), before)
})

test('of two requests at once with one user action, one is done', async () => {
	const action = await userAction(stack, 'POST', '/keys', JSON.stringify(body))
	const post = () => request(stack, { method: 'POST', path: '/keys', body, headers: { 'x-dfns-useraction': action } })
	const statuses = (await Promise.all([post(), post(), post(), post()])).map((answer) => answer.status).sort()
	assert.equal(statuses.filter((status) => status === 200).length, 1, `${statuses}`)
})

test('a user action for one body does not carry another', async () =>
	isRefused(await signedRequest(stack, 'POST', '/keys', body, { sent: { scheme: 'ECDSA', curve: 'secp256k1' } }), 400, 403))

test('a body that means the same in other words is accepted', async () => {
	const sent = ' {"curve":"ed25519",\n"scheme":"EdD\\u0053A"} '
	assert.equal((await signedRequest(stack, 'POST', '/keys', body, { sent })).status, 200)
})

test('a user action for one path does not open another', async () => {
	const first = (await signedRequest(stack, 'POST', '/keys', body)).body
	const second = (await signedRequest(stack, 'POST', '/keys', body)).body
	const action = await userAction(stack, 'DELETE', `/keys/${first.id}`, '{}')
	await isRefused(await request(stack, { method: 'DELETE', path: `/keys/${second.id}`, body: {}, headers: { 'x-dfns-useraction': action } }), 400, 403)
	assert.equal((await request(stack, { path: `/keys/${second.id}` })).body.status, 'Active')
})

test('a user action for one method does not open another', async () => {
	const key = (await signedRequest(stack, 'POST', '/keys', body)).body
	const action = await userAction(stack, 'PUT', `/keys/${key.id}`, '{}')
	await isRefused(await request(stack, { method: 'DELETE', path: `/keys/${key.id}`, body: {}, headers: { 'x-dfns-useraction': action } }), 400, 403)
})

test('a challenge signed by another key is refused', async () => {
	const { body: challenge } = await challengeOf(stack, 'POST', '/keys', JSON.stringify(body))
	const { privateKey } = generateKeyPairSync('ed25519')
	await isRefused(await answerTo(stack, challenge, { key: privateKey }), 400, 401, 403)
})

test('an answer to another challenge is refused', async () => {
	const first = (await challengeOf(stack, 'POST', '/keys', JSON.stringify(body))).body
	const second = (await challengeOf(stack, 'POST', '/keys', '{}')).body
	await isRefused(await answerTo(stack, { ...first, challenge: second.challenge }), 400, 401, 403)
})

test('client data of another type is refused', async () => {
	const { body: challenge } = await challengeOf(stack, 'POST', '/keys', JSON.stringify(body))
	const clientData = JSON.stringify({ type: 'key.create', challenge: challenge.challenge })
	await isRefused(await answerTo(stack, challenge, { clientData }), 400, 401, 403)
})

test('client data in another order and with more in it is accepted, over its own bytes', async () => {
	const { body: challenge } = await challengeOf(stack, 'POST', '/keys', JSON.stringify(body))
	const clientData = `{"challenge":"${challenge.challenge}","crossOrigin":false, "origin":"https://app.example","type":"key.get"}`
	const answer = await answerTo(stack, challenge, { clientData })
	assert.equal(answer.status, 200, answer.text)
})

test('a challenge identifier that was tampered with is refused', async () => {
	const { body: challenge } = await challengeOf(stack, 'POST', '/keys', JSON.stringify(body))
	for (const at of [5, challenge.challengeIdentifier.length >> 1, challenge.challengeIdentifier.length - 3]) {
		const text = challenge.challengeIdentifier
		const tampered = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
		await isRefused(await answerTo(stack, { ...challenge, challengeIdentifier: tampered }), 400, 401, 403)
	}
})

test('a user action that was made up is refused', async () => {
	for (const action of ['x', 'a.b.c', 'A'.repeat(2000)])
		await isRefused(await request(stack, { method: 'POST', path: '/keys', body, headers: { 'x-dfns-useraction': action } }), 400, 401, 403)
})
