// SPDX-License-Identifier: Apache-2.0
// Checking of signatures that shares nothing with Holdfast: Node's crypto, and for the recovery id a few lines of
// arithmetic on the curve (SEC 1, 4.1.6).
import { createHash, createPublicKey, verify } from 'node:crypto'

const SPKI_ED25519 = '302a300506032b6570032100'
const SPKI_SECP256K1 = '3036301006072a8648ce3d020106052b8104000a032200'

const P = 2n ** 256n - 2n ** 32n - 977n
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const G = [
	0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
	0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
]

const bytes = (hex) => Buffer.from(hex.replace(/^0x/, ''), 'hex')
const number = (hex) => BigInt('0x' + hex.replace(/^0x/, ''))
const mod = (a, m) => ((a % m) + m) % m

export const sha256 = (data) => createHash('sha256').update(data).digest()

export const sha256d = (data) => sha256(sha256(data))
export const hash160 = (data) => createHash('ripemd160').update(sha256(data)).digest()

/** Keccak-256 as Ethereum has it (the padding of before FIPS 202), which Node's crypto does not know. */
export function keccak256(data) {
	const rate = 136
	const padded = Buffer.alloc((Math.floor(data.length / rate) + 1) * rate)
	Buffer.from(data).copy(padded)
	padded[data.length] ^= 0x01
	padded[padded.length - 1] ^= 0x80
	const state = Array(25).fill(0n)
	for (let block = 0; block < padded.length; block += rate) {
		for (let i = 0; i < rate / 8; i++) state[i] ^= padded.readBigUInt64LE(block + 8 * i)
		permute(state)
	}
	const out = Buffer.alloc(32)
	for (let i = 0; i < 4; i++) out.writeBigUInt64LE(state[i], 8 * i)
	return out
}

const rotate = (x, n) => n === 0n ? x : BigInt.asUintN(64, (x << n) | (x >> (64n - n)))

/* Keccak-f[1600]: the constants of ι from its shift register, the offsets of ρ along its walk. */
function permute(a) {
	let lfsr = 1
	for (let round = 0; round < 24; round++) {
		const c = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20])
		for (let i = 0; i < 25; i++) a[i] ^= c[(i + 4) % 5] ^ rotate(c[(i + 1) % 5], 1n)
		let [x, y, current] = [1, 0, a[1]]
		for (let t = 0; t < 24; t++) {
			;[x, y] = [y, (2 * x + 3 * y) % 5]
			const next = a[x + 5 * y]
			a[x + 5 * y] = rotate(current, BigInt(((t + 1) * (t + 2) / 2) % 64))
			current = next
		}
		for (let row = 0; row < 25; row += 5) {
			const line = a.slice(row, row + 5)
			for (let i = 0; i < 5; i++) a[row + i] = line[i] ^ (~line[(i + 1) % 5] & line[(i + 2) % 5] & (2n ** 64n - 1n))
		}
		for (let j = 0; j < 7; j++) {
			if (lfsr & 1) a[0] ^= 1n << BigInt((1 << j) - 1)
			lfsr = (lfsr << 1) ^ (lfsr & 0x80 ? 0x171 : 0)
		}
	}
}

/** The point of a compressed secp256k1 key, as 64 bytes. */
export function uncompressed(publicKey) {
	const [x, y] = lift(number(publicKey.slice(2)), BigInt(publicKey.slice(0, 2) === '03'))
	return bytes(x.toString(16).padStart(64, '0') + y.toString(16).padStart(64, '0'))
}

/** Is `signature` ({ r, s }, hex) the Ed25519 signature of `message` under `publicKey` (32 bytes in hex)? */
export function verifyEd25519(publicKey, message, { r, s }) {
	const key = createPublicKey({ key: bytes(SPKI_ED25519 + publicKey), format: 'der', type: 'spki' })
	return verify(null, message, key, Buffer.concat([bytes(r), bytes(s)]))
}

/** Is it the ECDSA signature of SHA-256(message) under the compressed point `publicKey`? */
export function verifySecp256k1(publicKey, message, { r, s }) {
	const key = createPublicKey({ key: bytes(SPKI_SECP256K1 + publicKey), format: 'der', type: 'spki' })
	return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat([bytes(r), bytes(s)]))
}

export const isLowS = ({ s }) => number(s) <= N / 2n

/** The compressed public key that made this signature of `digest`, by its recovery id. */
export function recover(digest, { r, s, recid }) {
	const [rn, sn, z] = [number(r), number(s), number(digest.toString('hex'))]
	const R = lift(rn, BigInt(recid))
	const rInverse = power(rn, N - 2n, N)
	const [x, y] = add(times(R, mod(sn * rInverse, N)), times(G, mod(-z * rInverse, N)))
	return (y & 1n ? '03' : '02') + x.toString(16).padStart(64, '0')
}

function power(base, exponent, m) {
	let result = 1n
	for (let b = mod(base, m), e = exponent; e > 0n; e >>= 1n, b = (b * b) % m) if (e & 1n) result = (result * b) % m
	return result
}

function lift(x, odd) {
	const y = power(x ** 3n + 7n, (P + 1n) / 4n, P)
	return [x, (y & 1n) === odd ? y : P - y]
}

function add(a, b) {
	if (!a || !b) return a ?? b
	if (a[0] === b[0] && a[1] !== b[1]) return null
	const slope = a[0] === b[0]
		? 3n * a[0] * a[0] * power(2n * a[1], P - 2n, P)
		: (b[1] - a[1]) * power(b[0] - a[0], P - 2n, P)
	const x = mod(slope * slope - a[0] - b[0], P)
	return [x, mod(slope * (a[0] - x) - a[1], P)]
}

function times(point, k) {
	let result = null
	for (let p = point; k > 0n; k >>= 1n, p = add(p, p)) if (k & 1n) result = add(result, p)
	return result
}
