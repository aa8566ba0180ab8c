// SPDX-License-Identifier: Apache-2.0
// The drivers' PostgreSQL goes away and comes back (the server has a database of its own here): no key is announced that is not stored,
// nothing hangs, work flows again by itself.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'

import { hasSigned, healthOf, metricOf, until } from '../e2e/ask.mjs'
import { inTime, soonEnough } from '../e2e/pace.mjs'
import { Postgres } from '../e2e/postgres.mjs'
import { Stack } from '../e2e/stack.mjs'

const RESUME_MS = 1000
const SLACK_MS = 500
let stack, pg, client, key, driver

before(async () => {
	stack = await Stack.start({ drivers: 0, engine: 'sqlite' })
	pg = await Postgres.start()
	client = stack.client()
	driver = await stack.startDriver({ database: pg.args })
	key = await createKey()
})
after(async () => {
	await stack?.stop()
	await pg?.remove()
})

const createKey = () => client.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
const isSigned = (text, by = key) => hasSigned(client, by, text)
const health = () => healthOf(driver)
const metric = (name) => metricOf(driver, name)

test('a driver waits for a database that is away when it starts', async () => {
	await driver.stop()
	await pg.crash()
	driver = await stack.spawnDriver({ database: pg.args })
	await driver.logged(/the database is away; waiting/)
	await pg.startAgain()
	driver.ports = await driver.whenReady()
	await isSigned('started late')
})

test('a driver waits no longer than --db-wait, and says for what', async () => {
	const nobody = await stack.spawnDriver({ database: ['--postgres-url', 'postgresql://holdfast@127.0.0.1:1/holdfast'], args: ['--db-wait', '1'] })
	const { code } = await nobody.ended()
	assert.notEqual(code, 0)
	assert.match(nobody.log, /cannot connect to postgresql:\/\/holdfast@127\.0\.0\.1:1/)
})

for (const [name, ask] of [['signature', () => isSigned('while it was away')], ['new key', async () => isSigned('with a new key', await createKey())]])
	test(`the database goes away and comes back: a ${name} that was asked for meanwhile is made within a second of its return`, async (t) => {
		const away = async () => {
			await pg.crash()
			const first = ask()
			await until(async () => /database/.test((await health()).text))
			assert.equal((await health()).status, 500)
			assert.equal(await metric('holdfast_driver_database_readable'), 0)
			await until(async () => (await metric('holdfast_driver_working')) === 0)
			const taken = await metric('holdfast_driver_jobs_taken_total')
			const second = ask()
			await sleep(500)
			assert.equal(await metric('holdfast_driver_jobs_taken_total'), taken, 'it claims')
			await pg.startAgain()
			const back = Date.now()
			await Promise.all([first, second])
			const ms = Date.now() - back
			t.diagnostic(`answered after ${ms} ms`)
			await until(async () => (await health()).status === 204)
			return ms
		}
		await soonEnough(RESUME_MS + SLACK_MS, away)
	})

test('connections that are cut under load lose and double nothing', async () => {
	const asked = Promise.all(Array.from({ length: 12 }, async (_, i) => {
		const made = await createKey()
		await isSigned(`cut ${i}`, made)
		return made
	}))
	for (let i = 0; i < 5; i++) {
		await sleep(40)
		await pg.terminate()
	}
	const made = await asked
	const rows = await pg.sql(`SELECT key_id FROM wrapped_keys WHERE key_id IN (${made.map(({ id }) => `'${id}'`)})`)
	assert.equal(rows.length, made.length)
})

test('a driver that is asked to stop while its database is away does so', async () => {
	await pg.crash()
	const began = Date.now()
	await driver.stop()
	inTime(Date.now() - began, 5000)
	assert.match(driver.log, /"message":"stopped"/)
})
