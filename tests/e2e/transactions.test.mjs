// SPDX-License-Identifier: Apache-2.0
// Transactions of some chains, from the official client to an HSM and back: what is signed is computed here once more, with
// nothing but Node's hashes.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'

import { DfnsError, Stack } from './stack.mjs'
import { recover, sha256, verifyEd25519 } from './verify.mjs'

let stack, client

before(async () => {
	stack = await Stack.start()
	client = stack.client()
})
after(() => stack?.stop())

const hex = (text) => Buffer.from(text.replace(/^0x/, ''), 'hex')
const u32 = (n) => Buffer.from(Uint32Array.of(n).buffer)
const u64 = (n) => Buffer.from(BigUint64Array.of(BigInt(n)).buffer)
const twice = (data) => sha256(sha256(data))
const wallet = (network) => client.wallets.createWallet({ body: { network } })
const sign = ({ id }, body) => client.wallets.generateSignature({ walletId: id, body })

test('a Bitcoin wallet signs its own inputs of a PSBT', async () => {
	const own = await wallet('BitcoinTestnet3')
	assert.match(own.address, /^tb1q[a-z0-9]{38}$/)
	const hash = createHash('ripemd160').update(sha256(hex(own.signingKey.publicKey))).digest()
	const script = Buffer.concat([Buffer.of(0, 20), hash])
	const output = (amount, to) => Buffer.concat([u64(amount), Buffer.of(to.length), to])
	const inputs = [7, 8].map((n) => Buffer.concat([Buffer.alloc(32, n), u32(n)]))
	const outputs = Buffer.concat([output(60000, Buffer.concat([Buffer.of(0, 20), Buffer.alloc(20, 9)])), output(39000, script)])
	const sequence = u32(0xfffffffd)
	const unsigned = Buffer.concat([u32(2), Buffer.of(2), ...inputs.flatMap((i) => [i, Buffer.of(0), sequence]), Buffer.of(2), outputs, u32(0)])
	const record = (type, value) => Buffer.concat([Buffer.of(1, type, value.length), value])
	const map = Buffer.concat([record(1, output(50000, script)), Buffer.of(0)])
	const psbt = Buffer.concat([Buffer.from('psbt\xff', 'latin1'), record(0, unsigned), Buffer.of(0), map, map, Buffer.of(0, 0)])

	const signed = await sign(own, { kind: 'Psbt', psbt: '0x' + psbt.toString('hex') })
	assert.equal(signed.status, 'Signed')
	assert.equal(signed.signatures.length, 2)
	signed.signatures.forEach((signature, i) => {
		const digest = twice(Buffer.concat([
			u32(2), twice(Buffer.concat(inputs)), twice(Buffer.concat([sequence, sequence])), inputs[i],
			Buffer.of(0x19, 0x76, 0xa9, 0x14), hash, Buffer.of(0x88, 0xac), u64(50000), sequence, twice(outputs), u32(0), u32(1),
		]))
		assert.equal(recover(digest, signature), own.signingKey.publicKey)
		const partial = '2202' + own.signingKey.publicKey + (hex(signature.encoded).length + 1).toString(16) + signature.encoded.slice(2) + '01'
		assert.ok(signed.signedData.includes(partial))
	})
})

test('a Solana wallet signs a transfer in its place', async () => {
	const own = await wallet('SolanaDevnet')
	const message = Buffer.concat([
		Buffer.of(1, 0, 1, 3), hex(own.signingKey.publicKey), Buffer.alloc(32, 7), Buffer.alloc(32), Buffer.alloc(32, 8),
		Buffer.of(1, 2, 2, 0, 1, 12), u32(2), u64(1000),
	])
	const transaction = Buffer.concat([Buffer.of(1), Buffer.alloc(64), message]).toString('hex')
	const { status, signature, signedData } = await sign(own, { kind: 'Transaction', transaction })
	assert.equal(status, 'Signed')
	assert.ok(verifyEd25519(own.signingKey.publicKey, message, signature))
	assert.equal(signedData, '0x01' + signature.encoded.slice(2) + message.toString('hex'))
})

test('a Stellar wallet signs for its own network', async () => {
	const own = await wallet('StellarTestnet')
	assert.match(own.address, /^G[A-Z2-7]{55}$/)
	const key = hex(own.signingKey.publicKey)
	const be = (n) => u32(n).reverse()
	const tx = Buffer.concat([
		be(0), key, be(100), be(0), be(1), be(0), be(0), be(1), be(0), be(1), be(0), Buffer.alloc(32, 7), be(0), be(0), be(500), be(0),
	])
	const transaction = Buffer.concat([be(2), tx, be(0)]).toString('hex')
	const { signature, signedData } = await sign(own, { kind: 'Transaction', transaction })
	const network = sha256('Test SDF Network ; September 2015')
	assert.ok(verifyEd25519(own.signingKey.publicKey, sha256(Buffer.concat([network, be(2), tx])), signature))
	assert.equal(signedData, '0x' + Buffer.concat([be(2), tx, be(1), key.subarray(28), be(64), hex(signature.encoded)]).toString('hex'))
})

test('a transaction that is not for this wallet is 400', async () => {
	const own = await wallet('Solana')
	const message = Buffer.concat([Buffer.of(1, 0, 0, 1), Buffer.alloc(32, 7), Buffer.alloc(32, 8), Buffer.of(0)])
	const transaction = Buffer.concat([Buffer.of(1), Buffer.alloc(64), message]).toString('hex')
	await assert.rejects(sign(own, { kind: 'Transaction', transaction }), (error) => {
		assert.ok(error instanceof DfnsError, `${error}`)
		assert.equal(error.httpStatus, 400)
		assert.match(error.message, /not among its signers/)
		return true
	})
})
