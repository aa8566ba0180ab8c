// SPDX-License-Identifier: Apache-2.0
// The Crypto API's operations on keys, on a real server, gateway and SoftHSM2. Keys are imported where they can be, so that
// node:crypto has the same ones and judges every answer.
import assert from 'node:assert/strict'
import * as crypto from 'node:crypto'
import { after, before, describe, it } from 'node:test'

import { startDsm } from '../e2e/dsm.mjs'

const b64 = (bytes) => Buffer.from(bytes).toString('base64')
const bytes = (text) => Buffer.from(text, 'base64')
const OAEP = (hash) => ({ OAEP: { mgf: { mgf1: { hash } } } })
const PSS = (hash) => ({ PSS: { mgf: { mgf1: { hash } } } })
const PKCS1 = { PKCS1_V15: {} }
const MESSAGE = Buffer.from('what is to be kept, and read by nobody else')
const BLOCKS = crypto.createHash('sha512').update('64 bytes, which are four blocks').digest()

let dsm, app
const keys = {} /* by name: { kid, secret | private, public } */

/** A call that has to succeed: its body. */
async function ok(path, body, by = app) {
	const answer = await by.post(path, body)
	assert.equal(answer.status, 200, `${path}: ${answer.status} ${answer.text}`)
	return answer.body
}

async function refused(path, body, status, words, by = app) {
	const answer = await by.post(path, body)
	assert.equal(answer.status, status, `${path} ${JSON.stringify(body).slice(0, 200)}: ${answer.status} ${answer.text}`)
	assert.match(answer.text, words)
	assert.match(answer.type, /^text\/plain/)
}

async function importKey(name, obj_type, value, more = {}) {
	const object = await dsm.importKey({ name, obj_type, value: b64(value), ...more })
	keys[name] = { kid: object.kid, ...keys[name] }
	return object
}

async function generate(name, obj_type, more = {}) {
	const object = await dsm.generateKey({ name, obj_type, ...more })
	keys[name] = { kid: object.kid, public: object.pub_key && crypto.createPublicKey({ key: bytes(object.pub_key), format: 'der', type: 'spki' }) }
	return object
}

const key = (name) => ({ kid: keys[name].kid })

async function importPair(name, obj_type, pair, more) {
	keys[name] = { private: pair.privateKey, public: pair.publicKey }
	await importKey(name, obj_type, pair.privateKey.export({ format: 'der', type: 'pkcs8' }), more)
}

before(async () => {
	dsm = await startDsm()
	app = dsm.app
	for (const [name, type, length] of [['aes', 'AES', 32], ['aes128', 'AES', 16], ['des3', 'DES3', 24], ['hmac', 'HMAC', 64]]) {
		const secret = crypto.randomBytes(length)
		if (type === 'DES3') for (let i = 0; i < length; i++) secret[i] = oddParity(secret[i])
		keys[name] = { secret }
		await importKey(name, type, secret)
	}
	await importPair('rsa', 'RSA', crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }), { rsa: { encryption_policy: [{}], signature_policy: [{}] } })
	await generate('strict', 'RSA', { key_size: 2048 })
	await importPair('p256', 'EC', crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }), { elliptic_curve: 'NistP256' })
	await importPair('k1', 'EC', crypto.generateKeyPairSync('ec', { namedCurve: 'secp256k1' }), { elliptic_curve: 'SecP256K1' })
	await generate('p384', 'EC', { elliptic_curve: 'NistP384' })
	await generate('p521', 'EC', { elliptic_curve: 'NistP521' })
	await generate('ed25519', 'EC', { elliptic_curve: 'Ed25519' })
})

after(async () => {
	await dsm?.stop()
})

function oddParity(byte) {
	let ones = 0
	for (let i = 1; i < 8; i++) ones += (byte >> i) & 1
	return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0)
}

