// SPDX-License-Identifier: Apache-2.0
// What is to be broken: servers, drivers with an HSM each, databases, and the network between them.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'

import { command, faultModule, holdfast, PIN, root, softhsm, Stack, succeed } from '../e2e/stack.mjs'
import { makeDatabases } from './databases.mjs'
import { get } from './https.mjs'
import { Member } from './member.mjs'
import { Net } from './net.mjs'

export const LEASE_MS = 2000
const OP_DEADLINE_MS = 1500
const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'].map((dir) => `${dir}/faketime/libfaketimeMT.so.1`).find(existsSync)

export class World {
	servers = []
	drivers = []

	static async make({ engine, servers, drivers, logLevel }) {
		const world = new World()
		world.logLevel = logLevel
		world.net = await Net.make(['server-b', 'driver-c'])
		world.stack = new Stack()
		world.dir = world.stack.dir
		try {
			await world.#prepare(engine)
			for (const letter of 'abc'.slice(0, servers)) await world.#addServer(`server-${letter}`)
			for (const letter of 'abc'.slice(0, drivers)) await world.#addDriver(`driver-${letter}`)
			return world
		} catch (error) {
			await world.stop()
			throw Object.assign(error, { dir: world.dir })
		}
	}

	async #prepare(engine) {
		const { stack } = this
		stack.tokenLabel = 'wallet'
		await succeed([join(root, 'script/pki'), stack.pki])
		await stack.makeToken(stack.tokenLabel)
		await stack.initMaster(stack.tokenLabel)
		this.databases = await makeDatabases(engine, stack, this.net)
		await stack.initServer(this.databases.ofServer())
		await this.#certify()
	}

	path(...parts) {
		return this.stack.path(...parts)
	}

	member(name) {
		return this.members.find((member) => member.name === name)
	}

	get members() {
		return [...this.servers, ...this.drivers]
	}

	/** What this machine lets us do, as the table of faults names it. */
	get abilities() {
		return new Set([...(this.net.namespaces ? ['namespaces'] : []), ...(FAKETIME ? ['faketime'] : []), ...this.databases.abilities])
	}

	/** The servers' certificates name this run's addresses. */
	async #certify() {
		const names = ['DNS:localhost', 'IP:127.0.0.1', ...this.net.hosts.map((host) => `IP:${host}`)].join(',')
		for (const name of ['api', 'proxy']) {
			for (const file of [`${name}.pem`, `${name}-key.pem`]) rmSync(join(this.stack.pki, file))
			await this.#pki('server-cert', 'root', ...this.#pair(name), '--names', names, '--days', '2')
		}
		await this.#pki('crl', 'org-ca', '--out', this.#pem('crl'))
	}

	#pem(name) {
		return join(this.stack.pki, `${name}.pem`)
	}

	#pair(name) {
		return ['--cert', this.#pem(name), '--key', this.#pem(`${name}-key`)]
	}

	#pki(verb, issuer, ...args) {
		return succeed([holdfast, 'pki', verb, '--ca-cert', this.#pem(issuer), '--ca-key', this.#pem(`${issuer}-key`), ...args])
	}

	/** A new leaf in the place of the driver's, which reads its files again by itself. */
	renew(driver, ...validity) {
		return this.#pki('renew', 'org-ca', ...this.#pair(driver.name), ...validity)
	}

	/** From now on no server will have it; what has been revoked cannot be renewed. */
	async revoke(driver) {
		await this.#pki('revoke', 'org-ca', '--cert', this.#pem(driver.name))
		await this.#pki('crl', 'org-ca', '--out', this.#pem('crl'))
	}

	async replaceLeaf(driver) {
		await this.#pki('leaf', 'org-ca', '--name', driver.name, ...this.#pair('next'), '--days', '2')
		for (const file of ['-key', '']) renameSync(this.#pem(`next${file}`), this.#pem(`${driver.name}${file}`))
	}

	/** Has this driver's HSM use every wrapped key: { driver, code, text }. */
	async verifyWith(driver) {
		const { code, stdout, stderr } = await command([...driver.before, holdfast, 'db', 'verify', '--module', softhsm, '--slot', `label:${this.stack.tokenLabel}`, ...this.databases.ofDriver()],
			{ env: { ...driver.env, LD_PRELOAD: '' } })
		return { driver: driver.name, code, text: `${stdout}${stderr}`.trim() }
	}

	async #addServer(name) {
		const { stack, net } = this
		const pem = (file) => this.#pem(file)
		const server = new Member({ name, kind: 'server', host: net.host(name), before: net.inside(name), dir: this.dir, env: this.#env(name),
			argv: () => [holdfast, 'server', ...this.databases.ofServer(), '--secret-file', stack.path('server.secret'), '--lease-ms', `${LEASE_MS}`,
				'--api-listen', `${server.host}:${server.ports.api ?? 0}`, '--api-cert', pem('api'), '--api-key', pem('api-key'),
				'--driver-listen', `${server.host}:${server.ports.driver ?? 0}`, '--driver-cert', pem('proxy'), '--driver-key', pem('proxy-key'),
				'--driver-client-ca', pem('root'), '--driver-crl', pem('crl'), '--health-listen', `${server.host}:${server.ports.health ?? 0}`,
				'--log-format', 'json', '--log-level', this.logLevel] })
		this.servers.push(server)
		await server.start()
		server.agent = new https.Agent({ keepAlive: true, maxSockets: 32 })
		server.get = (path) => get(this, server, path, 8000)
		server.client = stack.client({ apiUrl: `https://${server.host}:${server.ports.api}` })
	}

	async #addDriver(name) {
		const { stack, net } = this
		await succeed([join(root, 'script/pki'), stack.pki, name])
		const pem = (file) => this.#pem(file)
		const driver = new Member({ name, kind: 'driver', host: net.host(name), before: net.inside(name), dir: this.dir,
			env: { ...this.#env(name), USER_PIN: PIN, SOFTHSM2_CONF: this.#cloneToken(name),
				HOLDFAST_FAULT_MODULE: softhsm, HOLDFAST_FAULT_SCRIPT: stack.path(`${name}.faults`) },
			argv: () => [holdfast, 'driver', '--module', faultModule, '--slot', `label:${stack.tokenLabel}`, '--name', name, ...this.databases.ofDriver(),
				'--client-cert', pem(name), '--client-key', pem(`${name}-key`), '--ca-cert', pem('org-chain'),
				'--proxy-addr', this.servers.map((server) => `${server.host}:${server.ports.driver}`).join(','), '--sessions', '2',
				'--op-deadline-ms', `${OP_DEADLINE_MS}`, '--health-listen', `${driver.host}:${driver.ports.health ?? 0}`,
				'--log-format', 'json', '--log-level', this.logLevel] })
		driver.script = stack.path(`${name}.faults`)
		driver.lockFile = signerLock(faultModule)
		writeFileSync(driver.script, '')
		this.drivers.push(driver)
		await driver.start()
	}

	/** The same master key in an HSM of its own: a SoftHSM2 token is a directory. */
	#cloneToken(name) {
		mkdirSync(this.path(`hsm-${name}`), { recursive: true })
		cpSync(this.path('tokens'), this.path(`hsm-${name}`, 'tokens'), { recursive: true })
		const conf = this.path(`hsm-${name}`, 'softhsm2.conf')
		writeFileSync(conf, readFileSync(this.stack.env.SOFTHSM2_CONF, 'utf8').replace(this.path('tokens'), this.path(`hsm-${name}`, 'tokens')))
		return conf
	}

	#env(name) {
		const env = { ...this.stack.env }
		if (!FAKETIME || !hasOwnClock(name)) return env
		writeFileSync(this.path(`${name}.clock`), '+0s\n')
		return { ...env, LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: this.path(`${name}.clock`), FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
	}

	setClock(member, offset) {
		writeFileSync(this.path(`${member.name}.clock.new`), `${offset}\n`)
		renameSync(this.path(`${member.name}.clock.new`), this.path(`${member.name}.clock`))
	}

	/** Pids of signers that belong to none of our drivers any more. Only where all processes that we see are the run's own. */
	strayingSigners() {
		if (!this.net.namespaces) return []
		const ours = new Set(this.drivers.flatMap((driver) => driver.signers()))
		return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).map(Number).filter((pid) => !ours.has(pid) && commandOf(pid) === 'holdfast-signer')
	}

	/** Ends everything, also what is half broken. */
	async stop() {
		await Promise.all(this.members.map((member) => member.stop()))
		for (const server of this.servers) server.agent?.destroy()
		await this.databases?.stop()
	}
}

function commandOf(pid) {
	try {
		return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
	} catch {
		return undefined /* it has ended meanwhile */
	}
}

/** Those whose wall clock can be set: the last server, the second driver. */
export const hasOwnClock = (name) => name === 'server-b' || name === 'driver-b'

/** The lock under which signers of this module log in (src/signer/token.c, src/os/lockfile.c). */
function signerLock(module) {
	const hash = [...Buffer.from(module)].reduce((h, byte) => ((h ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn, 0xcbf29ce484222325n)
	return `/run/lock/holdfast-${process.geteuid()}-signer-${hash.toString(16).padStart(16, '0')}.lock`
}
