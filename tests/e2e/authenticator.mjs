// SPDX-License-Identifier: Apache-2.0
// People's credentials in software: key pairs as the official client's browser package makes them, and an authenticator
// (WebAuthn) that can also do what it should not. Both are signers of the official client: sign(challenge), create(challenge).
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const b64url = (data) => Buffer.from(data).toString('base64url')
const sha256 = (data) => createHash('sha256').update(data).digest()

/**
 * A public key as JWK. Node 20 can lock itself up when it exports one that it has just made: whatever made it wants the same
 * lock when it is collected meanwhile. So a copy is exported.
 */
export const jwkOf = (publicKey) => createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' }) /* allowed: that copy */

/** Kind Key; with another `kind`, PasswordProtectedKey or RecoveryKey. */
export class KeyPair {
	constructor({ type = 'ed25519', options, kind = 'Key', name, encryptedPrivateKey } = {}) {
		Object.assign(this, generateKeyPairSync(type, options), { kind, name, encryptedPrivateKey })
		this.credId = b64url(randomBytes(32))
	}

	get pem() {
		return this.publicKey.export({ type: 'spki', format: 'pem' })
	}

	async create({ challenge }) {
		const clientData = JSON.stringify({ type: 'key.create', challenge })
		const message = JSON.stringify({ clientDataHash: sha256(clientData).toString('hex'), publicKey: this.pem })
		const attestationData = JSON.stringify({ publicKey: this.pem, signature: sign(undefined, Buffer.from(message), this.privateKey).toString('hex') })
		return { credentialKind: this.kind, credentialInfo: { credId: this.credId, clientData: b64url(clientData), attestationData: b64url(attestationData) },
			...(this.name && { credentialName: this.name }), ...(this.encryptedPrivateKey && { encryptedPrivateKey: this.encryptedPrivateKey }) }
	}

	/** What it signs about any text as the challenge. */
	assertion(challenge) {
		const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge }))
		return { kind: this.kind, credentialAssertion: { credId: this.credId, clientData: b64url(clientData),
			signature: b64url(sign(undefined, clientData, this.privateKey)) } }
	}

	async sign({ challenge }) {
		return this.assertion(challenge)
	}
}

const head = (major, n) => (n < 24 ? Buffer.from([major << 5 | n]) : n < 256 ? Buffer.from([major << 5 | 24, n]) : Buffer.from([major << 5 | 25, n >> 8, n & 255]))
const number = (n) => (n < 0 ? head(1, -1 - n) : head(0, n))
const bytes = (b) => Buffer.concat([head(2, b.length), b])
const text = (s) => Buffer.concat([head(3, s.length), Buffer.from(s)])
const map = (...pairs) => Buffer.concat([head(5, pairs.length), ...pairs.flat()])

/** Kind Fido2. Its properties may be changed between calls. */
export class Authenticator {
	counter = 0
	flags = 0x05 /* user present, verified */

	constructor({ algorithm = -7, rpId = 'bank.example', origin = 'https://app.bank.example', name } = {}) {
		const pair = algorithm === -7 ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) :
			algorithm === -8 ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 })
		Object.assign(this, pair, { algorithm, rpId, origin, name })
		this.id = randomBytes(32)
	}

	get credId() {
		return b64url(this.id)
	}

	#cose() {
		const jwk = jwkOf(this.publicKey)
		const part = (name) => bytes(Buffer.from(jwk[name], 'base64url'))
		if (this.algorithm === -7) return map([number(1), number(2)], [number(3), number(-7)], [number(-1), number(1)], [number(-2), part('x')], [number(-3), part('y')])
		if (this.algorithm === -8) return map([number(1), number(1)], [number(3), number(-8)], [number(-1), number(6)], [number(-2), part('x')])
		return map([number(1), number(3)], [number(3), number(-257)], [number(-1), part('n')], [number(-2), part('e')])
	}

	#data(flags) {
		const counter = Buffer.alloc(4)
		counter.writeUInt32BE(this.counter)
		return Buffer.concat([sha256(this.rpId), Buffer.from([flags]), counter])
	}

	/* Browsers give it the bytes of the challenge's text, and encode those. */
	#clientData(type, challenge) {
		return Buffer.from(JSON.stringify({ type, challenge: b64url(challenge), origin: this.origin, crossOrigin: false }))
	}

	async create({ challenge }) {
		const length = Buffer.from([this.id.length >> 8, this.id.length & 255])
		const data = Buffer.concat([this.#data(this.flags | 0x40), Buffer.alloc(16), length, this.id, this.#cose()])
		const object = map([text('fmt'), text('none')], [text('attStmt'), map()], [text('authData'), bytes(data)])
		return { credentialKind: 'Fido2', ...(this.name && { credentialName: this.name }), credentialInfo: {
			credId: this.credId, clientData: b64url(this.#clientData('webauthn.create', challenge)), attestationData: b64url(object) } }
	}

	async sign({ challenge }) {
		const clientData = this.#clientData('webauthn.get', challenge)
		const data = this.#data(this.flags)
		const signed = Buffer.concat([data, sha256(clientData)])
		return { kind: 'Fido2', credentialAssertion: { credId: this.credId, clientData: b64url(clientData), authenticatorData: b64url(data),
			signature: b64url(sign(this.algorithm === -8 ? undefined : 'sha256', signed, this.privateKey)), userHandle: '' } }
	}
}
