// SPDX-License-Identifier: Apache-2.0
// Wallets, and every kind of signature, for the official client over a real token. What has to be signed is worked out
// here again, from the chains' own rules, and checked with Node's crypto.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { DfnsError, Stack, succeed, holdfast, parseAssignments } from './stack.mjs'
import { hash160, isLowS, keccak256, recover, sha256, sha256d, uncompressed, verifyEd25519 } from './verify.mjs'

const bytes = (hex) => Buffer.from(hex.replace(/^0x/, ''), 'hex')
const hex = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? bytes(part) : part))).toString('hex')

let stack, client
const wallets = {}

before(async () => {
	stack = await Stack.start({ driver: { args: ['--name', 'hsm-1'] } })
	client = stack.client()
	for (const network of ['Ethereum', 'EthereumSepolia', 'BitcoinTestnet3', 'SolanaDevnet', 'AlgorandTestnet', 'CosmosIcsTestnet', 'KeyECDSA', 'KeyEdDSA'])
		wallets[network] = await client.wallets.createWallet({ body: { network, name: `on ${network}` } })
})
after(() => stack?.stop())

const refused = (status, message) => (error) => {
	assert.ok(error instanceof DfnsError, `${error}`)
	assert.equal(error.httpStatus, status, error.message)
	if (message) assert.match(error.message, message)
	return true
}

async function sign(network, body) {
	const wallet = wallets[network]
	const request = await client.wallets.generateSignature({ walletId: wallet.id, body })
	assert.equal(request.status, 'Signed', request.reason)
	assert.equal(request.walletId, wallet.id)
	assert.equal(request.network, network)
	assert.equal(request.keyId, wallet.signingKey.id)
	assert.deepEqual(request.requestBody, body)
	return request
}

/** ECDSA: low s, and the recovery id gives the wallet's key for this digest, so that it signs nothing else. */
function signs(network, digest, signature) {
	assert.ok(isLowS(signature))
	assert.equal(recover(digest, signature), wallets[network].signingKey.publicKey)
}

const base58 = (data) => {
	const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
	let text = ''
	for (let n = BigInt(`0x${data.toString('hex')}`); n > 0n; n /= 58n) text = alphabet[Number(n % 58n)] + text
	return '1'.repeat(data.findIndex((byte) => byte !== 0)) + text
}

test('addresses are those of the public keys', () => {
	const { EthereumSepolia, SolanaDevnet, BitcoinTestnet3, KeyECDSA, KeyEdDSA } = wallets
	assert.equal(EthereumSepolia.address.toLowerCase(), `0x${keccak256(uncompressed(EthereumSepolia.signingKey.publicKey)).subarray(12).toString('hex')}`)
	assert.equal(SolanaDevnet.address, base58(bytes(SolanaDevnet.signingKey.publicKey)))
	assert.match(BitcoinTestnet3.address, /^tb1q[02-9ac-hj-np-z]{38}$/)
	assert.ok(!('address' in KeyECDSA) && !('address' in KeyEdDSA))
	assert.deepEqual([KeyECDSA.signingKey.scheme, KeyEdDSA.signingKey.curve], ['ECDSA', 'ed25519'])
})

test('a wallet has an id, a status, tags and a custodian', () => {
	const { id, status, tags, custodial, name } = wallets.KeyEdDSA
	assert.match(id, /^wa-[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16}$/)
	assert.deepEqual({ status, tags, custodial, name }, { status: 'Active', tags: [], custodial: true, name: 'on KeyEdDSA' })
})

test('wallets are listed in pages, each once, and read one by one', async () => {
	const seen = []
	let paginationToken
	do {
		const page = await client.wallets.listWallets({ query: { limit: '3', ...(paginationToken && { paginationToken }) } })
		seen.push(...page.items)
		paginationToken = page.nextPageToken
	} while (paginationToken)
	assert.deepEqual(new Set(seen.map(({ id }) => id)), new Set(Object.values(wallets).map(({ id }) => id)))
	const one = await client.wallets.getWallet({ walletId: wallets.EthereumSepolia.id })
	assert.deepEqual(one, wallets.EthereumSepolia)
	assert.deepEqual(one, seen.find(({ id }) => id === one.id))
})

