// SPDX-License-Identifier: Apache-2.0
// Applications: they make keys and ask for signatures, through any of the servers, with the official client and with plain HTTPS.
// Most do what an application should: give an externalId, and after a failure ask again with it, of any server, until there is an
// answer. Some ask once and take what comes.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { DfnsError } from '../e2e/stack.mjs'
import { sha256 } from '../e2e/verify.mjs'
import { signedBy } from './https.mjs'
import { isAccepted, isOutdated, isSettled } from './history.mjs'
import { Random } from './random.mjs'

/** An application's patience with one answer: longer than the 20 s for which a server holds a request would only add waiting. */
const ANSWER_MS = 8000
const RETRY_MS = [100, 600]
const KEYS_SHARE = 0.03
/** More than all drivers take at once. */
const WAITING_MAX = 100

export class Clients {
	#stopping = false
	#gaveUp = false
	#workers = []
	keys = []

	constructor({ world, history, seed, perSecond, workers = 8 }) {
		Object.assign(this, { world, history, seed, perSecond, workers })
		this.random = new Random(seed, 'clients')
	}

	/** The keys that everything begins with. */
	async makeKeys(count) {
		for (let i = 0; i < count; i++) await this.makeKey(new Random(this.seed, `first keys ${i}`))
		if (this.keys.length < count) throw new Error('the first keys could not be made, before any fault')
	}

	start() {
		for (let i = 0; i < this.workers; i++) this.#workers.push(this.#work(new Random(this.seed, `worker ${i}`)))
	}

	/** So many more at once, unless many wait already: a slow machine is not to be buried under what is asked again and again. */
	burst(count) {
		if (this.#stopping || this.history.requests.filter((request) => request.persists && !request.done).length > WAITING_MAX) return
		for (let i = 0; i < count; i++) this.#workers.push(this.sign(new Random(this.seed, `burst ${this.history.requests.length}`)))
	}

	/** No new requests; those that are under way go on. */
	stop() {
		this.#stopping = true
	}

	/** Waits until all requests have an answer, or says how many never got one. */
	async finish(patienceMs) {
		this.stop()
		const timer = setTimeout(() => (this.#gaveUp = true), patienceMs)
		await Promise.all(this.#workers)
		clearTimeout(timer)
		return !this.#gaveUp
	}

	async #work(random) {
		await sleep(random.between(0, 1000 / this.perSecond))
		while (!this.#stopping) {
			const began = this.history.now()
			if (random.chance(KEYS_SHARE)) await this.makeKey(random)
			else await this.sign(random)
			const pause = (random.between(0.5, 1.5) * 1000 * this.workers) / this.perSecond - (this.history.now() - began)
			if (pause > 0 && !this.#stopping) await sleep(pause)
		}
	}

	async makeKey(random) {
		const body = { scheme: 'ECDSA', curve: 'secp256k1' }
		const request = this.history.open({ kind: 'key', via: random.chance(0.5) ? 'sdk' : 'https', body, persists: true })
		await this.#pursue(request, random, (server) => request.via === 'sdk'
			? asHttp(() => server.client.keys.createKey({ body }))
			: signedBy(this.world, server, 'POST', '/keys', body, ANSWER_MS))
		if (request.done?.publicKey) this.keys.push({ id: request.done.id, publicKey: request.done.publicKey })
		return request
	}

	async sign(random, key = random.pick(this.keys)) {
		const message = randomBytes(16).toString('hex')
		const externalId = random.chance(0.85) ? `chaos-${this.seed}-${this.history.requests.length}` : undefined
		const body = { kind: 'Hash', hash: sha256(Buffer.from(message, 'hex')).toString('hex'), ...(externalId && { externalId }) }
		const request = this.history.open({ kind: 'signature', via: random.chance(0.5) ? 'sdk' : 'https', keyId: key.id, publicKey: key.publicKey, message,
			externalId, body, persists: Boolean(externalId) && random.chance(0.9) })
		/* Now and then somebody else asks for the very same at the same time: a retry that overtakes, an application that runs twice. */
		const twin = externalId && random.chance(0.1) ? [this.history.open({ ...request, attempts: undefined })] : []
		await Promise.all([request, ...twin].map((one) => this.#signed(one, random)))
	}

	async #signed(request, random) {
		const { keyId, body } = request
		await this.#pursue(request, random, (server) => request.via === 'sdk'
			? asHttp(() => server.client.keys.generateSignature({ keyId, body }))
			: signedBy(this.world, server, 'POST', `/keys/${keyId}/signatures`, body, ANSWER_MS))
		if (request.done?.id && random.chance(0.2)) await this.#look(request, request.done.id, random)
	}

	#look(request, id, random) {
		const server = random.pick(this.world.servers)
		const path = request.kind === 'key' ? `/keys/${id}` : `/keys/${request.keyId}/signatures/${id}`
		return this.history.attempt(request, server.name, 'poll', () => inTime(server.get(path)))
	}

	/** Attempts until there is an answer that stands. Each key that is asked for twice may be made twice: POST /keys has no externalId. */
	async #pursue(request, random, ask) {
		while (!request.done && !this.#gaveUp) {
			const server = random.pick(this.world.servers)
			const attempt = await this.history.attempt(request, server.name, 'request', () => inTime(ask(server)))
			if (isAccepted(attempt)) await this.#settle(request, attempt.body, random)
			else if (isRefusal(attempt)) request.done = { refused: attempt.status }
			if (!request.persists) break
			if (!request.done) await sleep(random.between(...RETRY_MS))
		}
	}

	async #settle(request, body, random) {
		while (!isSettled(body) && !this.#gaveUp) {
			await sleep(random.between(...RETRY_MS))
			const attempt = await this.#look(request, body.id, random)
			if (attempt.status === 200) body = attempt.body
		}
		if (isSettled(body)) request.done = body
	}
}

/** Said about the request itself: asking again would change nothing. */
const isRefusal = (attempt) => attempt.status >= 400 && attempt.status < 500 && ![401, 403, 408, 429].includes(attempt.status) && !isOutdated(attempt)

const asHttp = (call) => call().then((body) => ({ status: 200, body }), (error) => {
	if (error instanceof DfnsError) return { status: error.httpStatus, body: { message: error.message, ...error.context?.body } }
	throw error
})

async function inTime(promise) {
	const late = new AbortController()
	promise.catch(() => {})
	const timeout = sleep(ANSWER_MS, undefined, { signal: late.signal }).then(() => {
		throw Object.assign(new Error(`no answer in ${ANSWER_MS} ms`), { code: 'LATE' })
	})
	timeout.catch(() => {})
	try {
		return await Promise.race([promise, timeout])
	} finally {
		late.abort()
	}
}
