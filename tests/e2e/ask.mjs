// SPDX-License-Identifier: Apache-2.0
// What many tests ask of running programs: how they are, what they count, and whether a signature comes.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { sha256, verifySecp256k1 } from './verify.mjs'

/** Waits for what is to happen soon. `ms` is how long a loaded machine may take for it. */
export async function until(condition, ms = 60_000) {
	for (const late = Date.now() + ms; !(await condition()); await sleep(10)) assert.ok(Date.now() < late, `never: ${condition}`)
}

/** GET /health of a program that has ports.health: { status, text }. */
export async function healthOf({ ports }) {
	const response = await fetch(`http://127.0.0.1:${ports.health}/health`)
	return { status: response.status, text: await response.text() }
}

/** The value of the metric of exactly this name, with its labels; NaN when there is none. */
export async function metricOf({ ports }, name) {
	const text = await (await fetch(`http://127.0.0.1:${ports.health}/metrics`)).text()
	return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ').pop())
}

/** What came of a signature request. One that no driver is done with for 20 s is answered with `Executing`, and asked for again. */
export async function settled(client, request, look = (signatureId) => client.keys.getSignature({ keyId: request.keyId, signatureId })) {
	await until(async () => {
		if (request.status === 'Executing') request = await look(request.id)
		return request.status !== 'Executing'
	})
	return request
}

/** Does `work`, for which no job is to wait until its lease ends: it takes less than `limitMs`, or, on a machine that has other
 * things to do, no lease has ended meanwhile at any of the servers. */
export async function waitsForNoLease(servers, limitMs, work) {
	const expired = async () => Promise.all(servers.map((server) => metricOf(server, 'holdfast_server_jobs_total{event="expired"}')))
	const before = await expired(), began = Date.now()
	await work()
	const ms = Date.now() - began
	if (ms > limitMs) assert.deepEqual(await expired(), before, `it took ${ms} ms, and waited for a lease`)
}

/** Has `text` signed by a secp256k1 key, and checks the signature. */
export async function hasSigned(client, key, text) {
	const message = Buffer.from(text)
	const request = await settled(client, await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } }))
	assert.equal(request.status, 'Signed', JSON.stringify(request))
	assert.ok(verifySecp256k1(key.publicKey, message, request.signature))
}
