// SPDX-License-Identifier: Apache-2.0
// What the clients saw: every request, every attempt at it, every answer, with the time. Nothing is interpreted here.
//
//   request  { n, kind: 'key' | 'signature', via, asked, externalId, keyId, publicKey, body, message, persists, attempts: [attempt], done }
//   attempt  { server, stage: 'action' | 'request' | 'poll', began, ended, status, body } or, without an answer, { …, error }
//
// Times are milliseconds since the run began, by a clock that nothing sets.
import { performance } from 'node:perf_hooks'

export class History {
	requests = []
	began = performance.now()

	now() {
		return Math.round((performance.now() - this.began) * 10) / 10
	}

	open(request) {
		const entry = { ...request, n: this.requests.length, attempts: [] }
		this.requests.push(entry)
		return entry
	}

	/** One exchange: what `ask` answers, { status, body }, or its failure, goes on record. Returns the attempt. */
	async attempt(request, server, stage, ask) {
		const attempt = { server, stage, began: this.now() }
		request.attempts.push(attempt)
		try {
			Object.assign(attempt, await ask())
		} catch (error) {
			attempt.error = `${error.code ?? error.name}: ${error.message}`
		}
		attempt.ended = this.now()
		return attempt
	}
}

/** A challenge whose time was over when it came back, since a clock was set meanwhile. */
export const isOutdated = ({ status, body }) => status === 400 && /has expired/.test(body?.error?.message ?? body?.message)
export const isSettled = (body) => body && body.status !== 'Executing' && body.status !== 'Creating'
/** The answers that name a signature request or a key: the server has taken it on. */
export const isAccepted = (attempt) => attempt.status >= 200 && attempt.status < 300 && attempt.stage !== 'action' && Boolean(attempt.body?.id)
