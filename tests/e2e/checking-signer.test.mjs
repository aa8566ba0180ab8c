// SPDX-License-Identifier: Apache-2.0
// A client that checks what it signs cannot be fooled by the host that gives out challenges (docs/proofs.md).
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import keysigner from '@dfns/sdk-keysigner'

import { CheckingSigner } from './proof.mjs'
import { challengeOf } from './raw.mjs'
import { DfnsApiClient, Stack } from './stack.mjs'
import { sha256, verifySecp256k1 } from './verify.mjs'

let stack, signer, client, key, path
const message = Buffer.from('what I want')
const body = { kind: 'Hash', hash: sha256(message).toString('hex'), externalId: 'a "quoted" name: ü' }

before(async () => {
	stack = await Stack.start()
	key = await stack.client().keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	path = `/keys/${key.id}/signatures`
	signer = new CheckingSigner(new keysigner.AsymmetricKeySigner({ credId: stack.account.DFNS_CRED_ID, privateKey: stack.privateKey }))
	client = new DfnsApiClient({ baseUrl: stack.apiUrl, orgId: stack.account.DFNS_ORG_ID, authToken: stack.account.DFNS_AUTH_TOKEN, signer })
})
after(() => stack?.stop())

test('the official client with a signer that checks makes a signature', async () => {
	const made = await signer.asking('POST', path, body, () => client.keys.generateSignature({ keyId: key.id, body }))
	assert.ok(verifySecp256k1(key.publicKey, message, made.signature), JSON.stringify(made))
})

test('a request without a body is checked, too', async () => {
	const other = await stack.client().keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } })
	const deleted = await signer.asking('DELETE', `/keys/${other.id}`, undefined, () => client.keys.deleteKey({ keyId: other.id }))
	assert.equal(deleted.status, 'Archived')
})

const refuses = async (method, where, payload, alter = (challenge) => challenge) => {
	const { body: challenge } = await challengeOf(stack, method, where, JSON.stringify(payload))
	await assert.rejects(signer.asking('POST', path, body, () => signer.sign(alter(challenge))), /asked to sign|not that of its commitment|unknown version/)
}

test('a challenge for another body, path or method is not signed', async () => {
	await refuses('POST', path, { ...body, hash: '00'.repeat(32) })
	await refuses('POST', path, { ...body, externalId: undefined })
	await refuses('POST', '/keys/key-00000-00000-0000000000000000/signatures', body)
	await refuses('PUT', path, body)
})

test('a challenge is not signed whose commitment is missing, or is that of another', async () => {
	const { body: mine } = await challengeOf(stack, 'POST', path, JSON.stringify(body))
	await refuses('POST', path, { ...body, hash: '00'.repeat(32) }, (challenge) => ({ ...challenge, commitment: mine.commitment }))
	await refuses('POST', path, body, (challenge) => ({ ...challenge, commitment: undefined }))
	await refuses('POST', path, body, (challenge) => ({ ...challenge, challenge: 'AAAA' }))
})
