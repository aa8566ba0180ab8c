// SPDX-License-Identifier: Apache-2.0
// The checker has teeth: a sound history passes, and each way in which Holdfast could break its promises is found, by the check that is for it.
import assert from 'node:assert/strict'
import { ECDH, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'

import { sha256 } from '../e2e/verify.mjs'
import { check } from './checker.mjs'
import { History } from './history.mjs'
import { faults, targets } from './faults.mjs'
import { plan } from './schedule.mjs'

class Key {
	constructor(id) {
		const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
		const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65)
		Object.assign(this, { id, privateKey, publicKey: ECDH.convertKey(point, 'secp256k1', undefined, 'hex', 'compressed') })
	}

	sign(message) {
		const signature = sign('sha256', message, { key: this.privateKey, dsaEncoding: 'ieee-p1363' })
		return { r: `0x${signature.subarray(0, 32).toString('hex')}`, s: `0x${signature.subarray(32).toString('hex')}` }
	}
}

function record({ id, publicKey }) {
	const field = (bytes) => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes])
	return Buffer.concat([Buffer.from('48464b5201', 'hex'), field(Buffer.from(id)), Buffer.from([1, 1, 1]), field(Buffer.from('00'.repeat(16))),
		field(Buffer.from(publicKey, 'hex')), field(Buffer.from('wrapped')), field(Buffer.alloc(32))]).toString('hex')
}

/** Two keys and three signatures; the second was asked for twice, as its first answer was lost while the server was away. */
function sound() {
	const history = new History()
	const keys = [new Key('key-a'), new Key('key-b')]
	for (const key of keys) {
		const body = { id: key.id, publicKey: key.publicKey, status: 'Active' }
		history.requests.push({ n: history.requests.length, kind: 'key', persists: true, done: body, attempts: [{ stage: 'request', server: 's', began: 0, ended: 1, status: 200, body }] })
	}
	const rows = ['one', 'two', 'three'].map((text, i) => {
		const key = keys[i % 2]
		const message = Buffer.from(text)
		const asked = { kind: 'Hash', hash: sha256(message).toString('hex'), externalId: `ext-${i}` }
		const body = { id: `sig-${i}`, keyId: key.id, status: 'Signed', requestBody: asked, externalId: asked.externalId, signature: key.sign(message) }
		const lost = { stage: 'request', server: 's', began: 10, ended: 12, error: 'ECONNRESET: cut' }
		history.requests.push({ n: history.requests.length, kind: 'signature', persists: true, keyId: key.id, publicKey: key.publicKey, externalId: asked.externalId,
			body: asked, message: message.toString('hex'), done: body, attempts: [...(i === 1 ? [lost] : []), { stage: 'request', server: 's', began: 15, ended: 16, status: 200, body }] })
		return { id: body.id, keyId: key.id, externalId: asked.externalId, status: 'Signed', reason: null, r: body.signature.r.slice(2), s: body.signature.s.slice(2),
			body: Buffer.from(JSON.stringify(asked)).toString('hex') }
	})
	const requests = history.requests.filter(({ kind }) => kind === 'signature')
	return {
		history, keys, requests,
		faults: [{ fault: 'kill-server', from: 9, until: 14 }],
		struck: [{ n: 1, fault: 'kill-server', target: 'server-a', overlaps: false, backMs: 100 }, { n: 2, fault: 'kill-driver', target: 'driver-a', overlaps: false, backMs: 300, takeoverMs: 2100 }],
		leaseMs: 2000,
		state: {
			jobs: [], signatures: rows, keys: keys.map(({ id, publicKey }) => ({ id, publicKey, status: 'Active' })),
			records: keys.map((key) => ({ keyId: key.id, record: record(key) })), usable: keys.map(({ id }) => ({ keyId: id, ok: true })),
			straying: [],
			verified: [{ driver: 'driver-a', code: 0, text: '' }],
			read: { keys: keys.map(({ id, publicKey }) => ({ id, publicKey })), signatures: requests.map(({ done }) => structuredClone(done)) },
			members: [{ name: 'server-a', unasked: [] }, { name: 'driver-a', unasked: [] }],
		},
	}
}

const violated = (world) => check(world).filter(({ violations }) => violations.length).map(({ claim }) => claim)

test('a sound history has no violation', () => assert.deepEqual(check(sound()).flatMap(({ violations }) => violations), []))

