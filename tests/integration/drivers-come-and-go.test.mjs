// SPDX-License-Identifier: Apache-2.0
// Several drivers, several servers: whoever goes, the others have the work, and soon.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'

import { hasSigned, metricOf, until, waitsForNoLease } from '../e2e/ask.mjs'
import { inTime, soonEnough } from '../e2e/pace.mjs'
import { Stack } from '../e2e/stack.mjs'

const LEASE_MS = 2000
const SLACK_MS = 300
let stack, clients, key, both

before(async () => {
	stack = await Stack.start({ drivers: 0, servers: 2, engine: 'postgres' })
	clients = [0, 1].map((server) => stack.client({ server }))
	both = stack.servers.map(({ ports }) => `127.0.0.1:${ports.driver}`).join(',')
	const driver = await stack.startDriver({ proxy: both })
	key = await clients[0].keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	await driver.stop()
})
after(() => stack?.stop())

const isSigned = (text, client = clients[0]) => hasSigned(client, key, text)

test('the jobs of a driver that is killed are taken over within the lease and a second', async (t) => {
	await soonEnough(LEASE_MS + 1000 + SLACK_MS, async () => {
		const first = await stack.faultyDriver({ proxy: both, args: ['--op-deadline-ms', '60000'] })
		first.faults('C_Sign hang')
		const asked = [isSigned('taken over 1'), isSigned('taken over 2', clients[1])]
		await until(async () => (await metricOf(first, 'holdfast_driver_working')) === 2)
		const second = await stack.startDriver({ proxy: both })
		await first.kill()
		const began = Date.now()
		await Promise.all(asked)
		const ms = Date.now() - began
		t.diagnostic(`taken over after ${ms} ms, with a lease of ${LEASE_MS} ms`)
		await second.stop()
		return ms
	})
})

test('a driver that is stopped leaves no job behind, not even one that it was dealt in that moment', async () => {
	const stays = await stack.startDriver({ proxy: both })
	for (let round = 0; round < 4; round++) {
		const goes = await stack.startDriver({ proxy: both })
		await sleep(50)
		await waitsForNoLease(stack.servers, LEASE_MS - 200, async () => {
			const asked = Array.from({ length: 10 }, (_, i) => isSigned(`round ${round}, ${i}`, clients[i % 2]))
			await sleep(3 * round)
			await Promise.all([...asked, goes.stop()])
		})
		assert.match(goes.log, /"message":"stopped"/)
		assert.doesNotMatch(goes.log, /stopping without an answer/)
	}
	await stays.stop()
})

test('a server is killed: the driver goes on to the other at once; the first comes back, and may be needed again', async () => {
	const driver = await stack.startDriver({ proxy: both })
	for (const [dead, alive] of [[0, 1], [1, 0], [0, 1]]) {
		await isSigned(`before server ${dead} dies`, clients[alive])
		await stack.servers[dead].process.kill()
		const began = Date.now()
		await isSigned(`after server ${dead} died`, clients[alive])
		inTime(Date.now() - began, LEASE_MS + 1000 + SLACK_MS)
		await until(async () => (await metricOf(driver, 'holdfast_driver_queue_connected')) === 1)
		await stack.startServer({ index: dead })
	}
	assert.ok((await metricOf(driver, 'holdfast_driver_queue_moves_total')) >= 2)
	await driver.stop()
})

test('all servers are away for a while: the driver comes back by itself', async () => {
	const driver = await stack.startDriver({ proxy: both })
	for (const { process } of stack.servers) await process.kill()
	await until(async () => (await metricOf(driver, 'holdfast_driver_queue_connected')) === 0)
	await sleep(1000)
	for (const index of [0, 1]) await stack.startServer({ index })
	await until(async () => (await metricOf(driver, 'holdfast_driver_queue_connected')) === 1)
	await isSigned('all is well')
	await driver.stop()
})
