// SPDX-License-Identifier: Apache-2.0
// The HSM's side misbehaves, with a PKCS#11 module of ours in front of the token (tests/faults).
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

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

const sign = (message) => client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } })

/** Runs `work` with a driver whose HSM does `fault` from the moment that the driver is ready. */
async function withFault(fault, work) {
	const armed = stack.path('armed')
	rmSync(armed, { force: true })
	const driver = await stack.faultyDriver(fault.replace('ARMED', `when=${armed}`), { args: ['--op-deadline-ms', '700'] })
	writeFileSync(armed, '')
	try {
		return await work(driver)
	} finally {
		await driver.stop()
	}
}

test('a signature that the HSM altered is refused, logged, never released', () =>
	withFault('C_Sign corrupt ARMED', async (driver) => {
		const request = await sign(Buffer.from('altered'))
		assert.equal(request.status, 'Failed', JSON.stringify(request))
		assert.ok(!request.signature)
		assert.match(driver.log, /"level":"(warn|error)"[^\n]*(verif|signature)/i)
	}))

for (const [name, fault] of [['crashes', 'crash'], ['hangs', 'hang'], ['exits', 'exit']])
	for (const call of ['C_UnwrapKey', 'C_SignInit', 'C_Sign', 'C_DestroyObject'])
		test(`a signer whose module ${name} in ${call}: the client still gets its answer within the lease and a second`, () =>
			withFault(`${call} ${fault} once=${name}-${call} ARMED`, async (driver) => {
				const message = Buffer.from(`${name} ${call}`)
				const began = Date.now()
				const request = await sign(message)
				assert.ok(Date.now() - began < LEASE_MS + 1000, `${Date.now() - began} ms`)
				assert.ok(verifySecp256k1(key.publicKey, message, request.signature), JSON.stringify(request))
				assert.match(driver.log, /"level":"warn"[^\n]*signer/)
			}))

test('an HSM that is busy is asked again', () =>
	withFault('C_Sign nth=1 rv=CKR_FUNCTION_FAILED once=busy ARMED', async () => {
		const message = Buffer.from('busy')
		const request = await sign(message)
		assert.ok(verifySecp256k1(key.publicKey, message, request.signature), JSON.stringify(request))
	}))

test('a session that the HSM has dropped is opened again', () =>
	withFault('C_UnwrapKey rv=CKR_SESSION_HANDLE_INVALID once=session ARMED', async () => {
		const message = Buffer.from('session')
		const request = await sign(message)
		assert.ok(verifySecp256k1(key.publicKey, message, request.signature), JSON.stringify(request))
	}))
