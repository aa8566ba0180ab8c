// SPDX-License-Identifier: Apache-2.0
// A client of the gateway's protocol (src/op/slot_link.h, src/op/crypto_op.h), written from their comments and not from their
// code: what it and the gateway agree on is what those say.
import https from 'node:https'

import { limited } from '../e2e/process.mjs'

export const TYPE = 'application/vnd.holdfast.slot'
export const SERIAL_ANY = ''
export const KIND = { LIST: 1, DESCRIBE: 2, GENERATE: 3, SIGN: 10, RANDOM: 17, PING: 18, DESTROY: 6, ENCRYPT: 8, DECRYPT: 9 }
export const OBJECT = { AES: 1, RSA: 4, EC: 5 }
export const CURVE = { NONE: 0, P256: 3, SECP256K1: 8 }
export const USE = { SIGN: 1, VERIFY: 2, ENCRYPT: 4, DECRYPT: 8 }
export const MODE = { NONE: 0, CBC: 2, GCM: 5, ECDSA: 16 }
export const CODES = ['ok', 'nomem', 'invalid', 'toobig', 'notfound', 'exists', 'denied', 'unauthentic', 'io', 'timeout', 'closed', 'busy',
	'unsupported', 'corrupt', 'state', 'stop', 'internal']
export const OUTCOMES = ['', 'done', 'failed', 'retry']
const SHA256 = 3
const HAS_PRIVATE = 1 << 5, USES_GIVEN = 1, PERSISTENT = 1 << 6, LABEL = 1 << 7, KCV = 1 << 8, SENSITIVE = 1 << 3

const u8 = (v) => Buffer.from([v])
const u16 = (v) => { const b = Buffer.alloc(2); b.writeUInt16BE(v); return b }
const u32 = (v) => { const b = Buffer.alloc(4); b.writeUInt32BE(v); return b }
const u64 = (v) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(v)); return b }
export const field = (v) => { const b = Buffer.from(v ?? ''); return Buffer.concat([u32(b.length), b]) }
const join = (...parts) => Buffer.concat(parts)

class Reader {
	constructor(bytes) { this.bytes = bytes; this.at = 0 }
	take(n) {
		if (this.at + n > this.bytes.length) throw new Error('cut short')
		return this.bytes.subarray(this.at, (this.at += n))
	}
	u8() { return this.take(1)[0] }
	u16() { return this.take(2).readUInt16BE() }
	u32() { return this.take(4).readUInt32BE() }
	u64() { return this.take(8).readBigUInt64BE() }
	field() { return this.take(this.u32()) }
	end() { if (this.at !== this.bytes.length) throw new Error('bytes left over') }
}

export const encodeOpen = ({ slot, serial = SERIAL_ANY, pin }) => join(u8(1), u64(slot), field(serial), field(pin))
export const encodeOps = (session, ops, deadlineMs = 20_000) => join(u8(1), session, u32(deadlineMs), u32(ops.length), ...ops.map(field))
export const encodeClose = (session) => join(u8(1), session)

const op = (kind, ...parts) => join(u8(1), u8(kind), field(''), ...parts)
const where = (key) => join(field(''), u8(key.type), field(key.id), field(key.label), field(key.publicKey))
const shape = (s) => join(u8(s.type), u8(s.curve ?? 0), u32(s.bits ?? 0), u32(s.uses), u16(USES_GIVEN | PERSISTENT | HAS_PRIVATE | SENSITIVE | LABEL),
	u32(0), field(s.id), field(s.label), field(''))
const mech = (m) => join(u8(m.mode), u8(m.hash ?? 0), u8(0), u16(0), u8(m.tagLen ?? 0), u32(0), field(m.iv), field(m.ad), field(m.tag))

export const ping = () => op(KIND.PING)
export const random = (count) => op(KIND.RANDOM, u32(count))
export const list = (count = 256, cursor = 0) => op(KIND.LIST, u32(count), u64(cursor))
export const generate = (made) => op(KIND.GENERATE, shape(made))
export const destroy = (key) => op(KIND.DESTROY, where(key), u8(0))
export const signDigest = (key, digest) => op(KIND.SIGN, where(key), mech({ mode: MODE.ECDSA, hash: SHA256 }), field(digest))
export const encrypt = (key, data) => op(KIND.ENCRYPT, where(key), mech({ mode: MODE.CBC }), field(data))
export const decrypt = (key, iv, data) => op(KIND.DECRYPT, where(key), mech({ mode: MODE.CBC, iv }), field(data))
export const p256 = (name) => ({ type: OBJECT.EC, curve: CURVE.P256, bits: 256, uses: USE.SIGN | USE.VERIFY, id: name, label: name })
export const aes = (name) => ({ type: OBJECT.AES, bits: 256, uses: USE.ENCRYPT | USE.DECRYPT, id: name, label: name })

