// SPDX-License-Identifier: Apache-2.0
// A sealed record, read by other code than that which writes it (src/op/record.h): magic and version, then fields with their lengths.

const MAGIC = 0x48464b52

/** { keyId, keyType, format, macKind, masterId, publicKey (hex), blob, mac }. Throws when the bytes are no record. */
export function readRecord(bytes) {
	let at = 5
	const field = () => {
		const length = bytes.readUInt32BE(at)
		at += 4 + length
		if (at > bytes.length) throw new RangeError('a field is longer than the record')
		return bytes.subarray(at - length, at)
	}
	if (bytes.readUInt32BE(0) !== MAGIC || bytes[4] !== 1) throw new Error('no record, or of another version')
	const keyId = field().toString()
	const [keyType, format, macKind] = bytes.subarray(at, (at += 3))
	const masterId = field().toString()
	const publicKey = field().toString('hex')
	const blob = field()
	const mac = field()
	if (at !== bytes.length) throw new Error('bytes after the record')
	return { keyId, keyType, format, macKind, masterId, publicKey, blob, mac }
}
