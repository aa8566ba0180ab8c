// SPDX-License-Identifier: Apache-2.0
// Webhooks: a real receiver, which checks signatures as one of the official API does, and which is away now and then.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { until } from '../e2e/ask.mjs'
import { Stack } from '../e2e/stack.mjs'

/** Answers what it is told to, and keeps what came. */
class Receiver {
	received = []
	answer = 200

	/** `tls`: certificate and key, for https. */
	async start(tls) {
		const answer = (request, response) => {
			const parts = []
			request.on('data', (part) => parts.push(part))
			request.on('end', () => {
				const body = Buffer.concat(parts)
				this.received.push({ body, headers: request.headers, path: request.url, event: JSON.parse(body) })
				response.writeHead(this.answer, this.answer === 302 ? { location: '/elsewhere' } : {}).end('{}')
			})
		}
		this.server = tls ? https.createServer(tls, answer) : http.createServer(answer)
		await new Promise((done) => this.server.listen(0, '127.0.0.1', done))
		this.url = `${tls ? 'https' : 'http'}://127.0.0.1:${this.server.address().port}/hook`
		return this
	}

	/** The first that fits, from now on or before. */
	async next(fits, waitMs = 30_000) {
		for (const until = Date.now() + waitMs; Date.now() < until; await sleep(25)) {
			const found = this.received.find(({ event }) => fits(event))
			if (found) return found
		}
		assert.fail(`no such event; there are ${this.received.map(({ event }) => `${event.kind} #${event.deliveryAttempt}`).join(', ')}`)
	}

	stop() {
		return new Promise((done) => this.server.close(done))
	}
}

const sign = (secret, body) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
const newKey = (client, name) => client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1', name } })

let stack, client, receiver

before(async () => {
	stack = await Stack.start({ server: { args: ['--webhook-private', '--webhook-retry', '1'] } })
	client = stack.client()
	receiver = await new Receiver().start()
})
after(async () => {
	await receiver?.stop()
	await stack?.stop()
})

test('what happens is told, signed with the secret that was shown once', async () => {
	const webhook = await client.webhooks.createWebhook({ body: { url: receiver.url, events: ['*'], description: 'all of it' } })
	let log, made
	for (const until = Date.now() + 20_000; !made && Date.now() < until; await sleep(100)) {
		log = await stack.holdfast(['audit', 'export', ...stack.serverDatabase])
		made = log.stdout.trim().split('\n').map((line) => JSON.parse(line).entry).find((entry) => entry?.operation === 'Webhooks:Create')
	}
	assert.equal(made?.subjectId, webhook.id, 'the audit log names it')
	assert.ok(!log.stdout.includes(webhook.secret))
	assert.match(webhook.id, /^wh-/)
	assert.equal(webhook.status, 'Enabled')
	const key = await newKey(client, 'told')
	const created = await receiver.next((e) => e.kind === 'key.created' && e.data.key?.id === key.id)
	assert.equal(created.headers['x-dfns-webhook-signature'], sign(webhook.secret, created.body))
	assert.ok(Math.abs(created.event.timestampSent - Date.now() / 1000) < 30)
	assert.equal(created.event.deliveryAttempt, 1)

	const signature = await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: randomBytes(32).toString('hex') } })
	const signed = await receiver.next((e) => e.kind === 'wallet.signature.signed' && e.data.signatureRequest?.id === signature.id)
	assert.equal(signed.event.data.signatureRequest.status, 'Signed')

	const shown = await client.webhooks.getWebhook({ webhookId: webhook.id })
	assert.equal(shown.secret, undefined)
	assert.deepEqual(shown.events, ['*'])
	let listed /* the outcome is written after the answer came */
	for (const until = Date.now() + 10_000; !listed && Date.now() < until; await sleep(50)) {
		const { items } = await client.webhooks.listWebhookEvents({ webhookId: webhook.id, query: { kind: 'key.created', deliveryFailed: 'false' } })
		listed = items.find((e) => e.id === created.event.id)
	}
	assert.equal(listed?.status, '200')
	const one = await client.webhooks.getWebhookEvent({ webhookId: webhook.id, webhookEventId: created.event.id })
	assert.deepEqual(one.data, created.event.data)
	assert.deepEqual(await client.webhooks.deleteWebhook({ webhookId: webhook.id }), { deleted: true })
})

test('a ping is answered with what the target said, and is not kept', async () => {
	const webhook = await client.webhooks.createWebhook({ body: { url: receiver.url, events: ['key.created'] } })
	assert.equal((await client.webhooks.pingWebhook({ webhookId: webhook.id })).status, '200')
	const ping = await receiver.next((e) => e.kind === 'ping')
	assert.equal(ping.headers['x-dfns-webhook-signature'], sign(webhook.secret, ping.body))
	receiver.answer = 500
	assert.equal((await client.webhooks.pingWebhook({ webhookId: webhook.id })).status, '500')
	receiver.answer = 200
	await client.webhooks.updateWebhook({ webhookId: webhook.id, body: { url: 'http://127.0.0.1:1/' } })
	const away = await client.webhooks.pingWebhook({ webhookId: webhook.id })
	assert.equal(away.status, '0')
	assert.ok(away.error)
	assert.deepEqual((await client.webhooks.listWebhookEvents({ webhookId: webhook.id })).items, [])
	await client.webhooks.deleteWebhook({ webhookId: webhook.id })
})