describe('symmetric encryption', () => {
	for (const name of ['aes', 'aes128']) {
		for (const [tag_len, ad] of [[undefined, undefined], [128, 'header'], [96, '']]) {
			it(`${name}: GCM with a tag of ${tag_len ?? 'as many bits as there are'}, both ways`, async () => {
				const { secret } = keys[name]
				const alg = `aes-${secret.length * 8}-gcm`
				const made = await ok('/crypto/v1/encrypt', { key: key(name), alg: 'AES', mode: 'GCM', plain: b64(MESSAGE), tag_len, ad: ad && b64(ad) })
				assert.equal(made.kid, keys[name].kid)
				assert.equal(bytes(made.iv).length, 12)
				assert.equal(bytes(made.tag).length, (tag_len ?? 128) / 8)
				const open = crypto.createDecipheriv(alg, secret, bytes(made.iv), { authTagLength: bytes(made.tag).length })
				open.setAAD(Buffer.from(ad ?? '')).setAuthTag(bytes(made.tag))
				assert.deepEqual(Buffer.concat([open.update(bytes(made.cipher)), open.final()]), MESSAGE)

				const iv = crypto.randomBytes(12)
				const seal = crypto.createCipheriv(alg, secret, iv, { authTagLength: 16 })
				seal.setAAD(Buffer.from(ad ?? ''))
				const cipher = Buffer.concat([seal.update(MESSAGE), seal.final()])
				const request = { key: key(name), mode: 'GCM', cipher: b64(cipher), iv: b64(iv), tag: b64(seal.getAuthTag()), ad: ad && b64(ad) }
				assert.deepEqual(await ok('/crypto/v1/decrypt', request), { kid: keys[name].kid, plain: b64(MESSAGE) })
				cipher[0] ^= 1
				await refused('/crypto/v1/decrypt', { ...request, cipher: b64(cipher) }, 400, /./)
			})
		}
	}

	for (const [name, mode, alg, length, pads] of [
		['aes', 'CBC', 'aes-256-cbc', 16, true], ['aes', 'CBCNOPAD', 'aes-256-cbc', 16, false], ['aes', 'CTR', 'aes-256-ctr', 16, false],
		['aes', 'ECB', 'aes-256-ecb', 0, false], ['des3', 'CBC', 'des-ede3-cbc', 8, true], ['des3', 'CBCNOPAD', 'des-ede3-cbc', 8, false],
	]) {
		it(`${name}: ${mode}, both ways, with an IV of the HSM's and one that is given`, async () => {
			const message = pads ? MESSAGE : BLOCKS
			const { secret } = keys[name]
			for (const iv of [undefined, crypto.randomBytes(length)]) {
				if (iv && !length) continue
				const request = { key: key(name), alg: name === 'aes' ? 'AES' : 'DES3', mode, plain: b64(message), iv: iv && b64(iv) }
				const made = await ok('/crypto/v1/encrypt', request)
				assert.equal(made.tag, undefined)
				if (!length) assert.equal(made.iv, undefined)
				else if (iv) assert.equal(made.iv, b64(iv))
				else assert.equal(bytes(made.iv).length, length)
				const used = length ? bytes(made.iv) : null
				const theirs = crypto.createCipheriv(alg, secret, used).setAutoPadding(pads)
				assert.equal(made.cipher, b64(Buffer.concat([theirs.update(message), theirs.final()])))
				const back = await ok('/crypto/v1/decrypt', { key: key(name), mode, cipher: made.cipher, iv: made.iv })
				assert.deepEqual(bytes(back.plain), message)
			}
		})
	}

	it('KW and KWP encrypt data by RFC 3394 and RFC 5649', async () => {
		for (const [mode, alg, iv, data] of [['KW', 'id-aes256-wrap', 'a6a6a6a6a6a6a6a6', BLOCKS], ['KWP', 'id-aes256-wrap-pad', 'a65959a6', MESSAGE]]) {
			const made = await ok('/crypto/v1/encrypt', { key: key('aes'), alg: 'AES', mode, plain: b64(data) })
			const theirs = crypto.createCipheriv(alg, keys.aes.secret, Buffer.from(iv, 'hex'))
			assert.equal(made.cipher, b64(Buffer.concat([theirs.update(data), theirs.final()])))
			assert.deepEqual(bytes((await ok('/crypto/v1/decrypt', { key: key('aes'), mode, cipher: made.cipher })).plain), data)
			const bent = bytes(made.cipher)
			bent[3] ^= 4
			await refused('/crypto/v1/decrypt', { key: key('aes'), mode, cipher: b64(bent) }, 400, /./)
		}
	})

	it('a mode that this HSM has not is a 501 that says so', async () => {
		await refused('/crypto/v1/encrypt', { key: key('aes'), alg: 'AES', mode: 'CCM', plain: 'AAAA' }, 501, /./)
	})
})

describe('RSA', () => {
	it('OAEP with SHA-1, and PKCS #1 v1.5, both ways', async () => {
		for (const [mode, padding] of [[OAEP('SHA1'), { padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }], [PKCS1, { padding: crypto.constants.RSA_PKCS1_PADDING }]]) {
			const made = await ok('/crypto/v1/encrypt', { key: key('rsa'), alg: 'RSA', mode, plain: b64(MESSAGE) })
			if (mode !== PKCS1) assert.deepEqual(crypto.privateDecrypt({ key: keys.rsa.private, ...padding }, bytes(made.cipher)), MESSAGE)
			const cipher = b64(crypto.publicEncrypt({ key: keys.rsa.public, ...padding }, MESSAGE))
			assert.deepEqual(bytes((await ok('/crypto/v1/decrypt', { key: key('rsa'), alg: 'RSA', mode, cipher })).plain), MESSAGE)
			assert.deepEqual(bytes((await ok('/crypto/v1/decrypt', { key: key('rsa'), mode, cipher: made.cipher })).plain), MESSAGE)
		}
	})

	it('what is too long for the modulus is refused with what to do instead', async () => {
		await refused('/crypto/v1/encrypt', { key: key('rsa'), alg: 'RSA', mode: OAEP('SHA1'), plain: b64(Buffer.alloc(215)) }, 400, /at most 214.*AES key/)
	})

	it('a key with the policy that keys have by themselves does OAEP alone', async () => {
		await ok('/crypto/v1/encrypt', { key: key('strict'), alg: 'RSA', mode: OAEP('SHA1'), plain: b64(MESSAGE) })
		await refused('/crypto/v1/encrypt', { key: key('strict'), alg: 'RSA', mode: PKCS1, plain: b64(MESSAGE) }, 403, /encryption_policy does not allow/)
	})

	it('raw decryption is the bare permutation', async () => {
		const block = Buffer.alloc(256, 7)
		block[0] = 0
		const cipher = crypto.publicEncrypt({ key: keys.rsa.public, padding: crypto.constants.RSA_NO_PADDING }, block)
		assert.deepEqual(bytes((await ok('/crypto/v1/decrypt', { key: key('rsa'), mode: { RAW_DECRYPT: {} }, cipher: b64(cipher) })).plain), block)
	})
})

