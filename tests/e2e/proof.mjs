// SPDX-License-Identifier: Apache-2.0
// Commitments, proofs, evidence and jobs as docs/proofs.md describes them, written anew from that page: what a client needs
// to check what it signs, and what somebody who has taken over a server can send.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash, sign } from 'node:crypto'

const bytes = (value) => (Buffer.isBuffer(value) ? value : Buffer.from(value))
const u8 = (n) => Buffer.from([n])
const u32 = (n) => {
	const b = Buffer.alloc(4)
	b.writeUInt32BE(n)
	return b
}
const u64 = (n) => {
	const b = Buffer.alloc(8)
	b.writeBigUInt64BE(BigInt(n))
	return b
}
export const field = (value) => Buffer.concat([u32(bytes(value).length), bytes(value)])
export const sha256 = (value) => createHash('sha256').update(value).digest()

export class Reader {
	constructor(from) {
		this.from = from
		this.at = 0
	}

	take(n) {
		if (this.at + n > this.from.length) throw new Error('cut short')
		this.at += n
		return this.from.subarray(this.at - n, this.at)
	}

	u8 = () => this.take(1)[0]
	u32 = () => this.take(4).readUInt32BE()
	u64 = () => this.take(8).readBigUInt64BE()
	field = () => this.take(this.u32())
	text = () => this.field().toString()
	end() {
		if (this.at !== this.from.length) throw new Error('bytes left over')
	}
}

/** Compact JSON with the members of every object in order. */
export function canonical(value) {
	if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
	if (value === null || typeof value !== 'object') return JSON.stringify(value)
	return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

export const encodeCommitment = (c) => Buffer.concat([u8(1), field(c.id), field(c.org), field(c.identity), field(c.method), field(c.path),
	field(c.payload), u64(c.issued), u8(c.credentials.length), ...c.credentials.map(field)])

export function decodeCommitment(from) {
	const r = new Reader(from)
	if (r.u8() !== 1) throw new Error('unknown version')
	const c = { id: r.text(), org: r.text(), identity: r.text(), method: r.text(), path: r.text(), payload: r.field(), issued: Number(r.u64()) }
	c.credentials = Array.from({ length: r.u8() }, () => r.text())
	r.end()
	return c
}

export const challengeOf = (commitment) =>
	Buffer.from(sha256(Buffer.concat([field('holdfast user action 1'), commitment])).toString('hex')).toString('base64url')

/** An id of 26 digits of five bits. */
const idOf = (prefix, hash) => {
	const bits = BigInt('0x' + hash.toString('hex'))
	const digits = Array.from({ length: 26 }, (_, i) => '0123456789abcdefghjkmnpqrstvwxyz'[Number((bits >> BigInt(256 - 5 * (i + 1))) & 31n)]).join('')
	return `${prefix}-${digits.slice(0, 5)}-${digits.slice(5, 10)}-${digits.slice(10)}`
}

/** The approval of what this commitment asks for. */
export const approvalId = (commitment) => idOf('ap', sha256(Buffer.concat([field('holdfast approval 1'), commitment])))

/** What a credential signs, and the proof of it. */
export function makeProof({ commitment, credential, privateKey, expires = Date.now() + 60_000 }) {
	const encoded = encodeCommitment(commitment)
	const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge: challengeOf(encoded) }))
	return Buffer.concat([u8(2), field(encoded), u64(expires), field(credential), field('Key'), field(clientData), field(''),
		field(sign(undefined, clientData, privateKey))])
}

export function decodeProof(from) {
	const r = new Reader(from)
	if (r.u8() !== 2) throw new Error('unknown version')
	const p = { encoded: r.field(), expires: Number(r.u64()), credential: r.text(), kind: r.text(), clientData: r.field(),
		authenticatorData: r.field(), signature: r.field() }
	r.end()
	return { ...p, commitment: decodeCommitment(p.encoded) }
}

export const encodeProof = (p) => Buffer.concat([u8(2), field(p.encoded), u64(p.expires), field(p.credential), field(p.kind), field(p.clientData),
	field(p.authenticatorData), field(p.signature)])

export const encodeEvidence = ({ body, walletId = '', network = '', proof, approvals = [] }) => Buffer.concat([u8(1), field(body), field(walletId),
	field(network), field(proof), u8(approvals.length), ...approvals.map((a) => Buffer.concat([field(a.proof), field(a.body)]))])

export const encodeSignOp = ({ keyId, keyType, publicKey, input, scheme = 1, hash = 0 }) => Buffer.concat([u8(1), u8(2), u8(keyType), field(keyId),
	u8(scheme), u8(hash), field(publicKey), field(input)])

export const encodeReply = (jobs, { evidence = true, leaseMs = 10_000 } = {}) => Buffer.concat([u8(evidence ? 2 : 1), u32(leaseMs), u32(jobs.length),
	...jobs.map((j) => Buffer.concat([u64(j.job), u32(j.attempt ?? 1), field(j.op), ...(evidence ? [field(j.evidence ?? '')] : [])]))])

/** A driver's poll: { version, capacity, results: [{ job, outcome, text, signature }] }. */
export function decodePoll(from) {
	const r = new Reader(from)
	const poll = { version: r.u8(), instance: r.text(), store: r.text(), capacity: r.u32(), waitMs: r.u32(), recall: r.u8() }
	poll.results = Array.from({ length: r.u32() }, () => ({ job: r.u64(), ...decodeResult(r.field()) }))
	return poll
}

function decodeResult(from) {
	const r = new Reader(from)
	r.u8()
	const outcome = r.u8()
	if (outcome !== 1) return { outcome, code: r.u8(), text: r.text() }
	r.field()
	r.u8()
	return { outcome, signature: r.field() }
}

/** A signer for the official client that signs only what its caller has just asked for: in `asking`, the challenge has to
 * stand for this method, path and body. */
export class CheckingSigner {
	#asked = new AsyncLocalStorage()

	constructor(inner) {
		this.inner = inner
	}

	asking(method, path, body, what) {
		return this.#asked.run({ method, path, body }, what)
	}

	async sign(challenge) {
		const asked = this.#asked.getStore()
		if (!asked) throw new Error('nothing was asked for')
		const encoded = Buffer.from(challenge.commitment ?? '', 'base64url')
		if (challengeOf(encoded) !== challenge.challenge) throw new Error('the challenge is not that of its commitment')
		const { method, path, payload } = decodeCommitment(encoded)
		if (method !== asked.method || path !== asked.path || !payload.equals(sha256(canonical(asked.body ?? {}))))
			throw new Error(`asked to sign ${method} ${path}, which is not what was asked for`)
		return this.inner.sign(challenge)
	}
}
