// SPDX-License-Identifier: Apache-2.0
// A whole Holdfast in a directory of its own: SoftHSM2 token, PKI, databases, servers and drivers on free ports of the
// loopback interface. The tests start one, use it, break it, and stop it. HOLDFAST_TEST_ENGINE=postgres, or the option
// `engine`, puts its databases into a PostgreSQL cluster of its own; several servers then share them.
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import sdk from '@dfns/sdk'
import keysigner from '@dfns/sdk-keysigner'

import { Ports } from './ports.mjs'
import { Postgres } from './postgres.mjs'
import { Process } from './process.mjs'

const run = promisify(execFile)
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
export const build = process.env.HOLDFAST_BUILD ?? join(root, 'build')
export const softhsm = process.env.SOFTHSM_MODULE ?? '/usr/lib/softhsm/libsofthsm2.so'
export const holdfast = join(build, 'src/cli/holdfast')
export const faultModule = join(build, 'tests/faults/libholdfast-fault.so')
export const quickModule = join(build, 'tests/faults/libholdfast-quick.so')
export const PIN = '4711-a-pin-to-look-for'
export const { DfnsApiClient, DfnsAuthenticator, DfnsError } = sdk
const { AsymmetricKeySigner } = keysigner

/** Runs a command to its end: { code, stdout, stderr }. A failure of the command is a result, not an exception. */
export async function command(argv, options = {}) {
	try {
		const { stdout, stderr } = await run(argv[0], argv.slice(1), { timeout: 120_000, ...options })
		return { code: 0, stdout, stderr }
	} catch (error) {
		if (typeof error.code !== 'number') throw error
		return { code: error.code, stdout: error.stdout, stderr: error.stderr }
	}
}

/** The output of a command that has to succeed. */
export async function succeed(argv, options) {
	const result = await command(argv, options)
	if (result.code !== 0) throw new Error(`${argv.join(' ')}: exit status ${result.code}\n${result.stdout}${result.stderr}`)
	return result.stdout
}

export class Stack {
	processes = []
	madeTokens = [] /* their labels */
	servers = [] /* in the order in which they were first started: { process, ports } */
	#ports = new Ports()

	constructor() {
		this.dir = mkdtempSync(join(tmpdir(), 'holdfast-'))
		this.pki = join(this.dir, 'pki')
		this.serverDb = join(this.dir, 'server.db')
		this.keysDb = join(this.dir, 'keys.db')
		this.env = { ...process.env, SOFTHSM2_CONF: this.path('softhsm2.conf') }
		for (const name of ['USER_PIN', 'PKCS11_IBM_MODULE', 'PKCS11_THALES_MODULE']) delete this.env[name]
	}

	/** Everything up to the moment where server and drivers can start. */
	static async prepare({ tokenLabel = 'wallet', master = true, engine = process.env.HOLDFAST_TEST_ENGINE ?? 'sqlite' } = {}) {
		const stack = new Stack()
		stack.tokenLabel = tokenLabel
		try {
			if (engine === 'postgres') stack.postgres = await Postgres.start()
			await succeed([join(root, 'script/pki'), stack.pki])
			await stack.makeToken(tokenLabel)
			if (master) await stack.initMaster(tokenLabel)
			await stack.initServer()
			return stack
		} catch (error) {
			await stack.stop()
			throw error
		}
	}

	/** A running stack: servers (several only with PostgreSQL), and as many drivers as asked. */
	static async start({ drivers = 1, servers = 1, server = {}, driver = {}, ...options } = {}) {
		const stack = await Stack.prepare(options)
		try {
			for (let i = 0; i < servers; i++) await stack.startServer({ ...server, index: i })
			for (let i = 0; i < drivers; i++) await stack.startDriver(driver)
			return stack
		} catch (error) {
			await stack.stop()
			throw error
		}
	}

	/** The first server's. */
	get server() {
		return this.servers[0]?.process
	}