const LIES = {
	'a request that never got an answer': ['each client that kept asking got an answer', ({ requests }) => {
		requests[2].done = undefined
		requests[2].attempts = [{ stage: 'request', server: 's', began: 10, ended: 12, error: 'ECONNRESET: cut' }]
	}],
	'an accepted request that is not in the database': ['each accepted request is there and has settled', ({ state }) => state.signatures.splice(0, 1)],
	'a signature request that never settled': ['each accepted request is there and has settled', ({ state }) => Object.assign(state.signatures[0], { status: 'Executing', r: null, s: null })],
	'an answer that changed its signature': ['no two answers contradict each other', ({ keys, requests }) => requests[0].attempts.push({ stage: 'poll', server: 's', began: 17, ended: 18, status: 200,
		body: { ...requests[0].done, signature: keys[0].sign(Buffer.from('one')) } })],
	'a Signed request that is Executing later': ['what has settled is never under way again', ({ requests }) => requests[0].attempts.push({ stage: 'poll', server: 't', began: 20, ended: 21, status: 200,
		body: { ...requests[0].done, status: 'Executing', signature: undefined } })],
	'a Signed request that failed later': ['no two answers contradict each other', ({ state }) => Object.assign(state.read.signatures[0], { status: 'Failed', signature: undefined })],
	'one externalId with two ids, in the answers': ['one externalId is one signature request', ({ requests }) => requests[1].attempts.push({ ...requests[1].attempts[1], body: { ...requests[1].done, id: 'sig-other' } })],
	'one externalId with two ids, in the database only': ['one externalId is one signature request', ({ state }) => state.signatures.push({ ...state.signatures[0], id: 'sig-unheard' })],
	'a repeated request that was called a conflict': ['one externalId is one signature request', ({ requests }) => (requests[1].done = { refused: 409 })],
	'a wrong signature in the database': ['each signature is valid under its key', ({ state }) => (state.signatures[0].s = state.signatures[1].s)],
	'a signature of what nobody asked': ['each signature is valid under its key', ({ state, keys }) => {
		const { r, s } = keys[0].sign(Buffer.from('steal'))
		state.signatures.push({ ...state.signatures[0], id: 'sig-x', externalId: null, r: r.slice(2), s: s.slice(2), body: Buffer.from(JSON.stringify({ hash: sha256(Buffer.from('steal')).toString('hex') })).toString('hex') })
	}],
	'an answer to another request': ['each answer is to what was asked', ({ requests }) => (requests[0].attempts[0].body = requests[2].done)],
	'a wrong signature in an answer': ['each answer is to what was asked', ({ requests, keys }) => (requests[0].attempts[0].body = { ...requests[0].done, signature: keys[1].sign(Buffer.from('one')) })],
	'two public keys for one key': ['a key has one public key, everywhere and for ever', ({ history, keys }) => {
		const made = history.requests[0]
		made.attempts.push({ ...made.attempts[0], body: { ...made.done, publicKey: keys[1].publicKey } })
	}],
	'a sealed record of another public key': ['a key has one public key, everywhere and for ever', ({ state, keys }) => (state.records[0].record = record({ id: 'key-a', publicKey: keys[1].publicKey }))],
	'two keys with the same public key': ['a key has one public key, everywhere and for ever', ({ state }) => state.keys.push({ id: 'key-c', publicKey: state.keys[0].publicKey, status: 'Archived' })],
	'a key without a wrapped key': ['each key has one wrapped key, and it can be read', ({ state }) => state.records.splice(1, 1)],
	'a key with two wrapped keys': ['each key has one wrapped key, and it can be read', ({ state }) => state.records.push(state.records[0])],
	'a record that is damaged': ['each key has one wrapped key, and it can be read', ({ state }) => (state.records[0].record = state.records[0].record.slice(0, -2))],
	'a record in the place of another': ['each key has one wrapped key, and it can be read', ({ state }) => (state.records[0].record = state.records[1].record)],
	'a key that cannot sign': ['each key signs in the end', ({ state }) => (state.usable[1] = { keyId: 'key-b', ok: false, reason: 'no record' })],
	'an HSM that cannot use a key': ['each HSM can use every wrapped key', ({ state }) => (state.verified[0] = { driver: 'driver-a', code: 1, text: 'key-a: its MAC does not match' })],
	'a job that is left': ['no job is stuck', ({ state }) => state.jobs.push({ id: 1, subject_id: 'sig-9', attempts: 2 })],
	'a key that is never made': ['no job is stuck', ({ state }) => state.keys.push({ id: 'key-c', publicKey: '', status: 'Creating' })],
	'a failure when nothing was broken': ['failures are few, and a fault explains each', ({ requests }) => requests[0].attempts.unshift({ stage: 'request', server: 's', began: 30, ended: 31, status: 503 })],
	'an answer that no fault explains': ['failures are few, and a fault explains each', ({ requests }) => requests[0].attempts.unshift({ stage: 'request', server: 's', began: 10, ended: 11, status: 500 })],
	'a challenge that was outdated though no clock was set': ['failures are few, and a fault explains each', ({ requests }) => requests[0].attempts.unshift({ stage: 'action', server: 's', began: 10, ended: 11, status: 400,
		body: { message: 'Challenge token is not valid. It has expired: begin the user action again.' } })],
	'a caller refused though no clock was set': ['failures are few, and a fault explains each', ({ requests }) => requests[0].attempts.unshift({ stage: 'action', server: 's', began: 10, ended: 11, status: 401 })],
	'a request that failed for good without a reason': ['failures are few, and a fault explains each', ({ state }) => state.signatures.push({ ...state.signatures[0], id: 'sig-f', externalId: 'f', status: 'Failed' })],
	'a request that failed for good when nothing was broken': ['failures are few, and a fault explains each', ({ requests, state }) => {
		requests[0].attempts[0].body = { ...requests[0].done, status: 'Failed', reason: 'no' }
		Object.assign(state.signatures[0], { status: 'Failed', reason: 'no' })
	}],
	'many requests that failed for good': ['failures are few, and a fault explains each', ({ state }) => {
		for (let i = 0; i < 4; i++) state.signatures.push({ ...state.signatures[0], id: `sig-f${i}`, externalId: `f${i}`, status: 'Failed', reason: 'attempts used up' })
	}],
	'a signer without a driver': ['no signer outlives its driver', ({ state }) => state.straying.push(4711)],
	'work that never flowed again': ['after each fault work flows again, in time', ({ struck }) => (struck[0].backMs = undefined)],
	'work that flowed again late': ['after each fault work flows again, in time', ({ struck }) => (struck[0].backMs = 30_000)],
	'a dead driver\'s jobs that were done late': ['after each fault work flows again, in time', ({ struck }) => (struck[1].takeoverMs = 30_000)],
	'a driver that ended by itself': ['no server and no driver ended unasked', ({ state }) => state.members[1].unasked.push({ code: null, signal: 'SIGSEGV' })],
}