describe('signatures', () => {
	const digest = (alg, data) => crypto.createHash(alg).update(data).digest()

	for (const [name, hash] of [['p256', 'SHA256'], ['p256', 'SHA512'], ['k1', 'SHA256'], ['p384', 'SHA384'], ['p521', 'SHA512'], ['p256', 'SHA3_256']]) {
		it(`${name} with ${hash}: made for node, and of node's`, async () => {
			const nodes = hash.toLowerCase().replace('_', '-')
			for (const what of [{ data: b64(MESSAGE) }, { hash: b64(digest(nodes, MESSAGE)) }]) {
				const { kid, signature } = await ok('/crypto/v1/sign', { key: key(name), hash_alg: hash, ...what })
				assert.equal(kid, keys[name].kid)
				assert.ok(crypto.verify(nodes, MESSAGE, keys[name].public, bytes(signature)), 'ours is good')
				const verify = { key: key(name), hash_alg: hash, signature, ...what }
				assert.deepEqual(await ok('/crypto/v1/verify', verify), { kid, result: true })
				assert.deepEqual(await ok('/crypto/v1/verify', { ...verify, signature: 'MAYCAQECAQE=' }), { kid, result: false })
			}
			if (!keys[name].private) return
			const theirs = crypto.sign(nodes, MESSAGE, keys[name].private)
			assert.equal((await ok('/crypto/v1/verify', { key: key(name), hash_alg: hash, data: b64(MESSAGE), signature: b64(theirs) })).result, true)
		})
	}

	it('Ed25519 signs the message itself', async () => {
		for (const hash_alg of [undefined, 'SHA512']) {
			const { signature } = await ok('/crypto/v1/sign', { key: key('ed25519'), hash_alg, data: b64(MESSAGE) })
			assert.ok(crypto.verify(null, MESSAGE, keys.ed25519.public, bytes(signature)))
			assert.equal((await ok('/crypto/v1/verify', { key: key('ed25519'), hash_alg, data: b64(MESSAGE), signature })).result, true)
			assert.equal((await ok('/crypto/v1/verify', { key: key('ed25519'), hash_alg, data: b64('another'), signature })).result, false)
		}
	})

	for (const [mode, padding] of [[undefined, crypto.constants.RSA_PKCS1_PADDING], [PKCS1, crypto.constants.RSA_PKCS1_PADDING], [PSS('SHA256'), crypto.constants.RSA_PKCS1_PSS_PADDING]]) {
		it(`RSA with ${mode ? Object.keys(mode)[0] : 'no mode said'}`, async () => {
			const how = { padding, saltLength: 32 }
			const request = { key: key('rsa'), hash_alg: 'SHA256', data: b64(MESSAGE), mode }
			const { signature } = await ok('/crypto/v1/sign', request)
			assert.ok(crypto.verify('sha256', MESSAGE, { key: keys.rsa.public, ...how }, bytes(signature)))
			const theirs = crypto.sign('sha256', MESSAGE, { key: keys.rsa.private, ...how })
			assert.equal((await ok('/crypto/v1/verify', { ...request, signature: b64(theirs) })).result, true)
			theirs[9] ^= 1
			assert.equal((await ok('/crypto/v1/verify', { ...request, signature: b64(theirs) })).result, false)
		})
	}

	it('SHA-1 is verified, and not made', async () => {
		const signature = b64(crypto.sign('sha1', MESSAGE, keys.rsa.private))
		assert.equal((await ok('/crypto/v1/verify', { key: key('rsa'), hash_alg: 'SHA1', data: b64(MESSAGE), signature })).result, true)
		await refused('/crypto/v1/sign', { key: key('rsa'), hash_alg: 'SHA1', data: b64(MESSAGE) }, 400, /nothing new is signed with SHA1/)
	})
})

describe('MACs and digests', () => {
	it('HMAC is node\'s', async () => {
		for (const [alg, nodes] of [['SHA1', 'sha1'], ['SHA256', 'sha256'], ['SHA512', 'sha512']]) {
			const made = await ok('/crypto/v1/mac', { key: key('hmac'), alg, data: b64(MESSAGE) })
			assert.equal(made.mac, crypto.createHmac(nodes, keys.hmac.secret).update(MESSAGE).digest('base64'))
			assert.equal(made.digest, made.mac)
			const verify = { key: key('hmac'), alg, data: b64(MESSAGE), mac: made.mac }
			assert.equal((await ok('/crypto/v1/macverify', verify)).result, true)
			const bent = bytes(made.mac)
			bent[0] ^= 1
			assert.equal((await ok('/crypto/v1/macverify', { ...verify, mac: b64(bent) })).result, false)
			assert.equal((await ok('/crypto/v1/macverify', { ...verify, mac: b64(bent.subarray(1)) })).result, false)
			assert.equal((await ok('/crypto/v1/macverify', { ...verify, mac: undefined, digest: made.mac })).result, true)
		}
	})

	it('CMAC is that of NIST SP 800-38B', async () => {
		for (const data of [Buffer.alloc(0), MESSAGE, BLOCKS]) {
			const made = await ok('/crypto/v1/mac', { key: key('aes'), data: b64(data) })
			assert.equal(made.mac, b64(cmac(keys.aes.secret, data)))
			assert.equal((await ok('/crypto/v1/macverify', { key: key('aes'), data: b64(data), mac: made.mac })).result, true)
		}
	})

	it('digests are node\'s', async () => {
		for (const [alg, nodes] of [['SHA1', 'sha1'], ['SHA256', 'sha256'], ['SHA384', 'sha384'], ['SHA512', 'sha512'], ['SHA3_256', 'sha3-256'], ['BLAKE2B512', 'blake2b512'], ['BLAKE2S256', 'blake2s256']])
			assert.deepEqual(await ok('/crypto/v1/digest', { alg, data: b64(MESSAGE) }), { digest: crypto.createHash(nodes).update(MESSAGE).digest('base64') })
		await refused('/crypto/v1/digest', { alg: 'MD5', data: 'AAAA' }, 400, /no digest that is known here/)
	})
})