	get ports() {
		return this.servers[0]?.ports ?? {}
	}

	/** The options that name the server's and the drivers' database. */
	get serverDatabase() {
		return this.postgres?.args ?? ['--sqlite-path', this.serverDb]
	}

	path(...parts) {
		return join(this.dir, ...parts)
	}

	async makeToken(label, pin = PIN) {
		this.madeTokens.push(label)
		mkdirSync(this.path('tokens'), { recursive: true })
		writeFileSync(this.env.SOFTHSM2_CONF, `directories.tokendir = ${this.path('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`)
		await succeed(['softhsm2-util', '--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '12345678'], { env: this.env })
	}

	/** OpenSC's tool on a token. SoftHSM2 loses tokens from sight while another process starts: the tool is then too early. */
	async pkcs11Tool(label, pin, ...args) {
		const argv = ['pkcs11-tool', '--module', softhsm, '--token-label', label, '--login', '--pin', pin, ...args]
		for (let tries = 1; tries < 20; tries++) {
			const { code, stdout, stderr } = await command(argv, { env: this.env })
			if (code === 0) return stdout
			if (!/No slot with token named/.test(stderr)) break
			await sleep(50)
		}
		return succeed(argv, { env: this.env })
	}

	/** Any `holdfast` command, with this stack's token and PIN: { code, stdout, stderr }. */
	holdfast(args, { env = {}, pin = PIN } = {}) {
		return command([holdfast, ...args], { env: { ...this.env, ...(pin && { USER_PIN: pin }), ...env } })
	}

	async initMaster(label) {
		const result = await this.holdfast(['hsm', 'init-master', '--module', softhsm, '--slot', `label:${label}`])
		if (result.code !== 0) throw new Error(`hsm init-master failed:\n${result.stdout}${result.stderr}`)
	}

	async initServer(database = this.serverDatabase) {
		const { publicKey, privateKey } = generateKeyPairSync('ed25519')
		this.privateKey = privateKey.export({ type: 'pkcs8', format: 'pem' })
		writeFileSync(this.path('account.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
		const result = await this.holdfast(['server', 'init', ...database,
			'--secret-file', this.path('server.secret'), '--org-name', 'Example Bank', '--store-name', 'hsm-1',
			'--driver-ca', join(this.pki, 'org-ca.pem'), '--account-name', 'treasury-service',
			'--public-key-file', this.path('account.pem'), '--env-file', this.path('account.env')], { pin: null })
		if (result.code !== 0) throw new Error(`server init failed:\n${result.stdout}${result.stderr}`)
		this.account = parseAssignments(readFileSync(this.path('account.env'), 'utf8'))
	}

	/** A port for each of these names, which nobody else gets while its program is down. */
	async #reserve(...names) {
		return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await this.#ports.reserve()])))
	}

	async #start(name, args, env) {
		const ready = this.path(`${name}.ready`)
		const process = await Process.spawn(name, [holdfast, ...args, '--ready-file', ready, '--log-format', 'json', '--log-level', 'debug'],
			{ env: { ...this.env, ...env }, logFile: this.path(`${name}.log`) })
		this.processes.push(process)
		return [process, () => process.ready(ready)]
	}

	/** Starts a server without waiting until it is ready: for those that are to fail, or to wait. One that was there comes
	 * back on its ports. Unless `args` say so, it signs no checkpoints of its log: after a minute, which a slow machine takes for
	 * some of the tests, there would be a key and jobs that they did not ask for. */
	async spawnServer({ index = 0, args = [], env = {}, database = this.serverDatabase } = {}) {
		const place = (this.servers[index] ??= { ports: await this.#reserve('api', 'driver', 'health', 'crypto') })
		const listen = (name) => `127.0.0.1:${place.ports[name]}`
		const [server, ready] = await this.#start(index ? `server-${index}` : 'server', ['server', ...database,
			'--secret-file', this.path('server.secret'), '--lease-ms', '2000',
			'--api-listen', listen('api'), '--api-cert', join(this.pki, 'api.pem'), '--api-key', join(this.pki, 'api-key.pem'),
			'--driver-listen', listen('driver'), '--driver-cert', join(this.pki, 'proxy.pem'), '--driver-key', join(this.pki, 'proxy-key.pem'),
			'--driver-client-ca', join(this.pki, 'root.pem'), '--health-listen', listen('health'),
			'--crypto-listen', listen('crypto'), ...(args.includes('--audit-checkpoint-seconds') ? [] : ['--audit-checkpoint-seconds', '0']), ...args], env)
		place.process = server
		server.whenReady = async () => Object.assign(place.ports, await ready())
		return server
	}

	async startServer(options) {
		const server = await this.spawnServer(options)
		await server.whenReady()
		return server
	}

	/** Starts a driver without waiting until it is ready: for those that are to fail. */
	async spawnDriver({ name, module = softhsm, slot = `label:${this.tokenLabel}`, pin = PIN, keysDb = this.keysDb,
		cert = 'driver', pki = this.pki, chain = 'org-chain', server = 0, proxy = `127.0.0.1:${this.servers[server]?.ports.driver}`, sessions = 1,
		database = this.postgres?.args ?? ['--sqlite-path', keysDb], args = [], env = {} } = {}) {
		name ??= `driver-${this.processes.length}`
		const [driver, ready] = await this.#start(name, ['driver', '--module', module, '--slot', slot, ...database,
			'--client-cert', join(pki, `${cert}.pem`), '--client-key', join(pki, `${cert}-key.pem`), '--ca-cert', join(this.pki, `${chain}.pem`),
			'--proxy-addr', proxy, '--sessions', `${sessions}`, '--allow-resident',
			'--health-listen', '127.0.0.1:0', ...args], { ...(pin && { USER_PIN: pin }), ...env })
		driver.whenReady = ready
		return driver
	}

