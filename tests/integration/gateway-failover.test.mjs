// SPDX-License-Identifier: Apache-2.0
// Two gateways before one token: whichever of them is gone, stopped, ill or lying, the other does the work, within a second, and
// without one failed request that it was safe to repeat.
import assert from 'node:assert/strict'
import { createVerify, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { startDsm } from '../e2e/dsm.mjs'
import { inTime, soonEnough } from '../e2e/pace.mjs'
import { PIN } from '../e2e/stack.mjs'

let dsm, first, second, group, key, pem

before(async () => {
	dsm = await startDsm()
	first = await dsm.stack.faultyGateway({})
	second = await dsm.stack.startGateway()
	const links = [await dsm.link({ gateway: first, label: dsm.label, order: -1 }), await dsm.link({ gateway: second, label: dsm.label, order: 1 })]
	group = (await dsm.admin.succeed('POST', '/sys/v1/groups', { name: 'both', add_hmg: links, hmg_redundancy: 'PriorityFailover' })).group_id
	dsm.app = await dsm.newApp({ name: 'signs', permissions: null, groups: { [group]: ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'MANAGE'] } })
	key = await dsm.app.succeed('POST', '/crypto/v1/keys', { name: 'p256', group_id: group, obj_type: 'EC', elliptic_curve: 'NistP256' })
	pem = `-----BEGIN PUBLIC KEY-----\n${key.pub_key}\n-----END PUBLIC KEY-----\n`
	await connected()
})
after(async () => {
	for (const gateway of [first, second]) gateway?.signal('SIGCONT')
	await dsm?.stop()
})

const links = async (id = group) => Object.values((await dsm.admin.succeed('GET', `/sys/v1/groups/${id}`)).hmg).sort((a, b) => a.hsm_order - b.hsm_order)

async function connected(which = [0, 1]) {
	for (const until = Date.now() + 20_000; ; await sleep(20)) {
		const now = await links()
		if (which.every((i) => now[i].connection.state === 'Connected')) return
		assert.ok(Date.now() < until, JSON.stringify(now.map((link) => link.connection)))
	}
}

async function sign(app = dsm.app, kid = key.kid) {
	const data = randomBytes(40)
	const { status, text, body } = await app.post('/crypto/v1/sign', { key: { kid }, hash_alg: 'Sha256', data: data.toString('base64') })
	assert.equal(status, 200, text)
	return { data, signature: Buffer.from(body.signature, 'base64') }
}

/** Signs from four clients before, during and after; every answer is right. The longest of them in ms. */
async function signThroughout(during) {
	let over = false, longest = 0, n = 0
	const one = async () => {
		while (!over) {
			const began = performance.now()
			const { data, signature } = await sign()
			longest = Math.max(longest, performance.now() - began)
			assert.ok(createVerify('sha256').update(data).verify(pem, signature))
			n++
		}
	}
	const all = [one(), one(), one(), one()]
	const more = async () => {
		for (const until = Date.now() + 20_000, enough = n + 2 * all.length; n < enough; await sleep(5)) assert.ok(Date.now() < until, `${n} signatures`)
	}
	try {
		await more()
		await during()
		await more()
	} finally {
		over = true
		await Promise.all(all)
	}
	return longest
}

test('the first gateway is killed: the second signs at once, and the first is the first again when it is back', async () => {
	await soonEnough(1000, async () => {
		const longest = await signThroughout(async () => {
			await sleep(300)
			await first.kill()
			await sleep(700)
		})
		first = await dsm.stack.faultyGateway({ listen: { link: first.ports.link } })
		await connected()
		return longest
	})
})

test('the first gateway is stopped: nobody waits for it as long as a second', async () => {
	await soonEnough(1000, async () => {
		const longest = await signThroughout(async () => {
			await sleep(300)
			first.signal('SIGSTOP')
			await sleep(1200)
		})
		first.signal('SIGCONT')
		await connected()
		return longest
	})
})

