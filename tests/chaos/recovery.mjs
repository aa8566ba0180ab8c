// SPDX-License-Identifier: Apache-2.0
// How long it took until work flowed again, from what the clients saw and the drivers counted.
import { setTimeout as sleep } from 'node:timers/promises'

import { isSettled } from './history.mjs'

const LOOK_MS = 25

const BURST_EVERY_MS = 200
const BURST = 6

/** Milliseconds from now until this driver has done a job more; undefined if it has not within `patienceMs`. So that it is not for want of
 * work, more than the others can take at once is asked for meanwhile. */
export async function untilDriverWorks(driver, history, clients, patienceMs) {
	const began = history.now()
	const before = (await driver.jobsDone()) ?? 0
	let burstAt = 0
	while (history.now() - began < patienceMs) {
		if (history.now() - burstAt > BURST_EVERY_MS) {
			clients.burst(BURST)
			burstAt = history.now()
		}
		const done = await driver.jobsDone()
		if (done !== undefined && done > before) return history.now() - began
		await sleep(LOOK_MS)
	}
	return undefined
}

const completions = (history, accept) => history.requests.flatMap((request) =>
	request.attempts.filter((a) => a.status === 200 && a.body?.status === 'Signed' && isSettled(a.body) && accept(a)).map((a) => a.ended))

/** Milliseconds from `at` until a client was told of a signature, by the servers that `accept` takes. */
export function untilNextSignature(history, at, accept = () => true) {
	const after = completions(history, accept).filter((ended) => ended > at)
	return after.length ? Math.min(...after) - at : undefined
}

/** Of the requests that were under way at `at`: the longest time from then to an answer. It bounds how long a dead driver's jobs took. */
export function untilTakenOver(history, at) {
	const answers = history.requests.filter((request) => request.kind === 'signature' && request.attempts[0]?.began < at)
		.map((request) => request.attempts.find((a) => a.status === 200 && isSettled(a.body))?.ended)
	const late = answers.filter((ended) => ended > at).map((ended) => ended - at)
	return late.length ? Math.max(...late) : undefined
}

export function percentile(values, p) {
	const sorted = [...values].sort((a, b) => a - b)
	return sorted[Math.max(0, Math.ceil((sorted.length * p) / 100) - 1)]
}
