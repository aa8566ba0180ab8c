// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { DfnsError, Stack } from './stack.mjs'
import { isLowS, recover, sha256, verifyEd25519, verifySecp256k1 } from './verify.mjs'

let stack, client, ecdsa, eddsa

before(async () => {
	stack = await Stack.start()
	client = stack.client()
	ecdsa = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1', name: 'treasury' } })
	eddsa = await client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } })
})
after(() => stack?.stop())

const refused = (status, message) => (error) => {
	assert.ok(error instanceof DfnsError, `${error}`)
	assert.equal(error.httpStatus, status, error.message)
	if (message) assert.match(error.message, message)
	return true
}

test('the key store that the drivers serve is listed, as primary', async () => {
	const { items } = await client.signers.listKeyStores()
	assert.deepEqual(items.map(({ id, kind, primary }) => ({ id, kind, primary })), [{ id: stack.account.STORE_ID, kind: 'Hsm', primary: true }])
})

test('a secp256k1 key has a compressed public key and the asked-for name', () => {
	assert.match(ecdsa.id, /^key-[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16}$/)
	assert.match(ecdsa.publicKey, /^0[23][0-9a-f]{64}$/)
	assert.deepEqual([ecdsa.scheme, ecdsa.curve, ecdsa.name, ecdsa.status, ecdsa.custodial], ['ECDSA', 'secp256k1', 'treasury', 'Active', true])
})

test('an ed25519 key has a public key of 32 bytes and no name', () => {
	assert.match(eddsa.publicKey, /^[0-9a-f]{64}$/)
	assert.ok(!('name' in eddsa))
})

test('a key is read back with its store', async () => {
	const key = await client.keys.getKey({ keyId: ecdsa.id })
	assert.equal(key.publicKey, ecdsa.publicKey)
	assert.equal(key.store.id, stack.account.STORE_ID)
	assert.equal(key.store.kind, 'Hsm')
	assert.deepEqual(key.wallets, [])
})

test('keys are listed in pages, each key once', async () => {
	const seen = []
	let paginationToken
	do {
		const page = await client.keys.listKeys({ query: { limit: '1', ...(paginationToken && { paginationToken }) } })
		assert.ok(page.items.length <= 1)
		seen.push(...page.items.map((key) => key.id))
		paginationToken = page.nextPageToken
	} while (paginationToken)
	assert.ok(seen.includes(ecdsa.id) && seen.includes(eddsa.id))
	assert.equal(new Set(seen).size, seen.length)
})

test('a key is renamed, and loses its name', async () => {
	const renamed = await client.keys.updateKey({ keyId: eddsa.id, body: { name: 'Grüße' } })
	assert.equal(renamed.name, 'Grüße')
	const nameless = await client.keys.updateKey({ keyId: eddsa.id, body: { name: null } })
	assert.ok(!('name' in nameless))
})

test('a Hash is signed with low S, and its recovery id gives the public key', async () => {
	for (let i = 0; i < 8; i++) {
		const message = Buffer.from(`message ${i}`)
		const request = await client.keys.generateSignature({ keyId: ecdsa.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } })
		assert.equal(request.status, 'Signed', request.reason)
		assert.equal(request.keyId, ecdsa.id)
		assert.match(request.signature.r, /^0x[0-9a-f]{64}$/)
		assert.match(request.signature.s, /^0x[0-9a-f]{64}$/)
		assert.ok(verifySecp256k1(ecdsa.publicKey, message, request.signature))
		assert.ok(isLowS(request.signature))
		assert.equal(recover(sha256(message), request.signature), ecdsa.publicKey)
	}
})

test('a hash may begin with 0x', async () => {
	const { signature } = await client.keys.generateSignature({ keyId: ecdsa.id, body: { kind: 'Hash', hash: `0x${sha256('x').toString('hex')}` } })
	assert.ok(verifySecp256k1(ecdsa.publicKey, Buffer.from('x'), signature))
})

test('a Message is signed with ed25519', async () => {
	for (const message of ['', 'Pay 1 to Alice', 'x'.repeat(5000)].map(Buffer.from).filter((m) => m.length)) {
		const request = await client.keys.generateSignature({ keyId: eddsa.id, body: { kind: 'Message', message: message.toString('hex') } })
		assert.equal(request.status, 'Signed', request.reason)
		assert.ok(!('recid' in request.signature))
		assert.ok(verifyEd25519(eddsa.publicKey, message, request.signature))
	}
})

test('a Hash under an ed25519 key is signed as 32 bytes of message', async () => {
	const digest = sha256('anything')
	const { signature } = await client.keys.generateSignature({ keyId: eddsa.id, body: { kind: 'Hash', hash: digest.toString('hex') } })
	assert.ok(verifyEd25519(eddsa.publicKey, digest, signature))
})