test('the HSM behind the first gateway fails: the second signs', async () => {
	await soonEnough(1000, async () => {
		const longest = await signThroughout(async () => {
			await sleep(300)
			first.faults('C_Sign * return CKR_DEVICE_ERROR')
			await sleep(700)
		})
		first.faults('')
		await connected()
		return longest
	})
})

test('keys are made once, whatever becomes of the gateway meanwhile', async () => {
	const made = []
	const make = async (i) => {
		const answer = await dsm.app.post('/crypto/v1/keys', { name: `made ${i}`, group_id: group, obj_type: 'AES', key_size: 256 })
		assert.equal(answer.status, 201, answer.text)
		made.push(answer.body.kid)
	}
	const all = Array.from({ length: 12 }, (_, i) => sleep(20 * i).then(() => make(i)))
	await sleep(110)
	await first.kill()
	await Promise.all(all)
	const before = new Set(made)
	assert.equal(before.size, 12)
	/* As many keys as were answered, and not one more, are in the slot. */
	const { items: scan } = { items: await dsm.admin.succeed('POST', `/sys/v1/groups/${group}/hmg/scan`, {}) }
	assert.deepEqual(scan.filter((found) => found.name.startsWith('made')), [])
	first = await dsm.stack.faultyGateway({ listen: { link: first.ports.link } })
	await connected()
})

test('a key is made although the first gateway hangs: once it is looked for elsewhere, then nobody waits for that gateway', async () => {
	const make = async (name, more) => {
		const began = performance.now(), answer = await dsm.app.post('/crypto/v1/keys', { name, group_id: group, ...more })
		assert.equal(answer.status, 201, answer.text)
		return performance.now() - began
	}
	first.signal('SIGSTOP')
	const found = await make('hung once', { obj_type: 'AES', key_size: 256 })
	const known = await make('hung twice', { obj_type: 'RSA', key_size: 2048 })
	first.signal('SIGCONT')
	inTime(found, 4500) // a second and a half, and what a busy machine adds
	inTime(known, 8000)
	await connected()
	const scan = await dsm.admin.succeed('POST', `/sys/v1/groups/${group}/hmg/scan`, {})
	assert.deepEqual(scan.filter((key) => key.name.startsWith('hung')), [])
})

/* What is no gateway, and answers all the same. */
async function hostile(answer) {
	const { cert, key: certKey } = { cert: readFileSync(`${dsm.stack.pki}/proxy.pem`), key: readFileSync(`${dsm.stack.pki}/proxy-key.pem`) }
	const seen = []
	const server = https.createServer({ cert, key: certKey, minVersion: 'TLSv1.3' }, (request, reply) => {
		const parts = []
		request.on('data', (part) => parts.push(part)).on('end', () => {
			seen.push(request.url)
			answer(request, reply, Buffer.concat(parts))
		})
	})
	await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
	return { seen, port: server.address().port, close: () => new Promise((done) => { server.closeAllConnections(); server.close(done) }) }
}

/* A well-formed answer to /v1/open: then it has the server's ear. */
const field = (bytes) => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), Buffer.from(bytes)])
const opened = () => Buffer.concat([Buffer.from([1]), Buffer.alloc(16, 7), Buffer.alloc(8), ...['t', 'm', 'm', '1', 'l'].map(field), Buffer.from([0])])

const crimes = {
	'random bytes': (request, reply) => reply.end(randomBytes(1000)),
	'more than anybody may say': (request, reply) => {
		reply.on('error', () => {})
		reply.end(Buffer.alloc(8 << 20, 1))
	},
	'nothing at all': () => {},
	'half an answer': (request, reply) => {
		reply.writeHead(200, { 'content-length': 1000 })
		reply.write(Buffer.alloc(10, 1))
		setTimeout(() => reply.destroy(), 20)
	},
	'one byte after the other': (request, reply) => {
		reply.writeHead(200, { 'content-length': 100_000 })
		const timer = setInterval(() => reply.write('x'), 50)
		reply.on('close', () => clearInterval(timer))
	},
	'no results': (request, reply) => reply.end(Buffer.from([1, 0, 0, 0, 0])),
	'a redirection': (request, reply) => reply.writeHead(302, { location: 'https://127.0.0.1:1/' }).end(),
	'a page': (request, reply) => reply.writeHead(200, { 'content-type': 'text/html' }).end('<html>\u001b[31mhello</html>'),
}

