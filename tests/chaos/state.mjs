// SPDX-License-Identifier: Apache-2.0
// What there is in the end, for the checker: rows of the databases, the API's last word, and whether each key signs.
import { setTimeout as sleep } from 'node:timers/promises'

import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'
import { tables } from './databases.mjs'
import { signedBy } from './https.mjs'

const SIDE_BY_SIDE = 8

/** Waits until no job is left; whatever is left after that is the checker's. */
export async function untilQuiet(world, patienceMs) {
	const until = Date.now() + patienceMs
	let jobs
	do {
		jobs = await tables.jobs(world.databases)
		if (jobs.length === 0) break
		await sleep(100)
	} while (Date.now() < until)
	return jobs
}

export async function finalState(world) {
	const { databases } = world
	const keysBefore = await tables.keys(databases)
	const usable = await sideBySide(keysBefore.filter((key) => key.status === 'Active'), (key) => tryKey(world, key))
	const probes = new Set(usable.map(({ signatureId }) => signatureId))
	const signatures = (await tables.signatures(databases)).filter((row) => !probes.has(row.id))
	const keys = await tables.keys(databases)
	return {
		jobs: await tables.jobs(databases), keys, signatures, records: await tables.records(databases), usable,
		read: {
			keys: await sideBySide(keys, (key) => read(world, `/keys/${key.id}`)),
			signatures: await sideBySide(signatures, (row) => read(world, `/keys/${row.keyId}/signatures/${row.id}`)),
		},
		verified: await sideBySide(world.drivers, (driver) => world.verifyWith(driver)),
		straying: world.strayingSigners(),
		members: world.members.map(({ name, unasked, starts }) => ({ name, unasked, starts })),
	}
}

async function read(world, path) {
	const { status, body, text } = await anyServer(world).get(path)
	if (status !== 200) throw new Error(`in the end, GET ${path} answered ${status} ${text}`)
	return body
}

let turn = 0
const anyServer = (world) => world.servers[turn++ % world.servers.length]

async function tryKey(world, { id, publicKey }) {
	const message = Buffer.from(`usable ${id}`)
	const body = { kind: 'Hash', hash: sha256(message).toString('hex') }
	try {
		const answer = await signedBy(world, anyServer(world), 'POST', `/keys/${id}/signatures`, body, 25_000)
		const ok = answer.body?.status === 'Signed' && verifySecp256k1(publicKey, message, answer.body.signature)
		return { keyId: id, ok, signatureId: answer.body?.id, reason: ok ? undefined : `${answer.status} ${JSON.stringify(answer.body)}` }
	} catch (error) {
		return { keyId: id, ok: false, reason: `${error}` }
	}
}

async function sideBySide(list, work) {
	const results = []
	const todo = [...list.entries()]
	const worker = async () => {
		for (let next = todo.shift(); next; next = todo.shift()) results[next[0]] = await work(next[1])
	}
	await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
	return results
}
