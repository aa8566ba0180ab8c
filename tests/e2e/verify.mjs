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