function cmac(secret, data) {
	const block = (b) => crypto.createCipheriv(`aes-${secret.length * 8}-ecb`, secret, null).setAutoPadding(false).update(b)
	const double = (b) => {
		const n = (BigInt(`0x${b.toString('hex')}`) << 1n) ^ (b[0] & 0x80 ? 0x87n : 0n)
		return Buffer.from((n & ((1n << 128n) - 1n)).toString(16).padStart(32, '0'), 'hex')
	}
	const xor = (a, b) => Buffer.from(a.map((v, i) => v ^ b[i]))
	const once = double(block(Buffer.alloc(16)))
	const whole = data.length > 0 && data.length % 16 === 0
	const padded = whole ? Buffer.from(data) : Buffer.concat([data, Buffer.from([0x80]), Buffer.alloc(15 - (data.length % 16))])
	const last = padded.length - 16
	xor(padded.subarray(last), whole ? once : double(once)).copy(padded, last)
	let state = Buffer.alloc(16)
	for (let at = 0; at < padded.length; at += 16) state = block(xor(state, padded.subarray(at, at + 16)))
	return state
}

describe('what the key\'s maker has said of its signatures', () => {
	it('a digest that somebody else has made is not signed where it was ruled out', async () => {
		await generate('own digests', 'EC', { elliptic_curve: 'NistP256', allow_sign_hash: false })
		await refused('/crypto/v1/sign', { key: key('own digests'), hash_alg: 'SHA256', hash: b64(crypto.createHash('sha256').update(MESSAGE).digest()) }, 403, /allow_sign_hash/)
		const { signature } = await ok('/crypto/v1/sign', { key: key('own digests'), hash_alg: 'SHA256', data: b64(MESSAGE) })
		assert.ok(crypto.verify('sha256', MESSAGE, keys['own digests'].public, bytes(signature)))
	})
})

describe('wrapping', () => {
	it('a key that may leave is wrapped as RFC 5649 says, and comes back', async () => {
		const secret = crypto.randomBytes(32)
		await importKey('leaves', 'AES', secret, { key_ops: ['ENCRYPT', 'DECRYPT', 'EXPORT'] })
		const made = await ok('/crypto/v1/wrapkey', { key: key('aes'), subject: key('leaves'), alg: 'AES', mode: 'KWP' })
		const open = crypto.createDecipheriv('id-aes256-wrap-pad', keys.aes.secret, Buffer.from('a65959a6', 'hex'))
		assert.deepEqual(Buffer.concat([open.update(bytes(made.wrapped_key)), open.final()]), secret)
		const legacy = await ok(`/crypto/v1/keys/${keys.aes.kid}/wrapkey`, { kid: keys.leaves.kid, alg: 'AES', mode: 'KWP' })
		assert.equal(legacy.wrapped_key, made.wrapped_key)

		const back = await dsm.created('/crypto/v1/unwrapkey', { key: key('aes'), alg: 'AES', mode: 'KWP', obj_type: 'AES', wrapped_key: made.wrapped_key, name: 'came back', key_ops: ['ENCRYPT', 'DECRYPT'] })
		assert.equal(back.obj_type, 'AES')
		const cipher = await ok('/crypto/v1/encrypt', { key: { kid: back.kid }, alg: 'AES', mode: 'ECB', plain: b64(BLOCKS) })
		assert.equal(cipher.cipher, b64(crypto.createCipheriv('aes-256-ecb', secret, null).setAutoPadding(false).update(BLOCKS)))
	})

	it('a key that may not leave stays', async () => {
		await refused('/crypto/v1/wrapkey', { key: key('aes'), subject: key('aes128'), alg: 'AES', mode: 'KWP' }, 403, /EXPORT/)
	})

	it('how a key is wrapped is the wrapping one\'s affair, whatever paddings an RSA key has for itself', async () => {
		await importPair('leaving', 'RSA', crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }), { key_ops: ['SIGN', 'EXPORT'], rsa: { encryption_policy: [], signature_policy: [{}] } })
		const { wrapped_key } = await ok('/crypto/v1/wrapkey', { key: key('aes'), subject: key('leaving'), alg: 'AES', mode: 'KWP' })
		const back = await dsm.created('/crypto/v1/unwrapkey', { key: key('aes'), alg: 'AES', mode: 'KWP', obj_type: 'RSA', wrapped_key, name: 'left', key_ops: ['SIGN'] })
		const { signature } = await ok('/crypto/v1/sign', { key: { kid: back.kid }, hash_alg: 'SHA256', data: b64(MESSAGE), mode: PKCS1 })
		assert.ok(crypto.verify('sha256', MESSAGE, keys.leaving.public, bytes(signature)))
	})

	it('RSA wraps no private key', async () => {
		await refused('/crypto/v1/wrapkey', { key: key('rsa'), subject: key('p256'), alg: 'RSA', mode: OAEP('SHA1') }, 400, /too long to be wrapped by RSA/)
	})
})