for (const [crime, answer] of Object.entries(crimes))
	test(`a gateway that answers ${crime} is passed over, and its words are harmless`, async () => {
		const bad = await hostile((request, reply) => (request.url === '/v1/open' ? reply.end(opened()) : answer(request, reply)))
		try {
			const good = await dsm.link({ gateway: second, label: dsm.label, order: 1 })
			const id = (await dsm.admin.succeed('POST', '/sys/v1/groups', { name: crime, hmg_redundancy: 'PriorityFailover',
				add_hmg: [{ ...good, url: `127.0.0.1:${bad.port}`, hsm_order: 0 }, good] })).group_id
			const app = await dsm.newApp({ name: crime, permissions: null, groups: { [id]: ['SIGN', 'MANAGE'] } })
			const made = await app.post('/crypto/v1/keys', { name: `under ${crime}`, group_id: id, obj_type: 'EC', elliptic_curve: 'NistP256' })
			assert.equal(made.status, 201, made.text)
			const began = performance.now()
			const { data, signature } = await sign(app, made.body.kid)
			inTime(performance.now() - began, 1000)
			assert.ok(createVerify('sha256').update(data).verify(`-----BEGIN PUBLIC KEY-----\n${made.body.pub_key}\n-----END PUBLIC KEY-----\n`, signature))
			const [link] = await links(id)
			assert.ok(!/[\u0000-\u001f]/.test(link.connection.message ?? ''), link.connection.message)
			assert.ok(bad.seen.includes('/v1/open'))
		} finally {
			await bad.close()
		}
	})

test('the figures of each connection are among the metrics', async () => {
	const metrics = async () => (await fetch(`http://127.0.0.1:${dsm.stack.ports.health}/metrics`)).text()
	const value = (text, name, port) => Number(text.split('\n').find((line) => line.startsWith(`${name}{`) && line.includes(`:${port}"`))?.split(' ').pop())
	let text = await metrics()
	/* One that was slow to answer a moment ago is asked until it is not. */
	for (const until = Date.now() + 20_000; value(text, 'holdfast_server_slot_up', second.ports.link) !== 1; text = await metrics()) {
		assert.ok(Date.now() < until, text)
		await sleep(20)
	}
	assert.ok(value(text, 'holdfast_server_slot_failovers_total', second.ports.link) > 0)
	assert.ok(value(text, 'holdfast_server_slot_failures_total', first.ports.link) >= 3)
	assert.match(text, /holdfast_server_slot_nonsense_total\{.*\} [1-9]/)
})

test('keys made, used and deleted by way of both at once: each works at the first attempt, and none stays', async () => {
	const both = await Promise.all([first, second].map((gateway) => dsm.link({ gateway, label: dsm.label })))
	const { group_id } = await dsm.admin.succeed('POST', '/sys/v1/groups', { name: 'either', add_hmg: both, hmg_sync: true })
	const app = await dsm.newApp({ name: 'makes', permissions: null, groups: { [group_id]: ['ENCRYPT', 'MANAGE', 'CREATE_SOBJECTS', 'DELETE_SOBJECTS'] } })
	const one = async (client) => {
		for (let i = 0; i < 40; i++) {
			const { kid } = await app.succeed('POST', '/crypto/v1/keys', { name: `fleeting ${client}-${i}`, group_id, obj_type: 'AES', key_size: 256 })
			await app.succeed('POST', '/crypto/v1/encrypt', { key: { kid }, alg: 'AES', mode: 'GCM', plain: 'AAAA' })
			const gone = await app.call('DELETE', `/crypto/v1/keys/${kid}`)
			assert.equal(gone.status, 204, gone.text)
		}
	}
	await Promise.all(Array.from({ length: 6 }, (_, client) => one(client)))
	assert.doesNotMatch(await dsm.stack.pkcs11Tool(dsm.label, PIN, '--list-objects'), /fleeting/)
})