test('one key has wallets on several networks, and one on each', async () => {
	const { signingKey, address } = wallets.EthereumSepolia
	const body = { network: 'PolygonAmoy', signingKey: { id: signingKey.id } }
	const other = await client.wallets.createWallet({ body })
	assert.equal(other.address, address)
	await assert.rejects(client.wallets.createWallet({ body }), refused(409, /has a wallet on network PolygonAmoy already/))
	const key = await client.keys.getKey({ keyId: signingKey.id })
	assert.deepEqual(key.wallets.map(({ network }) => network).sort(), ['EthereumSepolia', 'PolygonAmoy'])
})

test('a wallet is renamed, labelled and tagged', async () => {
	const { id: walletId } = wallets.KeyECDSA
	assert.deepEqual(await client.wallets.tagWallet({ walletId, body: { tags: ['cold', 'dept:7'] } }), {})
	assert.deepEqual(await client.wallets.untagWallet({ walletId, body: { tags: ['cold'] } }), {})
	const changed = await client.wallets.updateWallet({ walletId, body: { name: null, externalId: 'account 7' } })
	assert.deepEqual(changed.tags, ['dept:7'])
	assert.equal(changed.externalId, 'account 7')
	assert.ok(!('name' in changed))
})

test('pseudo networks sign hashes and messages, without a form of their own', async () => {
	const digest = sha256('anything')
	const plain = await sign('KeyECDSA', { kind: 'Hash', hash: digest.toString('hex') })
	signs('KeyECDSA', digest, plain.signature)
	const message = Buffer.from('Pay 1 to Alice')
	const ed = await sign('KeyEdDSA', { kind: 'Message', message: message.toString('hex') })
	assert.ok(verifyEd25519(wallets.KeyEdDSA.signingKey.publicKey, message, ed.signature))
	for (const request of [plain, ed]) assert.ok(!('signedData' in request) && !('encoded' in request.signature))
	await assert.rejects(client.wallets.createWallet({ body: { network: 'KeyECDSAStark' } }), refused(400, /stark/i))
})

// EVM: recursive length prefix, as far as it is needed here.
const rlp = (item) => {
	const head = (length, at) => length < 56 ? Buffer.from([at + length])
		: Buffer.concat([Buffer.from([at + 55 + Math.ceil(length.toString(16).length / 2)]), minimal(length)])
	if (Array.isArray(item)) {
		const body = Buffer.concat(item.map(rlp))
		return Buffer.concat([head(body.length, 0xc0), body])
	}
	return item.length === 1 && item[0] < 0x80 ? item : Buffer.concat([head(item.length, 0x80), item])
}
const minimal = (n) => n ? bytes(n.toString(16).padStart(2 * Math.ceil(n.toString(16).length / 2), '0')) : Buffer.alloc(0)
const scalar = (text) => minimal(BigInt(text))
const SEPOLIA = 11155111
const somebody = bytes('3535353535353535353535353535353535353535')
const evmEncoded = ({ r, s, recid }) => `0x${hex(r, s, Buffer.from([27 + recid]))}`

test('an EVM transaction comes back signed: legacy', async () => {
	const fields = [minimal(9), minimal(20_000_000_000), minimal(21_000), somebody, minimal(10n ** 18n), Buffer.alloc(0)]
	const unsigned = rlp([...fields, minimal(SEPOLIA), Buffer.alloc(0), Buffer.alloc(0)])
	const request = await sign('EthereumSepolia', { kind: 'Transaction', transaction: `0x${unsigned.toString('hex')}` })
	const { r, s, recid, encoded } = request.signature
	signs('EthereumSepolia', keccak256(unsigned), request.signature)
	assert.equal(encoded, evmEncoded(request.signature))
	assert.equal(request.signedData, `0x${rlp([...fields, minimal(2 * SEPOLIA + 35 + recid), scalar(r), scalar(s)]).toString('hex')}`)
})

test('an EVM transaction comes back signed: EIP-1559', async () => {
	const fields = [minimal(SEPOLIA), minimal(0), minimal(1_000_000_000), minimal(30_000_000_000), minimal(21_000), somebody, minimal(1), bytes('c0ffee'), []]
	const unsigned = Buffer.concat([Buffer.from([2]), rlp(fields)])
	const request = await sign('EthereumSepolia', { kind: 'Transaction', transaction: unsigned.toString('hex') })
	const { r, s, recid } = request.signature
	signs('EthereumSepolia', keccak256(unsigned), request.signature)
	assert.equal(request.signedData, `0x02${rlp([...fields, minimal(recid), scalar(r), scalar(s)]).toString('hex')}`)
})