describe('keys out of keys', () => {
	it('agreement is Diffie-Hellman as node does it', async () => {
		const peer = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
		await dsm.importKey({ name: 'peer', obj_type: 'EC', elliptic_curve: 'NistP256', value: b64(peer.publicKey.export({ format: 'der', type: 'spki' })) })
		const made = await dsm.created('/crypto/v1/agree', { private_key: key('p256'), public_key: { name: 'peer' }, mechanism: 'diffie_hellman', key_type: 'AES', key_size: 256, name: 'agreed' })
		const secret = crypto.diffieHellman({ privateKey: peer.privateKey, publicKey: keys.p256.public })
		const { cipher } = await ok('/crypto/v1/encrypt', { key: { kid: made.kid }, alg: 'AES', mode: 'ECB', plain: b64(BLOCKS) })
		assert.equal(cipher, b64(crypto.createCipheriv('aes-256-ecb', secret, null).setAutoPadding(false).update(BLOCKS)))
	})

	it('a public key that is not for it agrees on nothing', async () => {
		await generate('signs only', 'EC', { elliptic_curve: 'NistP256', key_ops: ['SIGN'] })
		await generate('ended', 'EC', { elliptic_curve: 'NistP256', key_ops: ['AGREEKEY', 'APPMANAGEABLE'] })
		assert.equal((await app.post(`/crypto/v1/keys/${keys.ended.kid}/revoke`, { code: 'Unspecified' })).status, 204)
		const agree = (name) => ({ private_key: key('p256'), public_key: key(name), mechanism: 'diffie_hellman', key_type: 'AES', key_size: 256, name: 'not agreed' })
		await refused('/crypto/v1/agree', agree('signs only'), 403, /AGREEKEY/)
		await refused('/crypto/v1/agree', agree('ended'), 400, /Deactivated/)
	})

	it('derivation by encrypting data is that ciphertext as a key', async () => {
		const plain = BLOCKS.subarray(0, 32)
		const made = await dsm.created('/crypto/v1/derive', { key: key('aes'), name: 'derived', key_type: 'AES', key_size: 256, mechanism: { encrypt_data: { alg: 'AES', mode: 'ECB', plain: b64(plain) } } })
		const secret = crypto.createCipheriv('aes-256-ecb', keys.aes.secret, null).setAutoPadding(false).update(plain)
		const { cipher } = await ok('/crypto/v1/encrypt', { key: { kid: made.kid }, alg: 'AES', mode: 'ECB', plain: b64(BLOCKS) })
		assert.equal(cipher, b64(crypto.createCipheriv('aes-256-ecb', secret, null).setAutoPadding(false).update(BLOCKS)))
	})
})

describe('our own', () => {
	it('random bytes are as many as were asked for, and other ones each time', async () => {
		const a = await ok('/crypto/v1/random', { size: 32 }), b = await ok('/crypto/v1/random', { size: 32, group_id: dsm.group })
		assert.equal(bytes(a.data).length, 32)
		assert.notEqual(a.data, b.data)
		await refused('/crypto/v1/random', { size: 65537 }, 400, /"size"/)
	})

	it('a data key comes plain and wrapped', async () => {
		const made = await ok('/crypto/v1/keys/generate_data_key', { key: key('aes'), ad: b64('file 1') })
		assert.equal(bytes(made.plain).length, 32)
		const back = await ok('/crypto/v1/decrypt', { key: key('aes'), mode: made.mode, cipher: made.wrapped, iv: made.iv, tag: made.tag, ad: b64('file 1') })
		assert.equal(back.plain, made.plain)
		await refused('/crypto/v1/keys/generate_data_key', { key: key('rsa') }, 400, /type AES/)
	})
})

