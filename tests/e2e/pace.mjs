// SPDX-License-Identifier: Apache-2.0
// Claims about time, on machines that are slow, or have other things to do. A limit is a promise of the product on a machine that has
// time for it: where it was missed, what the machine itself takes longer just now is measured, and the limit is that much wider.
import assert from 'node:assert/strict'
import { createSign, createVerify, generateKeyPairSync } from 'node:crypto'

const ROUNDS = 400
const USUAL_MS = 60 /* for these on a quiet machine */
const MOST = 4 /* beyond that, a limit would say nothing any more */

/** How much longer the same work takes now than on a quiet machine: 1 or more. */
export function slowness() {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
	const began = performance.now()
	for (let i = 0; i < ROUNDS; i++) {
		const signature = createSign('sha256').update(`${i}`).sign(privateKey)
		assert.ok(createVerify('sha256').update(`${i}`).verify(publicKey, signature))
	}
	return Math.min(MOST, Math.max(1, (performance.now() - began) / USUAL_MS))
}

/** What took `ms` was within its limit. */
export function inTime(ms, limitMs, what = 'it') {
	if (ms <= limitMs) return
	const factor = slowness()
	assert.ok(ms <= limitMs * factor, `${what} took ${Math.round(ms)} ms, where ${limitMs} ms are allowed, on a machine ${factor.toFixed(1)} times slower than usual`)
}

/** For what can be done again: of up to three times, one is within the limit. `work` answers how long it took. */
export async function soonEnough(limitMs, work, what = 'it') {
	for (let left = 2; ; left--) {
		const ms = await work()
		if (left === 0 || ms <= limitMs) return inTime(ms, limitMs, what)
	}
}