function readShape(r) {
	const s = { type: r.u8(), curve: r.u8(), bits: r.u32(), uses: r.u32(), flags: r.u16(), publicExponent: r.u32(), id: r.field() }
	s.label = s.flags & LABEL ? r.field() : undefined
	s.publicKey = r.field()
	if (s.flags & KCV) s.kcv = r.take(3)
	return s
}

function readResult(bytes) {
	const r = new Reader(bytes)
	if (r.u8() !== 1) throw new Error('a result of another version')
	const result = { outcome: OUTCOMES[r.u8()] }
	if (result.outcome !== 'done') {
		Object.assign(result, { code: CODES[r.u8()], unhealthy: r.u8() === 1, text: r.field().toString() })
		r.end()
		return result
	}
	const parts = r.u8()
	result.verified = (parts & 1) !== 0
	if (parts & 2) result.data = r.field()
	if (parts & 4) result.iv = r.field()
	if (parts & 8) result.tag = r.field()
	if (parts & 16) result.made = readShape(r)
	if (parts & 32) result.record = r.field()
	if (parts & 64) {
		Object.assign(result, { cursor: r.u64(), total: r.u32(), keys: [] })
		const keys = new Reader(r.field())
		while (keys.at < keys.bytes.length) result.keys.push(readShape(keys))
	}
	r.end()
	return result
}

function readResults(bytes) {
	const r = new Reader(bytes)
	if (r.u8() !== 1) throw new Error('results of another version')
	const n = r.u32(), results = []
	for (let i = 0; i < n; i++) results.push(readResult(r.field()))
	r.end()
	return results
}

function readOpened(bytes) {
	const r = new Reader(bytes)
	if (r.u8() !== 1) throw new Error('a reply of another version')
	const o = { session: Buffer.from(r.take(16)), slot: r.u64() }
	for (const name of ['label', 'manufacturer', 'model', 'serial', 'library']) o[name] = r.field().toString()
	o.moved = r.u8() === 1
	r.end()
	return o
}

/** What the gateway says when it does not answer with 200. */
export class Refused extends Error {
	constructor(status, text) {
		super(`${status} ${text}`)
		this.status = status
	}
}

/** Talks to one gateway. `tls`: what node's https wants (ca, cert, key); `from`: the local address. */
export class SlotLink {
	constructor({ port, tls, from }) {
		this.agent = new https.Agent({ keepAlive: true, ...tls })
		this.target = { host: '127.0.0.1', port, localAddress: from, agent: this.agent, method: 'POST' }
	}

	/** { status, body } of any bytes. */
	post(path, body, headers = { 'content-type': TYPE }) {
		return new Promise((done, failed) => {
			const out = https.request({ ...this.target, path, headers: { ...headers, 'content-length': body.length } }, (answer) => {
				const parts = []
				answer.on('data', (part) => parts.push(part))
				answer.on('error', failed)
				answer.on('end', () => done({ status: answer.statusCode, body: Buffer.concat(parts), headers: answer.headers }))
			})
			limited(out, path).on('error', failed)
			out.end(body)
		})
	}

	async ask(path, body) {
		const answer = await this.post(path, body)
		if (answer.status >= 300) throw new Refused(answer.status, answer.body.toString())
		return answer.body
	}

	async open(what) {
		const opened = readOpened(await this.ask('/v1/open', encodeOpen(what)))
		this.session = opened.session
		return opened
	}

	/** The results of several operations, in their order. */
	async ops(ops, { session = this.session, deadlineMs } = {}) {
		return readResults(await this.ask('/v1/ops', encodeOps(session, ops, deadlineMs)))
	}

	/** The result of one. */
	async op(one, options) {
		return (await this.ops([one], options))[0]
	}

	async shut(session = this.session) {
		await this.ask('/v1/close', encodeClose(session))
	}

	destroy() {
		this.agent.destroy()
	}
}