describe('what is refused', () => {
	const encrypt = (more) => ({ key: key('aes'), alg: 'AES', mode: 'GCM', plain: 'AAAA', ...more })

	it('bad input, row by row', async () => {
		const rows = [
			['/crypto/v1/encrypt', encrypt({ key: undefined }), 400, /"key" is missing/],
			['/crypto/v1/encrypt', encrypt({ key: { kid: 'x' } }), 404, /no such security object/],
			['/crypto/v1/encrypt', encrypt({ key: { kid: crypto.randomUUID() } }), 404, /no such security object/],
			['/crypto/v1/encrypt', encrypt({ key: { name: 'nobody' } }), 404, /no such security object/],
			['/crypto/v1/encrypt', encrypt({ key: { kid: keys.aes.kid, name: 'aes' } }), 400, /one of them/],
			['/crypto/v1/encrypt', encrypt({ key: { transient_key: 'AAAA' } }), 400, /transient_key/],
			['/crypto/v1/encrypt', encrypt({ plain: 'no base64!' }), 400, /"plain": expected base64/],
			['/crypto/v1/encrypt', encrypt({ plain: b64(Buffer.alloc(262145)) }), 413, /encrypt\/init/],
			['/crypto/v1/encrypt', encrypt({ mode: 'XTS' }), 400, /"XTS" is none/],
			['/crypto/v1/encrypt', encrypt({ more: 1 }), 400, /unknown field "more"/],
			['/crypto/v1/encrypt', [], 400, /./],
			['/crypto/v1/sign', { key: key('aes'), hash_alg: 'SHA256', data: 'AAAA' }, 400, /type AES does not sign/],
			['/crypto/v1/mac', { key: key('p256'), alg: 'SHA256', data: 'AAAA' }, 400, /makes no MAC/],
			['/crypto/v1/decrypt', { key: key('aes'), mode: 'CBC', iv: b64(Buffer.alloc(16)), cipher: b64(Buffer.alloc(16)), masked: true }, 400, /"masked"/],
		]
		for (const [path, body, status, words] of rows) await refused(path, body, status, words)
	})

	it('256 KiB in one call are taken', async () => {
		const made = await ok('/crypto/v1/encrypt', { key: key('aes'), alg: 'AES', mode: 'CTR', plain: b64(Buffer.alloc(262144)) })
		assert.equal(bytes(made.cipher).length, 262144)
	})

	it('keys without the key_op, disabled, not active yet, not any more', async () => {
		await generate('no-ops', 'AES', { key_size: 256, key_ops: ['MACGENERATE', 'APPMANAGEABLE'] })
		await refused('/crypto/v1/encrypt', encrypt({ key: key('no-ops') }), 403, /key_ops do not have ENCRYPT/)
		await generate('disabled', 'AES', { key_size: 256, enabled: false })
		await refused('/crypto/v1/encrypt', encrypt({ key: key('disabled') }), 400, /disabled/)
		await generate('preactive', 'AES', { key_size: 256, state: 'PreActive' })
		await refused('/crypto/v1/encrypt', encrypt({ key: key('preactive') }), 400, /PreActive/)
		await generate('deactivated', 'AES', { key_size: 256 })
		const made = await ok('/crypto/v1/encrypt', encrypt({ key: key('deactivated') }))
		await dsm.admin.succeed('POST', `/crypto/v1/keys/${keys.deactivated.kid}/revoke`, { code: 'Unspecified' })
		await refused('/crypto/v1/encrypt', encrypt({ key: key('deactivated') }), 400, /Deactivated/)
		const back = await ok('/crypto/v1/decrypt', { key: key('deactivated'), mode: 'GCM', cipher: made.cipher, iv: made.iv, tag: made.tag })
		assert.equal(back.plain, 'AAAA')
	})

	it('apps of other groups see no key; users and apps without the permission may not', async () => {
		const stranger = await dsm.newApp({ name: 'stranger', permissions: null })
		await refused('/crypto/v1/encrypt', encrypt(), 404, /no such security object/, stranger)
		await refused('/crypto/v1/encrypt', encrypt({ mode: 'nonsense' }), 404, /no such security object/, stranger)
		const signer = await dsm.newApp({ name: 'signer', permissions: ['SIGN'] })
		await refused('/crypto/v1/encrypt', encrypt(), 403, /ENCRYPT/, signer)
		await refused('/crypto/v1/encrypt', encrypt(), 403, /only apps/, dsm.admin)
	})

	it('the old paths, and a key twice', async () => {
		const made = await ok(`/crypto/v1/keys/${keys.aes.kid}/encrypt`, { alg: 'AES', mode: 'CBC', plain: b64(MESSAGE) })
		const back = await ok(`/crypto/v1/keys/${keys.aes.kid}/decrypt`, { alg: 'AES', mode: 'CBC', cipher: made.cipher, iv: made.iv })
		assert.deepEqual(bytes(back.plain), MESSAGE)
		await refused(`/crypto/v1/keys/${keys.aes.kid}/encrypt`, encrypt(), 400, /names the key already/)
	})
})

describe('batches', () => {
	it('sign: each item has its own answer, in the order asked for', async () => {
		const request = (i, more) => ({ key: key('p256'), hash_alg: 'SHA256', data: b64(`message ${i}`), ...more })
		const items = Array.from({ length: 20 }, (_, i) => request(i))
		items[3] = request(3, { key: { kid: crypto.randomUUID() } })
		items[5] = request(5, { hash_alg: 'SHA1' })
		items[7] = { nonsense: true }
		items[9] = request(9, { key: key('ed25519'), hash_alg: undefined })
		items[11] = request(11, { key: key('no-ops') })
		const answers = await ok('/crypto/v1/keys/batch/sign', items)
		assert.deepEqual(answers.map((a) => a.status), items.map((_, i) => ({ 3: 404, 5: 400, 7: 400, 11: 400 })[i] ?? 200))
		for (const [i, answer] of answers.entries()) {
			if (answer.status !== 200) assert.match(answer.error, /./)
			else if (i === 9) assert.ok(crypto.verify(null, Buffer.from('message 9'), keys.ed25519.public, bytes(answer.body.signature)))
			else assert.ok(crypto.verify('sha256', Buffer.from(`message ${i}`), keys.p256.public, bytes(answer.body.signature)))
		}
		const good = answers.map((a, i) => a.status === 200 && { ...items[i], signature: a.body.signature }).filter(Boolean)
		good[0].data = b64('another message')
		const verified = await ok('/crypto/v1/keys/batch/verify', good)
		assert.deepEqual(verified.map((v) => v.body.result), good.map((_, i) => i !== 0))
	})

	it('encrypt and decrypt', async () => {
		const items = Array.from({ length: 40 }, (_, i) => ({ kid: keys[i % 2 ? 'aes' : 'aes128'].kid, request: { alg: 'AES', mode: 'GCM', plain: b64(`plain ${i}`) } }))
		const made = await ok('/crypto/v1/keys/batch/encrypt', items)
		const back = made.map(({ body }) => ({ kid: body.kid, request: { mode: 'GCM', cipher: body.cipher, iv: body.iv, tag: body.tag } }))
		back[4].request.tag = b64(Buffer.alloc(16))
		const plain = await ok('/crypto/v1/keys/batch/decrypt', back)
		for (const [i, answer] of plain.entries())
			if (i === 4) assert.equal(answer.status, 400)
			else assert.deepEqual(answer, { status: 200, body: { kid: items[i].kid, plain: items[i].request.plain } })
	})

	it('too many, none, or no array', async () => {
		await refused('/crypto/v1/keys/batch/sign', [], 400, /1 to 256/)
		await refused('/crypto/v1/keys/batch/sign', {}, 400, /1 to 256/)
		await refused('/crypto/v1/keys/batch/sign', Array.from({ length: 257 }, () => ({})), 413, /1 to 256/)
	})

	it('calls of any kind: a serial batch ends at its first failure', async () => {
		const item = (operation, body) => ({ SingleItem: { method: 'POST', operation, body } })
		const digest = item('/crypto/v1/digest', { alg: 'SHA256', data: 'AAAA' })
		const { Batch } = await ok('/batch/v1', { Batch: { batch_execution_type: 'Serial', items: [
			digest,
			{ Batch: { batch_execution_type: 'Unordered', items: [item('/crypto/v1/sign', { key: key('ed25519'), data: 'AAAA' }), digest] } },
			item('/crypto/v1/encrypt', encryptNobody()),
			digest,
		] } })
		assert.equal(Batch.items[0].SingleItem.Result.status, 200)
		assert.equal(Batch.items[0].SingleItem.Result.body.digest, crypto.createHash('sha256').update(bytes('AAAA')).digest('base64'))
		assert.deepEqual(Batch.items[1].Batch.items.map((i) => i.SingleItem.Result.status), [200, 200])
		assert.equal(Batch.items[2].SingleItem.Result.status, 404)
		assert.match(Batch.items[2].SingleItem.Result.body, /no such security object/)
		assert.match(Batch.items[3].SingleItem.Skipped.reason, /earlier item/)

		const unordered = await ok('/batch/v1', { Batch: { batch_execution_type: 'Unordered', items: [item('/crypto/v1/encrypt', encryptNobody()), ...Array(60).fill(digest)] } })
		assert.deepEqual(unordered.Batch.items.map((i) => i.SingleItem.Result.status), [404, ...Array(60).fill(200)])
		await refused('/batch/v1', { SingleItem: { method: 'POST', operation: '/batch/v1', body: {} } }, 400, /batch inside a batch/)
	})

	const encryptNobody = () => ({ key: { name: 'nobody' }, alg: 'AES', mode: 'GCM', plain: 'AAAA' })
})