test('an EVM message is signed as EIP-191 has it', async () => {
	const message = Buffer.from('Hello World')
	const digest = keccak256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${message.length}`), message]))
	const { signature } = await sign('EthereumSepolia', { kind: 'Message', message: `0x${message.toString('hex')}` })
	signs('EthereumSepolia', digest, signature)
	assert.equal(signature.encoded, evmEncoded(signature))
})

test('typed data is signed as EIP-712 has it', async () => {
	const { signature } = await sign('Ethereum', {
		kind: 'Eip712',
		types: {
			Person: [{ name: 'name', type: 'string' }, { name: 'wallet', type: 'address' }],
			Mail: [{ name: 'from', type: 'Person' }, { name: 'to', type: 'Person' }, { name: 'contents', type: 'string' }],
		},
		domain: { name: 'Ether Mail', version: '1', chainId: 1, verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC' },
		message: {
			from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
			to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
			contents: 'Hello, Bob!',
		},
	})
	signs('Ethereum', bytes('be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2'), signature) // the EIP's own
})

test('a delegation is signed as EIP-7702 has it', async () => {
	const { signature } = await sign('EthereumSepolia', { kind: 'Eip7702', address: `0x${somebody.toString('hex')}`, nonce: 7, chainId: SEPOLIA })
	signs('EthereumSepolia', keccak256(Buffer.concat([Buffer.from([5]), rlp([minimal(SEPOLIA), somebody, minimal(7)])])), signature)
})

test('a Solana transaction comes back with its signature in place', async () => {
	const key = bytes(wallets.SolanaDevnet.signingKey.publicKey)
	const transfer = Buffer.concat([Buffer.from([2, 0, 0, 0]), bytes('40420f0000000000')])
	const message = Buffer.concat([Buffer.from([1, 0, 1, 3]), key, sha256('to'), Buffer.alloc(32), sha256('recent'),
		Buffer.from([1, 2, 2, 0, 1, transfer.length]), transfer])
	const request = await sign('SolanaDevnet', { kind: 'Transaction', transaction: `0x${hex(Buffer.from([1]), Buffer.alloc(64), message)}` })
	assert.ok(verifyEd25519(key.toString('hex'), message, request.signature))
	assert.equal(request.signature.encoded, `0x${hex(request.signature.r, request.signature.s)}`)
	assert.equal(request.signedData, `0x${hex(Buffer.from([1]), request.signature.encoded, message)}`)
})

test('an Algorand transaction comes back signed', async () => {
	const { publicKey } = wallets.AlgorandTestnet.signingKey
	const txn = '89a3616d7401a3666565cd03e8a26676ce0233fc92a367656eac746573746e65742d76312e30a26768c4204863b518a4b3c84ec810f22d4f1081cb0f71f059a7ac20dec62f7f70e5093a22'
		+ `a26c76ce0234007aa3726376c4202c72fe6b78fb1ac99b8e72c9224a6f114c63e598fc1bcf6b048012ae9fc4730aa3736e64c420${publicKey}a474797065a3706179`
	const request = await sign('AlgorandTestnet', { kind: 'Transaction', transaction: `81a374786e${txn}` })
	assert.ok(verifyEd25519(publicKey, Buffer.concat([Buffer.from('TX'), bytes(txn)]), request.signature))
	assert.equal(request.signedData, `0x82a3736967c440${hex(request.signature.r, request.signature.s)}a374786e${txn}`)
})

test('a Cosmos sign document is signed', async () => {
	const { id: keyId, publicKey } = wallets.CosmosIcsTestnet.signingKey
	const signDoc = '0a89010a86010a1c2f636f736d6f732e62616e6b2e763162657461312e4d736753656e6412660a2b6f736d6f313366796d6d61797430727a72366d6130716439686a6d71747433706b37787737736871666b70'
		+ '122b6f736d6f313378396b70343573366e6539686a6738356b333867346d7a687067337435766a666c30356b6c1a0a0a05756f736d6f12013112640a4e0a460a1f2f636f736d6f732e63727970746f2e736563703235366b312e5075624b65791223'
		+ `0a21${publicKey}12040a02080112120a0c0a05756f736d6f120337353010e0a7121a0b6f736d6f2d746573742d3520e39f06`
	const { signature } = await client.keys.generateSignature({ keyId, body: { kind: 'SignDocDirect', blockchainKind: 'Cosmos', signDoc } })
	signs('CosmosIcsTestnet', sha256(bytes(signDoc)), signature)
	assert.equal(signature.encoded, `0x${hex(signature.r, signature.s)}`)
})

// Bitcoin: BIP-143's digest of one input, all of whose inputs and outputs are alike.
const le32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b }
const le64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b }
const VALUE = 5000

function spend(publicKey, n) {
	const program = Buffer.concat([bytes('0014'), hash160(bytes(publicKey))])
	const script = Buffer.concat([Buffer.from([program.length]), program])
	const points = Array.from({ length: n }, (_, i) => Buffer.concat([sha256(`input ${i}`), le32(i)]))
	const output = Buffer.concat([le64(VALUE * n - 500), script])
	const tx = Buffer.concat([le32(2), Buffer.from([n]), ...points.map((point) => Buffer.concat([point, bytes('00ffffffff')])), Buffer.from([1]), output, le32(0)])
	const digests = points.map((point) => sha256d(Buffer.concat([le32(2), sha256d(Buffer.concat(points)), sha256d(Buffer.alloc(4 * n, 0xff)), point,
		bytes('1976a914'), hash160(bytes(publicKey)), bytes('88ac'), le64(VALUE), bytes('ffffffff'), sha256d(output), le32(0), le32(1)])))
	const own = Buffer.concat([bytes('01011f'), le64(VALUE), script])
	return { digests, own, head: Buffer.concat([bytes('70736274ff0100'), Buffer.from([tx.length]), tx, bytes('00')]) }
}

test('each input of a PSBT is signed', async () => {
	const { publicKey } = wallets.BitcoinTestnet3.signingKey
	const { digests, own, head } = spend(publicKey, 2)
	const psbt = hex(head, own, '00', own, '00', '00')
	const request = await sign('BitcoinTestnet3', { kind: 'Psbt', psbt })
	assert.ok(!('signature' in request))
	assert.equal(request.signatures.length, 2)
	request.signatures.forEach((signature, i) => {
		signs('BitcoinTestnet3', digests[i], signature)
		assert.match(signature.encoded, /^0x30/)
	})
	const partial = request.signatures.map(({ encoded }) => {
		const value = `${encoded.slice(2)}01`
		return `2202${publicKey}${(value.length / 2).toString(16).padStart(2, '0')}${value}`
	})
	for (const one of partial) assert.ok(request.signedData.includes(one), 'the PSBT holds the partial signatures')
	assert.ok(request.signedData.startsWith(`0x${head.toString('hex')}`))
	const read = await client.wallets.getSignature({ walletId: request.walletId, signatureId: request.id })
	assert.deepEqual(read, request)
})

test('a Bitcoin message is signed as BIP-322 has it', async () => {
	const request = await sign('BitcoinTestnet3', { kind: 'Bip322', message: Buffer.from('Hello World').toString('hex'), format: 'Simple' })
	const { publicKey } = wallets.BitcoinTestnet3.signingKey
	const signature = `${request.signature.encoded.slice(2)}01`
	assert.equal(request.signedData, `0x02${(signature.length / 2).toString(16)}${signature}21${publicKey}`)
})

test('a key signs for the chain that the request names', async () => {
	const { id: keyId } = wallets.EthereumSepolia.signingKey
	const message = Buffer.from('on a key')
	const digest = keccak256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${message.length}`), message]))
	const request = await client.keys.generateSignature({ keyId, body: { kind: 'Message', blockchainKind: 'Evm', message: message.toString('hex') } })
	signs('EthereumSepolia', digest, request.signature)
	assert.ok(!('walletId' in request))
	const listed = await client.keys.listSignatures({ keyId })
	assert.ok(listed.items.some(({ walletId }) => walletId === wallets.EthereumSepolia.id), 'those of its wallets are the key\'s too')
})