	async startDriver(options) {
		const driver = await this.spawnDriver(options)
		driver.ports = await driver.whenReady()
		return driver
	}

	/** A driver whose HSM misbehaves once driver.faults(script) says so (tests/faults/script.h): a module of ours stands before the token. */
	async faultyDriver({ script = '', ...options } = {}) {
		const faults = this.#faults(script)
		const driver = await this.startDriver({ module: faultModule, ...options, env: { ...faults.env, ...options.env } })
		return Object.assign(driver, { faults: faults.set, counted: faults.counted })
	}

	/** The tokens of this stack: [{ slot, label, serial }]. All that were made, though SoftHSM2 may not see them all at once. */
	async tokens() {
		for (let tries = 1; ; tries++) {
			const tokens = await this.#tokensInSight()
			if (tries === 20 || this.madeTokens.every((label) => tokens.some((token) => token.label === label))) return tokens
			await sleep(50)
		}
	}

	async #tokensInSight() {
		const text = await succeed(['softhsm2-util', '--show-slots'], { env: this.env })
		return text.split(/^Slot (?=\d)/m).slice(1).map((slot) => ({ slot: Number(slot.match(/^\d+/)[0]),
			label: slot.match(/Label: +(.*?) *$/m)?.[1] ?? '', serial: slot.match(/Serial number: +(.*?) *$/m)?.[1] ?? '' })).filter((t) => t.serial)
	}

	/** The certificate by which a server shows itself to gateways, which ask for one of the organisation's authority: names of files. */
	async linkCertificate(name = 'link') {
		await succeed([join(root, 'script/pki'), this.pki, name])
		return { cert: join(this.pki, `${name}.pem`), key: join(this.pki, `${name}-key.pem`), ca: join(this.pki, 'root.pem') }
	}

	/** Starts a gateway on this stack's tokens without waiting until it is ready. `mutual: false`: anybody may connect. */
	async spawnGateway({ name, module = softhsm, mutual = true, listen = {}, cert = ['--cert', join(this.pki, 'proxy.pem'), '--key', join(this.pki, 'proxy-key.pem')],
		args = [], env = {} } = {}) {
		name ??= `gateway-${this.processes.length}`
		const ports = { ...(await this.#reserve('link', 'health', 'health_tls')), ...listen }
		const at = (which) => `127.0.0.1:${ports[which]}`
		const [gateway, ready] = await this.#start(name, ['gateway', '--module', module, ...cert, '--listen', at('link'),
			'--health-listen', at('health'), '--health-tls-listen', at('health_tls'),
			...(mutual ? ['--client-ca', join(this.pki, 'org-ca.pem')] : []), ...args], env)
		gateway.whenReady = ready
		return gateway
	}

	/** A gateway whose `ports` are { link, health, health_tls }; the slot for it: stack.tokens(). */
	async startGateway(options) {
		const gateway = await this.spawnGateway(options)
		gateway.ports = await gateway.whenReady()
		return gateway
	}

	/** A gateway whose HSM misbehaves once gateway.faults(script) says so, as faultyDriver(). */
	async faultyGateway({ script = '', ...options } = {}) {
		const faults = this.#faults(script)
		const gateway = await this.startGateway({ module: faultModule, ...options, env: { ...faults.env, ...options.env } })
		return Object.assign(gateway, { faults: faults.set, counted: faults.counted })
	}

	#faults(script) {
		const file = this.path(`faults-${this.processes.length}`)
		const set = (text) => {
			writeFileSync(`${file}.new`, `${text}\n`)
			renameSync(`${file}.new`, file)
		}
		/* How often the rule of this line, which is `shared`, was asked over all signers. The file is empty until it was written first. */
		const counted = (line) => {
			const bytes = existsSync(`${file}.count.${line}`) ? readFileSync(`${file}.count.${line}`) : Buffer.alloc(0)
			return bytes.length === 8 ? Number(bytes.readBigUInt64LE()) : 0
		}
		set(script)
		return { set, counted, env: { HOLDFAST_FAULT_MODULE: softhsm, HOLDFAST_FAULT_SCRIPT: file } }
	}

	get apiUrl() {
		return `https://127.0.0.1:${this.ports.api}`
	}

	/** The official client, unmodified, of one of the servers; it trusts this stack's root as NODE_EXTRA_CA_CERTS would have it. */
	client({ server = 0, apiUrl = `https://127.0.0.1:${this.servers[server]?.ports.api}`, authToken = this.account.DFNS_AUTH_TOKEN, credId = this.account.DFNS_CRED_ID, privateKey = this.privateKey } = {}) {
		https.globalAgent.options.ca = [...(https.globalAgent.options.ca ?? []), readFileSync(join(this.pki, 'root.pem'))]
		const signer = new AsymmetricKeySigner({ credId, privateKey })
		return new DfnsApiClient({ baseUrl: apiUrl, orgId: this.account.DFNS_ORG_ID, authToken, signer })
	}

	/** Every log so far, in one text. */
	logs() {
		return [...new Set(this.processes.map((p) => p.logFile))].map((file) => readFileSync(file, 'utf8')).join('')
	}

	async stop() {
		const stopped = await Promise.allSettled(this.processes.map((process) => process.stop()))
		for (const process of this.processes) process.killChildren()
		this.#ports.release()
		await this.postgres?.remove()
		if (process.env.HOLDFAST_TEST_KEEP) console.error(`kept: ${this.dir}`)
		else rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 })
		for (const { reason } of stopped) if (reason) throw reason
	}
}

/** Shell assignments, NAME=value or NAME='value', as an object. */
export function parseAssignments(text) {
	const lines = text.split('\n').filter((line) => line.includes('='))
	return Object.fromEntries(lines.map((line) => {
		const [, name, value] = line.match(/^(?:export )?(\w+)=(.*)$/)
		return [name, value.replace(/^'(.*)'$/, '$1').replace(/^"(.*)"$/, '$1')]
	}))
}