describe('tokenization', () => {
	const text = (s) => Buffer.from(s).toString('base64')
	const luhn = (digits) => [...digits].reverse().reduce((sum, d, i) => sum + (i % 2 ? (d * 2 > 9 ? d * 2 - 9 : d * 2) : Number(d)), 0) % 10 === 0

	it('a card number becomes another one that ends alike, and comes back, masked for those who may see no more', async () => {
		await generate('cards', 'AES', { key_size: 256, fpe: { radix: 10, min_length: 13, max_length: 19, preserve: [-1, -2, -3, -4], mask: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], luhn_check: true, name: 'card' } })
		const request = { key: key('cards'), alg: 'AES', mode: 'FF1', plain: text('4111111111111111') }
		const { kid, cipher, iv } = await ok('/crypto/v1/encrypt', request)
		const token = bytes(cipher).toString()
		assert.equal(kid, keys.cards.kid)
		assert.equal(iv, undefined)
		assert.match(token, /^\d{12}1111$/)
		assert.notEqual(token, '4111111111111111')
		assert.ok(luhn(token))
		assert.equal((await ok('/crypto/v1/encrypt', request)).cipher, cipher)
		const back = { key: key('cards'), alg: 'AES', mode: 'FF1', cipher }
		assert.equal((await ok('/crypto/v1/decrypt', back)).plain, text('4111111111111111'))
		assert.equal((await ok('/crypto/v1/decrypt', { ...back, masked: true })).plain, text('************1111'))
		const clerk = await dsm.newApp({ name: 'clerk', permissions: ['MASKDECRYPT'] })
		for (const masked of [undefined, false, true]) assert.equal((await ok('/crypto/v1/decrypt', { ...back, masked }, clerk)).plain, text('************1111'))
		await refused('/crypto/v1/decrypt', { key: key('aes'), mode: 'CBC', iv: b64(Buffer.alloc(16)), cipher: b64(Buffer.alloc(16)) }, 403, /DECRYPT/, clerk)
		await refused('/crypto/v1/encrypt', { ...request, plain: text('4111111111111112') }, 400, /"plain"/)
		await refused('/crypto/v1/encrypt', { ...request, plain: text('a card number') }, 400, /"plain"/)
		await refused('/crypto/v1/encrypt', { ...request, key: key('aes') }, 400, /keys with a format/)
	})

	it('every built-in format makes tokens of its own, which come back', async () => {
		const texts = {
			credit_card: '4111111111111111', ssn: '123-45-6789', imei: '490154203237518', ipv4: '192.168.0.1',
			us_phone: '(212) 555-0123', email: 'alice.b@example.org', date: '2024-02-29',
		}
		for (const [builtin, plain] of Object.entries(texts)) {
			await generate(`format-${builtin}`, 'AES', { key_size: 256, fpe: { builtin } })
			const call = { key: key(`format-${builtin}`), alg: 'AES', mode: 'FF1' }
			const { cipher } = await ok('/crypto/v1/encrypt', { ...call, plain: text(plain) })
			assert.notEqual(cipher, text(plain))
			assert.equal((await ok('/crypto/v1/decrypt', { ...call, cipher })).plain, text(plain))
		}
	})

	it('a format whose tokens could be undone is refused when the key is made', async () => {
		const make = (fpe) => dsm.generateKey({ name: 'small', obj_type: 'AES', key_size: 256, fpe })
		await assert.rejects(make({ radix: 10, min_length: 5, max_length: 9, preserve: [] }), /less than 1000000/)
		await assert.rejects(make({ format_v2: { variants: [] } }), /format_v2/)
	})
})