test('the signatures of a wallet are listed, newest first', async () => {
	const { id: walletId, signingKey } = wallets.EthereumSepolia
	const page = await client.wallets.listSignatures({ walletId, query: { limit: '2' } })
	assert.equal(page.keyId, signingKey.id)
	assert.equal(page.items.length, 2)
	assert.ok(page.items[0].id > page.items[1].id && page.nextPageToken)
	assert.ok(page.items.every((item) => item.walletId === walletId))
})

test('what is not for this wallet is refused, with words', async () => {
	const { id: walletId } = wallets.EthereumSepolia
	const ask = (body) => client.wallets.generateSignature({ walletId, body })
	await assert.rejects(ask({ kind: 'Psbt', psbt: '00' }), refused(400, /not supported for chain Evm/))
	await assert.rejects(ask({ kind: 'Transaction', transaction: '0xdeadbeef' }), refused(400, /transaction/))
	await assert.rejects(ask({ kind: 'Message', message: '00', network: 'Polygon' }), refused(400, /network/))
	await assert.rejects(client.wallets.createWallet({ body: { network: 'Ethereum', delegateTo: 'us-1' } }), refused(400, /delegate/))
	await assert.rejects(client.wallets.getWallet({ walletId: 'wa-00000-00000-00000000000000' }), refused(404, /wallet not found/))
})