for (const [lie, [claim, tell]] of Object.entries(LIES))
	test(`found: ${lie}`, () => {
		const world = sound()
		tell(world)
		assert.ok(violated(world).includes(claim), `found instead: ${violated(world).join('; ') || 'nothing'}`)
	})

test('a clock that was set explains callers that are refused and challenges that are outdated', () => {
	const world = sound()
	const refused = { stage: 'action', server: 's', began: 10, ended: 11 }
	world.faults[0].fault = 'clock-server'
	world.requests[0].attempts.unshift({ ...refused, status: 401 },
		{ ...refused, status: 400, body: { message: 'Challenge token is not valid. It has expired: begin the user action again.' } })
	assert.deepEqual(violated(world), [])
})

test('the same seed is the same schedule, another seed another', () => {
	const make = (seed) => plan({ seed, seconds: 300, faults, targets })
	assert.deepEqual(make(7), make(7))
	assert.notDeepEqual(make(7), make(8))
})

test('within five minutes each kind of fault comes, and none reaches into the quiet end', () => {
	const events = plan({ seed: 3, seconds: 300, faults, targets })
	assert.deepEqual(new Set(events.map(({ fault }) => fault)), new Set(faults.map(({ name }) => name)))
	for (const { at, lasts } of events) assert.ok(at + lasts <= 300 - 2, `${at} + ${lasts}`)
})

test('what is broken is not broken again before it is whole', () => {
	const events = plan({ seed: 5, seconds: 600, faults, targets })
	for (const [i, a] of events.entries())
		for (const b of events.slice(i + 1)) assert.ok(a.target !== b.target || b.at > a.at + a.lasts, JSON.stringify([a, b]))
})
