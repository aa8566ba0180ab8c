// SPDX-License-Identifier: Apache-2.0
// The HSM answers device errors for a while: the driver gives its jobs back, takes no more, says so, and works again within a second of the
// HSM's return.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'

import { inTime, soonEnough } from '../e2e/pace.mjs'
import { Stack } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

const RESUME_MS = 1000
const SLACK_MS = 400 /* for the machine that runs the test, and for the client */
let stack, client, key, driver

before(async () => {
	stack = await Stack.start({ drivers: 0 })
	client = stack.client()
	driver = await stack.faultyDriver({ sessions: 2 })
	key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
})
after(() => stack?.stop())

async function isSigned(text) {
	const message = Buffer.from(text)
	const request = await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } })
	assert.equal(request.status, 'Signed', JSON.stringify(request))
	assert.ok(verifySecp256k1(key.publicKey, message, request.signature))
}

async function health() {
	const response = await fetch(`http://127.0.0.1:${driver.ports.health}/health`)
	return { status: response.status, text: await response.text() }
}

async function metric(name) {
	const text = await (await fetch(`http://127.0.0.1:${driver.ports.health}/metrics`)).text()
	return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ').pop())
}

async function until(condition, ms = 20_000) {
	for (const late = Date.now() + ms; !(await condition()); await sleep(10)) assert.ok(Date.now() < late, `never: ${condition}`)
}

const unwell = async (code) => {
	const { status, text } = await health()
	return status === 500 && text.includes(code)
}

async function awayAndBack(t, script, code, name) {
	await isSigned(`${name}: before`)
	driver.faults(script)
	const first = isSigned(`${name}: when it went away`)
	await until(() => unwell(code))
	assert.equal(await metric('holdfast_driver_hsm_healthy'), 0)
	await until(async () => (await metric('holdfast_driver_working')) === 0)
	const taken = await metric('holdfast_driver_jobs_taken_total')
	const second = isSigned(`${name}: while it was away`)
	await sleep(1200)
	assert.equal(await metric('holdfast_driver_jobs_taken_total'), taken, 'it claims')
	driver.faults('')
	const back = Date.now()
	await Promise.all([first, second])
	const ms = Date.now() - back
	t.diagnostic(`work flows again after ${ms} ms`)
	await until(async () => (await health()).status === 204)
	return ms
}

for (const code of ['CKR_DEVICE_ERROR', 'CKR_TOKEN_NOT_PRESENT', 'CKR_DEVICE_REMOVED', 'CKR_TOKEN_NOT_RECOGNIZED', 'CKR_CRYPTOKI_NOT_INITIALIZED'])
	test(`an HSM that answers ${code} to everything, and comes back`, (t) =>
		soonEnough(RESUME_MS + SLACK_MS, () => awayAndBack(t, `* return ${code}`, code, code), 'work'))

for (const call of ['C_UnwrapKey', 'C_Sign'])
	test(`an HSM that logs in and then fails in ${call}, and comes back`, (t) =>
		soonEnough(RESUME_MS + SLACK_MS, () => awayAndBack(t, `${call} return CKR_DEVICE_ERROR`, 'CKR_DEVICE_ERROR', call), 'work'))

test('with an HSM away from one driver, the other has all the work, and no request waits for a lease', async () => {
	const other = await stack.startDriver()
	driver.faults('* return CKR_DEVICE_ERROR')
	await Promise.allSettled([isSigned('to find out')])
	await until(() => unwell('CKR_DEVICE_ERROR'), 6000).catch(() => {}) /* the other may have had every job */
	const began = Date.now()
	await Promise.all(Array.from({ length: 20 }, (_, i) => isSigned(`shared ${i}`)))
	inTime(Date.now() - began, 1500)
	driver.faults('')
	await other.stop()
})
