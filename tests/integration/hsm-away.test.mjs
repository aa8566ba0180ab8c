// SPDX-License-Identifier: Apache-2.0
// The HSM answers device errors for a while: the driver gives its jobs back, takes no more, says so, and works again within a second of the
// HSM's return.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'

import { hasSigned, healthOf, metricOf, until, waitsForNoLease } from '../e2e/ask.mjs'
import { soonEnough } from '../e2e/pace.mjs'
import { Stack } from '../e2e/stack.mjs'

const LEASE_MS = 2000
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

const isSigned = (text) => hasSigned(client, key, text)
const health = () => healthOf(driver)
const metric = (name) => metricOf(driver, name)

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
	for (let i = 0; !(await unwell('CKR_DEVICE_ERROR')); i++) await isSigned(`to find out ${i}`) /* the other may have the first */
	await waitsForNoLease([stack], LEASE_MS - 500, () => Promise.all(Array.from({ length: 20 }, (_, i) => isSigned(`shared ${i}`))))
	driver.faults('')
	await other.stop()
})