test('a delivery that fails is tried again as a new event; redirects are not followed', async () => {
	const webhook = await client.webhooks.createWebhook({ body: { url: receiver.url, events: ['key.created'] } })
	receiver.answer = 302
	const key = await newKey(client, 'tried twice')
	const first = await receiver.next((e) => e.data.key?.id === key.id)
	receiver.answer = 200
	const second = await receiver.next((e) => e.data.key?.id === key.id && e.deliveryAttempt === 2)
	assert.equal(second.event.retryOf, first.event.id)
	assert.notEqual(second.event.id, first.event.id)
	assert.ok(receiver.received.every(({ path }) => path === '/hook'))
	const { items } = await client.webhooks.listWebhookEvents({ webhookId: webhook.id, query: { deliveryFailed: 'true' } })
	assert.deepEqual(items.map((e) => [e.id, e.status]), [[first.event.id, '302']])
	await client.webhooks.deleteWebhook({ webhookId: webhook.id })
})

test('events outlive the server', async () => {
	const webhook = await client.webhooks.createWebhook({ body: { url: receiver.url, events: ['key.created'] } })
	receiver.answer = 503
	const key = await newKey(client, 'while it was down')
	const { event: first } = await receiver.next((e) => e.data.key?.id === key.id)
	await until(async () => (await client.webhooks.listWebhookEvents({ webhookId: webhook.id })).items.some((e) => e.id === first.id && e.status === '503'))
	await stack.server.kill()
	const before = receiver.received.length
	receiver.answer = 200
	await stack.startServer({ args: ['--webhook-private', '--webhook-retry', '1'] })
	await until(() => receiver.received.slice(before).some(({ event }) => event.data.key?.id === key.id), 70_000) /* what was on its way is sent again after a minute */
	client = stack.client()
	await client.webhooks.deleteWebhook({ webhookId: webhook.id })
})

test('disabled webhooks are told nothing, and bodies are read strictly', async () => {
	const webhook = await client.webhooks.createWebhook({ body: { url: receiver.url, events: ['key.created'], status: 'Disabled' } })
	const key = await newKey(client, 'untold')
	await sleep(1200)
	assert.ok(!receiver.received.some(({ event }) => event.data.key?.id === key.id))
	await client.webhooks.deleteWebhook({ webhookId: webhook.id })
	for (const body of [{ url: 'ftp://a/', events: ['*'] }, { url: receiver.url, events: [] }, { url: receiver.url, events: ['*', 'key.created'] },
		{ url: receiver.url, events: ['no.such'] }, { url: 'https://u:p@example.com/', events: ['*'] }, { url: receiver.url, events: ['*'], more: 1 }]) {
		await assert.rejects(client.webhooks.createWebhook({ body }), { httpStatus: 400 })
	}
	await assert.rejects(client.webhooks.getWebhook({ webhookId: webhook.id }), { httpStatus: 404 })
})

test('a target needs a certificate of an authority that the operator trusts', async () => {
	const file = (name) => readFileSync(join(stack.pki, name))
	const secure = await new Receiver().start({ cert: file('api.pem'), key: file('api-key.pem') })
	const ping = async () => {
		const webhook = await client.webhooks.createWebhook({ body: { url: secure.url, events: ['*'] } })
		const answer = await client.webhooks.pingWebhook({ webhookId: webhook.id })
		await client.webhooks.deleteWebhook({ webhookId: webhook.id })
		return answer
	}
	try {
		const refused = await ping() /* by the system's authorities */
		assert.equal(refused.status, '0')
		assert.match(refused.error, /certificate|SSL/)
		await stack.server.stop()
		await stack.startServer({ args: ['--webhook-private', '--webhook-ca', join(stack.pki, 'root.pem')] })
		client = stack.client()
		assert.equal((await ping()).status, '200')
	} finally {
		await secure.stop()
	}
})

test('a server that was not told otherwise sends nothing to this machine', async () => {
	const strict = await Stack.start({ drivers: 0 })
	try {
		const careful = strict.client()
		await assert.rejects(careful.webhooks.createWebhook({ body: { url: receiver.url, events: ['*'] } }), { httpStatus: 400 })
		const port = receiver.server.address().port
		const before = receiver.received.length
		for (const host of ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '2130706433', '10.0.0.1', '169.254.169.254']) {
			await assert.rejects(careful.webhooks.createWebhook({ body: { url: `https://${host}:${port}/`, events: ['*'] } }), { httpStatus: 400 }, host)
		}
		/* a name that is looked up only when it is used: this machine's own */
		const webhook = await careful.webhooks.createWebhook({ body: { url: `https://${hostname()}:${port}/`, events: ['*'] } })
		assert.equal((await careful.webhooks.pingWebhook({ webhookId: webhook.id })).status, '0')
		assert.equal(receiver.received.length, before)
	} finally {
		await strict.stop()
	}
})