test('a Message is refused for a secp256k1 key that belongs to no chain', async () => {
	await assert.rejects(client.keys.generateSignature({ keyId: ecdsa.id, body: { kind: 'Message', message: '00' } }), refused(400))
})

test('signatures are read back, and listed in pages, newest or oldest first, each once', async () => {
	const made = await client.keys.generateSignature({ keyId: eddsa.id, body: { kind: 'Message', message: 'abcd', externalId: 'listed' } })
	const read = await client.keys.getSignature({ keyId: eddsa.id, signatureId: made.id })
	assert.deepEqual(read, made)
	const ids = []
	let paginationToken
	do {
		const page = await client.keys.listSignatures({ keyId: eddsa.id, query: { limit: '2', ...(paginationToken && { paginationToken }) } })
		assert.equal(page.keyId, eddsa.id)
		ids.push(...page.items.map((item) => item.id))
		paginationToken = page.nextPageToken
	} while (paginationToken)
	assert.ok(ids.includes(made.id))
	assert.equal(new Set(ids).size, ids.length)
})

test('a signature request says who asked, what for and when', async () => {
	const body = { kind: 'Message', message: '0102' }
	const made = await client.keys.generateSignature({ keyId: eddsa.id, body })
	assert.match(made.requester.userId, /^us-/)
	assert.deepEqual(made.requestBody, body)
	assert.ok(Date.parse(made.dateRequested) <= Date.parse(made.dateSigned))
})

test('the same externalId with the same body answers with the same signature request', async () => {
	const body = { kind: 'Hash', hash: sha256('once').toString('hex'), externalId: 'payment-1' }
	const first = await client.keys.generateSignature({ keyId: ecdsa.id, body })
	const second = await client.keys.generateSignature({ keyId: ecdsa.id, body })
	assert.deepEqual(second, first)
})

test('the same externalId asked for ten times at once is signed once', async () => {
	const body = { kind: 'Hash', hash: sha256('at once').toString('hex'), externalId: 'payment-2' }
	const all = await Promise.all(Array.from({ length: 10 }, () => client.keys.generateSignature({ keyId: ecdsa.id, body })))
	assert.deepEqual([...new Set(all.map((request) => JSON.stringify([request.id, request.signature])))].length, 1)
})

test('the same externalId with another body is a conflict that names the first', async () => {
	const body = { kind: 'Hash', hash: sha256('first').toString('hex'), externalId: 'payment-3' }
	const first = await client.keys.generateSignature({ keyId: ecdsa.id, body })
	const other = { ...body, hash: sha256('second').toString('hex') }
	await assert.rejects(client.keys.generateSignature({ keyId: ecdsa.id, body: other }), (error) => {
		refused(409)(error)
		assert.equal(error.context.body.error.details.duplicate.id, first.id)
		return true
	})
})

test('a key that is deleted is archived, and signs no more', async () => {
	const key = await client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } })
	const deleted = await client.keys.deleteKey({ keyId: key.id })
	assert.equal(deleted.status, 'Archived')
	assert.ok(deleted.dateDeleted)
	await assert.rejects(client.keys.generateSignature({ keyId: key.id, body: { kind: 'Message', message: '00' } }), DfnsError)
})

test('an unknown key is 404, with a message', () =>
	assert.rejects(client.keys.getKey({ keyId: 'key-00000-00000-00000000000000' }), refused(404, /key/i)))

test('a scheme that does not go with its curve is 400', () =>
	assert.rejects(client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'secp256k1' } }), refused(400)))

test('a hash of the wrong length is 400', () =>
	assert.rejects(client.keys.generateSignature({ keyId: ecdsa.id, body: { kind: 'Hash', hash: 'abcd' } }), refused(400)))

test('a store that does not exist is refused', () =>
	assert.rejects(client.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519', storeId: 'store-00000-00000-00000000000000' } }),
		(error) => error instanceof DfnsError && [400, 404].includes(error.httpStatus)))

test('what this server does not offer is an error that the client shows', () =>
	assert.rejects(client.wallets.createWallet({ body: { network: 'Hedera' } }), (error) => {
		assert.ok(error instanceof DfnsError, `${error}`)
		assert.ok(error.httpStatus >= 400 && error.message.length > 0)
		return true
	}))

test('a caller without a valid token is 401', () =>
	assert.rejects(stack.client({ authToken: `${stack.account.DFNS_AUTH_TOKEN.slice(0, -6)}AAAAAA` }).keys.listKeys(), refused(401)))
