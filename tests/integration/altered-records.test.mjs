// SPDX-License-Identifier: Apache-2.0
// The wrapped-key database as an attacker, or a bad disk, leaves it: refused, logged, never released.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, beforeEach, test } from 'node:test'

import { settled } from '../e2e/ask.mjs'
import { Stack } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

let stack, client, driver, keys, records

const sql = (text) => execFileSync('sqlite3', [stack.keysDb, '-cmd', '.timeout 5000', text], { encoding: 'utf8' }).trim()
const message = Buffer.from('altered?')
const sign = async (key) => settled(client, await client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(message).toString('hex') } }))

before(async () => {
	stack = await Stack.start()
	client = stack.client()
	driver = stack.processes[1]
	keys = [await create(), await create()]
	records = keys.map((key) => sql(`SELECT hex(record) FROM wrapped_keys WHERE key_id = '${key.id}'`))
})
after(() => stack?.stop())
beforeEach(() => keys.forEach((key, i) => store(key, records[i])))

const create = () => client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
const store = (key, hex) => sql(`UPDATE wrapped_keys SET record = x'${hex}' WHERE key_id = '${key.id}'`)

async function isNeverReleased(key) {
	const before = driver.log.length
	const request = await sign(key)
	assert.equal(request.status, 'Failed', JSON.stringify(request))
	assert.ok(!request.signature)
	assert.ok(request.reason)
	assert.match(driver.log.slice(before), new RegExp(`"level":"(warn|error)"[^\\n]*${key.id}`))
}

async function signsStill(key) {
	const request = await sign(key)
	assert.ok(verifySecp256k1(key.publicKey, message, request.signature), JSON.stringify(request))
}

test('a wrapped blob with one bit altered is refused, logged and never released', async () => {
	const bytes = Buffer.from(records[0], 'hex')
	bytes[bytes.length - 40] ^= 1 /* inside the blob or its MAC */
	store(keys[0], bytes.toString('hex'))
	await isNeverReleased(keys[0])
	await signsStill(keys[1])
})

test('any byte of a record, altered, is refused', async () => {
	const length = records[0].length / 2
	for (let at = 0; at < length; at += Math.ceil(length / 12)) {
		const bytes = Buffer.from(records[0], 'hex')
		bytes[at] ^= 0x80
		store(keys[0], bytes.toString('hex'))
		await isNeverReleased(keys[0])
	}
	store(keys[0], records[0])
	await signsStill(keys[0])
})

test('two rows swapped are both refused', async () => {
	store(keys[0], records[1])
	store(keys[1], records[0])
	await isNeverReleased(keys[0])
	await isNeverReleased(keys[1])
})

test('a record that was moved to another key and renamed is refused by its MAC', async () => {
	const renamed = Buffer.from(records[1], 'hex').toString('latin1').replace(keys[1].id, keys[0].id)
	store(keys[0], Buffer.from(renamed, 'latin1').toString('hex'))
	await isNeverReleased(keys[0])
})

test('a record cut short, or empty, is refused', async () => {
	for (const hex of ['', '00', records[0].slice(0, -2), `${records[0]}00`]) {
		store(keys[0], hex)
		await isNeverReleased(keys[0])
	}
})

test('a record that is gone is refused, and not made anew', async () => {
	sql(`DELETE FROM wrapped_keys WHERE key_id = '${keys[0].id}'`)
	await isNeverReleased(keys[0])
	assert.equal(sql(`SELECT count(*) FROM wrapped_keys WHERE key_id = '${keys[0].id}'`), '0')
	sql(`INSERT INTO wrapped_keys SELECT '${keys[0].id}', x'${records[0]}', key_type, format, master_id, created_at FROM wrapped_keys WHERE key_id = '${keys[1].id}'`)
	await signsStill(keys[0])
})