test('a key that is deleted takes its wallets with it', async () => {
	const wallet = await client.wallets.createWallet({ body: { network: 'KeyEdDSA' } })
	await client.keys.deleteKey({ keyId: wallet.signingKey.id })
	const archived = await client.wallets.getWallet({ walletId: wallet.id })
	assert.equal(archived.status, 'Archived')
	assert.ok(archived.dateDeleted)
	await assert.rejects(client.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Message', message: '00' } }), refused(409, /archived/))
})

test('keys are made in the store that is named, and its drivers use them', async () => {
	const added = await stack.holdfast(['server', 'store', 'add', ...stack.serverDatabase, '--name', 'hsm-2',
		'--driver-ca', `${stack.pki}/org-ca.pem`, '--by-name'], { pin: null })
	assert.equal(added.code, 0, added.stderr)
	const { STORE_ID: storeId } = parseAssignments(added.stdout)
	const second = await stack.startDriver({ args: ['--name', 'hsm-2'], keysDb: stack.path('keys-2.db') })
	const key = await client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1', storeId } })
	assert.equal((await client.keys.getKey({ keyId: key.id })).store.id, storeId)
	const wallet = await client.wallets.createWallet({ body: { network: 'KeyECDSA', signingKey: { storeId } } })
	const digest = sha256('in the second store')
	const { signature } = await client.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Hash', hash: digest.toString('hex') } })
	assert.equal(recover(digest, signature), wallet.signingKey.publicKey)
	const { items } = await client.signers.listKeyStores()
	assert.deepEqual(items.map(({ name, primary }) => [name, primary]).sort(), [['hsm-1', true], ['hsm-2', false]])
	const listed = await succeed([holdfast, 'server', 'store', 'list', ...stack.serverDatabase])
	assert.match(listed, new RegExp(`${storeId} +hsm-2`))
	await second.stop()
})

test('every call of the client on keys, wallets, signers and networks is answered on purpose', async () => {
	const params = { keyId: 'key-00000-00000-00000000000000', walletId: 'wa-00000-00000-00000000000000', signatureId: 'sig-1',
		transactionId: 'tx-1', transferId: 'xfr-1', offerId: 'of-1', network: 'Canton', validatorId: 'cv-1', body: {}, query: {} }
	const elsewhere = { importKey: 400, exportKey: 400, deriveKey: 400, delegateKey: 400, importWallet: 400, exportWallet: 400, delegateWallet: 400, activateWallet: 400 }
	const here = /^(create(Key|Wallet)|list(Keys|Wallets|KeyStores|Signers)|(get|update)(Key|Wallet)|deleteKey|(un)?tagWallet|(generate|get)Signature|listSignatures)$/
	for (const group of ['keys', 'wallets', 'signers', 'networks']) {
		const names = Object.getOwnPropertyNames(Object.getPrototypeOf(client[group])).filter((name) => name !== 'constructor')
		for (const name of names) {
			const outcome = await client[group][name](params).then(() => 200, (error) => {
				assert.ok(error instanceof DfnsError && error.message.length > 10, `${group}.${name}: ${error}`)
				return error.httpStatus
			})
			const expected = here.test(name) ? [200, 400, 404] : [elsewhere[name] ?? 501]
			assert.ok(expected.includes(outcome), `${group}.${name}: ${outcome}`)
		}
	}
	assert.deepEqual(await client.signers.listSigners(), { clusters: [] })
})
