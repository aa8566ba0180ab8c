// SPDX-License-Identifier: Apache-2.0
// The HSM's side misbehaves, with a PKCS#11 module of ours in front of the token (tests/faults).
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { settled } from '../e2e/ask.mjs'
import { inTime } from '../e2e/pace.mjs'
import { Stack } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

const LEASE_MS = 2000
let stack, client, key

before(async () => {
	stack = await Stack.start()
	client = stack.client()
	key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	await stack.processes[1].stop()
})
after(() => stack?.stop())

const sign = async (message) => settled(client, await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } }))

/** Runs `work` with a driver whose HSM does `fault` from the moment that the driver is ready. Calls are counted from then on; the first
 * C_SignInit and C_Sign of a job are those of the record's MAC, the second those of the signature. */
async function withFault(fault, work) {
	const driver = await stack.faultyDriver({ args: ['--op-deadline-ms', '700'] })
	driver.faults(fault)
	try {
		return await work(driver)
	} finally {
		await driver.stop()
	}
}

async function isAnswered(text) {
	const message = Buffer.from(text)
	const began = Date.now()
	const request = await sign(message)
	inTime(Date.now() - began, LEASE_MS + 1000)
	assert.ok(verifySecp256k1(key.publicKey, message, request.signature), JSON.stringify(request))
}

test('a signature that the HSM altered is refused, logged, never released', () =>
	withFault('C_Sign every=2 corrupt', async (driver) => {
		const request = await sign(Buffer.from('altered'))
		assert.equal(request.status, 'Failed', JSON.stringify(request))
		assert.ok(!request.signature)
		assert.match(driver.log, /"level":"(warn|error)"[^\n]*(verif|signature)/i)
	}))

const CALLS = { C_UnwrapKey: 1, C_SignInit: 2, C_Sign: 2, C_DestroyObject: 1 }

for (const [name, fault] of [['crashes', 'crash'], ['hangs', 'hang'], ['exits', 'exit']])
	for (const [call, nth] of Object.entries(CALLS))
		test(`a signer whose module ${name} in ${call}: the client still gets its answer within the lease and a second`, () =>
			withFault(`${call} nth=${nth} ${fault} once=now`, async (driver) => {
				await isAnswered(`${name} ${call}`)
				assert.match(driver.log, /"level":"warn"[^\n]*signer/)
			}))

for (const [name, code] of Object.entries({
	'that lost its session': 'CKR_SESSION_HANDLE_INVALID', 'that was logged out': 'CKR_USER_NOT_LOGGED_IN',
	'that is busy': 'CKR_FUNCTION_FAILED', 'that lost its device': 'CKR_DEVICE_ERROR', 'that was reset': 'CKR_CRYPTOKI_NOT_INITIALIZED' }))
	for (const call of ['C_UnwrapKey', 'C_SignInit'])
		test(`an HSM ${name} in ${call} is asked again`, () =>
			withFault(`${call} nth=1 return ${code} once=now`, () => isAnswered(`${name} ${call}`)))

test('an HSM that is slow is waited for', () => withFault('* delay=20ms', () => isAnswered('slow')))

test('a PIN that gets locked while the driver runs stops it, and it does not log in again and again', () =>
	withFault('C_Login pin-locked shared\nC_Sign nth=2 crash once=now', async (driver) => {
		const asked = sign(Buffer.from('locked'))
		await driver.logged(/PIN/)
		const next = await stack.startDriver()
		assert.equal((await asked).status, 'Signed')
		await next.stop()
	}))