describe('in pieces', () => {
	const LONG = crypto.createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(3 * 1024 * 1024 + 5))

	async function stream(which, init, data, size, last = {}) {
		const [from, to] = which === 'encrypt' ? ['plain', 'cipher'] : ['cipher', 'plain']
		const begun = await ok(`/crypto/v1/${which}/init`, init)
		let { state } = begun
		const out = []
		for (let at = 0; at < data.length; at += size) {
			const step = await ok(`/crypto/v1/${which}/update`, { key: init.key, [from]: b64(data.subarray(at, at + size)), state })
			out.push(bytes(step[to]))
			state = step.state
		}
		const end = await ok(`/crypto/v1/${which}/final`, { key: init.key, state, ...last })
		return { iv: begun.iv, tag: end.tag, out: Buffer.concat([...out, bytes(end[to])]) }
	}

	for (const [mode, alg] of [['CBC', 'aes-256-cbc'], ['CTR', 'aes-256-ctr']]) {
		it(`3 MB of ${mode} are what node makes in one go, and come back`, async () => {
			const { iv, out } = await stream('encrypt', { key: key('aes'), alg: 'AES', mode }, LONG, 262144)
			const theirs = crypto.createCipheriv(alg, keys.aes.secret, bytes(iv))
			assert.ok(out.equals(Buffer.concat([theirs.update(LONG), theirs.final()])))
			const back = await stream('decrypt', { key: key('aes'), alg: 'AES', mode, iv }, out, 200_001)
			assert.ok(back.out.equals(LONG))
		})
	}

	it('a state of another key, direction or account, or a changed one, is refused', async () => {
		const { state } = await ok('/crypto/v1/encrypt/init', { key: key('aes'), alg: 'AES', mode: 'CTR' })
		await refused('/crypto/v1/encrypt/update', { key: key('aes128'), plain: 'AAAA', state }, 400, /of another key/)
		await refused('/crypto/v1/decrypt/update', { cipher: 'AAAA', state }, 400, /one of encryption/)
		const bent = bytes(state)
		bent[bent.length - 1] ^= 1
		await refused('/crypto/v1/encrypt/update', { plain: 'AAAA', state: b64(bent) }, 400, /changed on its way/)
		await refused('/crypto/v1/encrypt/update', { plain: 'AAAA', state: 'AAAA' }, 400, /changed on its way/)
		const stranger = await dsm.newApp({ name: 'another stranger', permissions: null })
		await refused('/crypto/v1/encrypt/update', { plain: 'AAAA', state }, 404, /no such security object/, stranger)
	})

	let gcm
	before(() => (gcm = { key: key('aes'), alg: 'AES', mode: 'GCM', ad: b64('for you alone') }))

	it('3 MB of GCM are what node makes in one go, with its tag, and come back', async () => {
		const { iv, out, tag } = await stream('encrypt', gcm, LONG, 262143)
		assert.equal(bytes(iv).length, 12)
		const theirs = crypto.createCipheriv('aes-256-gcm', keys.aes.secret, bytes(iv)).setAAD(bytes(gcm.ad))
		assert.ok(out.equals(Buffer.concat([theirs.update(LONG), theirs.final()])))
		assert.deepEqual(bytes(tag), theirs.getAuthTag())
		const back = await stream('decrypt', { ...gcm, iv }, out, 200_001, { tag })
		assert.ok(back.out.equals(LONG))
	})

	it('a message of GCM in pieces opens in one call, and one of one call in pieces', async () => {
		const made = await stream('encrypt', gcm, LONG.subarray(0, 100_000), 33_333, { tag_len: 96 })
		assert.equal(bytes(made.tag).length, 12)
		const { plain } = await ok('/crypto/v1/decrypt', { ...gcm, iv: made.iv, cipher: b64(made.out), tag: made.tag })
		assert.ok(bytes(plain).equals(LONG.subarray(0, 100_000)))
		const once = await ok('/crypto/v1/encrypt', { ...gcm, plain: b64('short'), tag_len: 128 })
		const back = await stream('decrypt', { ...gcm, iv: once.iv }, bytes(once.cipher), 2, { tag: once.tag })
		assert.equal(back.out.toString(), 'short')
	})

	it('a tag that is not the message\'s is told at the end; one that is missing, too short, or of no use is refused', async () => {
		const { iv, out, tag } = await stream('encrypt', gcm, Buffer.from('a message'), 4)
		const bent = bytes(tag)
		bent[0] ^= 1
		const end = async (init, final, status, words) => {
			let { state } = await ok('/crypto/v1/decrypt/init', init)
			if (init.mode === 'GCM') ({ state } = await ok('/crypto/v1/decrypt/update', { cipher: b64(out), state }))
			await refused('/crypto/v1/decrypt/final', { state, ...final }, status, words)
		}
		await end({ ...gcm, iv }, { tag: b64(bent) }, 400, /does not decrypt/)
		await end({ ...gcm, iv, ad: b64('for me') }, { tag }, 400, /does not decrypt/)
		await end({ ...gcm, iv }, {}, 400, /"tag" is missing/)
		await end({ ...gcm, iv }, { tag: b64(bytes(tag).subarray(0, 8)) }, 400, /64 bits/)
		await end({ key: key('aes'), alg: 'AES', mode: 'CTR', iv: b64(Buffer.alloc(16)) }, { tag }, 400, /only GCM/)
		await refused('/crypto/v1/decrypt/init', { ...gcm, iv: b64(Buffer.alloc(16)) }, 400, /takes one of 12/)
		await refused('/crypto/v1/encrypt/init', { ...gcm, mode: 'CCM' }, 400, /this one is not/)
		await refused('/crypto/v1/decrypt/init', { ...gcm, mode: 'CCM', iv }, 400, /this one is not/)
	})
})
