// SPDX-License-Identifier: Apache-2.0
// The audit log goes on to a real rsyslogd, over TLS, in each of the formats; nothing is lost while the collector is away,
// and nothing when the server restarts.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Ports } from '../e2e/ports.mjs'
import { Process } from '../e2e/process.mjs'
import { Stack } from '../e2e/stack.mjs'

let stack
const collectors = [], ports = new Ports()

/** An rsyslogd of the test's own: its own directory, its own port, stopped by its pid. */
class Collector {
	static async start(name) {
		const c = new Collector()
		c.dir = stack.path(`rsyslog-${name}`)
		c.port = await ports.reserve()
		c.file = join(c.dir, 'audit.log')
		mkdirSync(c.dir)
		/* the certificate is the API's: it names 127.0.0.1 */
		writeFileSync(join(c.dir, 'rsyslog.conf'), `
global(workDirectory="${c.dir}" maxMessageSize="64k"
	defaultNetstreamDriver="ossl"
	defaultNetstreamDriverCAFile="${join(stack.pki, 'root.pem')}"
	defaultNetstreamDriverCertFile="${join(stack.pki, 'api.pem')}"
	defaultNetstreamDriverKeyFile="${join(stack.pki, 'api-key.pem')}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="whole" type="string" string="%rawmsg%\\n")
ruleset(name="keep") { action(type="omfile" file="${c.file}" template="whole") }
input(type="imtcp" port="${c.port}" address="127.0.0.1" ruleset="keep")
`)
		await c.run()
		collectors.push(c)
		return c
	}

	async run() {
		const argv = ['/usr/sbin/rsyslogd', '-n', '-f', join(this.dir, 'rsyslog.conf'), '-i', join(this.dir, 'pid')]
		this.process = await Process.spawn('rsyslogd', argv, { env: process.env, logFile: join(this.dir, 'rsyslogd.log') })
		for (let i = 0; i < 100 && !existsSync(join(this.dir, 'pid')); i++) await sleep(50)
	}

	async stop() {
		await this.process?.stop()
		this.process = null
	}

	/** Those that have been written to their end. */
	messages() {
		return existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').slice(0, -1) : []
	}

	/** Until it has a message with each of these in it. A collector that was away is asked again after 30 s at most. */
	async has(words, seconds = 60) {
		for (let i = 0; i < seconds * 10; i++) {
			const text = this.messages().join('\n')
			if (words.every((word) => text.includes(word))) return
			await sleep(100)
		}
		const text = this.messages().join('\n')
		assert.fail(`${words.filter((word) => !text.includes(word)).length} of ${words.length} never came: ${text.slice(-600)}`)
	}
}

const serve = (collector, format = 'rfc5424') => stack.startServer({ args: ['--audit-syslog', `127.0.0.1:${collector.port}`,
	'--audit-syslog-ca', join(stack.pki, 'root.pem'), '--audit-syslog-format', format] })

/** A key made through the API: its id is in two entries. */
async function makeKey() {
	return (await stack.client().keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })).id
}

before(async () => {
	stack = await Stack.prepare()
})
after(async () => {
	await Promise.all(collectors.map((c) => c.stop()))
	ports.release()
	await stack?.stop()
})

test('rfc5424: messages with their members as structured data', async () => {
	const collector = await Collector.start('rfc5424')
	await serve(collector)
	await stack.startDriver()
	const id = await makeKey()
	await collector.has([`subject="${id}"`, 'operation="Hsm:Generate"'])
	const [message] = collector.messages()
	assert.match(message, /^<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ holdfast - audit \[holdfast@32473 leaf="0" id="uj-/)
})

test('nothing is lost while the collector is away', async () => {
	const [collector] = collectors
	await collector.stop()
	const ids = []
	for (let i = 0; i < 5; i++) ids.push(await makeKey())
	await sleep(1500)
	await collector.run()
	await collector.has(ids)
})

test('nothing is lost when the server restarts meanwhile', async () => {
	const [collector] = collectors
	await collector.stop()
	const id = await makeKey()
	await stack.server.stop()
	await collector.run()
	await serve(collector)
	const later = await makeKey()
	await collector.has([id, later])
	/* at least once, and in order: each leaf from the first on is there */
	const leaves = new Set(collector.messages().map((m) => Number(/leaf="(\d+)"/.exec(m)?.[1])))
	for (let leaf = 0; leaf < Math.max(...leaves); leaf++) assert.ok(leaves.has(leaf), `leaf ${leaf}`)
})

for (const [format, check] of [
	['cef', (text) => assert.match(text, /^CEF:0\|Holdfast\|Holdfast\|[^|]+\|Keys:Create\|Keys:Create Accepted\|3\|rt=\d+ /)],
	['ocsf', (text) => assert.equal(JSON.parse(text).class_uid, 6003)],
])
	test(`${format}: inside a syslog message`, async () => {
		await stack.server.stop()
		const collector = await Collector.start(format)
		await serve(collector, format)
		const id = await makeKey()
		await collector.has([id])
		check(collector.messages()[0].replace(/^<109>1 \S+ \S+ holdfast - audit - /, ''))
	})

test('a collector that is not the one is sent nothing', async () => {
	await stack.server.stop()
	const collector = await Collector.start('stranger'), before = stack.server.log.length
	await stack.startServer({ args: ['--audit-syslog', `127.0.0.1:${collector.port}`] }) /* the system's authorities */
	await makeKey()
	for (let i = 0; i < 200 && !stack.server.log.slice(before).includes('collector is away'); i++) await sleep(100)
	assert.match(stack.server.log.slice(before), /collector is away/)
	assert.deepEqual(collector.messages(), [])
})
