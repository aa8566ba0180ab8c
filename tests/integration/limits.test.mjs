// SPDX-License-Identifier: Apache-2.0
// Rate limits: of a token, of an address with bad tokens, of an address without one. Each says when to try again, and is counted.
import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { after, before, test } from 'node:test'

import { DfnsError, Stack } from '../e2e/stack.mjs'
import { request } from '../e2e/raw.mjs'

const RATE = 5 /* few enough that every machine asks more often */
const LOGIN_RATE = 5
/* Connections are kept: they cost more than the requests, and what is slow is not refused. */
const agent = new https.Agent({ keepAlive: true, maxSockets: 8 })
let stack

before(async () => {
	stack = await Stack.prepare()
	await stack.startServer({ args: ['--rate-limit', `${RATE}`, '--login-rate', `${LOGIN_RATE}`] })
})
after(() => {
	agent.destroy()
	return stack?.stop()
})

const wait = (ms) => new Promise((done) => setTimeout(done, ms))
const ask = (options) => request(stack, { path: '/keys', tls: { agent }, ...options })
const burst = (n) => Promise.all(Array.from({ length: n }, () => ask()))
const of = (answers, status) => answers.filter((answer) => answer.status === status)

function isTooMany(answer, words) {
	assert.equal(answer.status, 429)
	assert.match(answer.headers['retry-after'], /^[1-9][0-9]*$/)
	assert.equal(answer.body.error.status, 429)
	assert.match(answer.body.error.message, words)
	assert.ok(answer.body.error.id)
}

const metric = (limit) => new Promise((done, failed) => http.get({ host: '127.0.0.1', port: stack.ports.health, path: '/metrics' }, async (answer) => {
	let text = ''
	for await (const part of answer) text += part
	done(Number(text.match(new RegExp(`^holdfast_server_limited_total\\{limit="${limit}"\\} ([0-9]+)$`, 'm'))?.[1]))
}).on('error', failed))

test('a token may ask so often in a second, then it is told when to come back', async () => {
	const began = performance.now(), answers = await burst(8 * RATE), seconds = (performance.now() - began) / 1000
	const answered = of(answers, 200).length, refused = of(answers, 429).length
	assert.ok(answered >= RATE, `${answered} answered`)
	assert.ok(answered <= RATE * (1 + seconds) + 1, `${answered} answered in ${seconds} s`)
	assert.equal(answered + refused, 8 * RATE)
	isTooMany(of(answers, 429)[0], /a token may make 5 in a second/)
	assert.equal(await metric('caller'), of(answers, 429).length)
	await wait(1100)
	assert.equal((await ask()).status, 200)
})

test('the official client sees an error of its own kind', async () => {
	const client = stack.client()
	await assert.rejects(async () => {
		for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 4 * RATE }, () => client.keys.listKeys()))
	}, (error) => error instanceof DfnsError && error.httpStatus === 429)
	await wait(1100)
})

test('an address with bad tokens is refused before they are looked at; who is known there is not', async () => {
	const bad = () => ask({ auth: false, headers: { authorization: 'Bearer a.b.c' } })
	const answers = []
	for (let i = 0; i < LOGIN_RATE + 3; i++) answers.push(await bad())
	assert.equal(of(answers, 401).length, LOGIN_RATE)
	isTooMany(answers.at(-1), /tokens that are not valid/)
	assert.equal((await ask()).status, 200)
	assert.equal(await metric('failures'), 3)
})

test('an address may ask so often without a token', async () => {
	const open = () => ask({ method: 'POST', path: '/auth/login/init', auth: false, body: { username: 'nobody@example.com', orgId: stack.account.DFNS_ORG_ID } })
	const answers = []
	for (let i = 0; i < LOGIN_RATE + 3; i++) answers.push(await open())
	assert.equal(of(answers, 429).length, 3)
	isTooMany(answers.at(-1), /an address may make 5 in a minute without a token/)
	assert.equal((await ask()).status, 200)
	assert.equal(await metric('open'), 3)
})
