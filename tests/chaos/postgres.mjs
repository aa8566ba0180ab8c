// SPDX-License-Identifier: Apache-2.0
// PostgreSQL: a primary and a synchronous streaming replica, the servers' database and the wrapped keys' in both. Servers and drivers know
// both hosts and take the one that can be written to.
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { childrenOf } from '../e2e/process.mjs'
import { command, parseAssignments, root, succeed } from '../e2e/stack.mjs'
import { SmallDisk } from './databases.mjs'

const CLUSTER = join(root, 'tests/postgres/cluster')
const DISK_MB = 256
const SETTINGS = ['max_wal_size=64MB', 'wal_keep_size=32MB', 'shared_buffers=16MB', 'max_connections=60',
	/* A replica whose primary came back is with it again at once; commits wait for it. */
	'wal_retrieve_retry_interval=100ms']

const run = (...argv) => succeed(argv, { maxBuffer: 1 << 28 })

export class PostgresDatabases {
	engine = 'postgres'
	abilities = ['postgres']
	hex = (column) => `encode(${column}, 'hex')`

	static async make(stack, net) {
		const pg = Object.assign(new PostgresDatabases(), { stack, net, host: net.hosts[0] ?? '127.0.0.1' })
		pg.primary = await pg.#site('pg-a')
		pg.standby = await pg.#site('pg-b')
		const urls = parseAssignments(await run(CLUSTER, 'start', pg.primary.dir, `listen_addresses=127.0.0.1,${pg.host}`, ...SETTINGS))
		pg.primary.port = urls.POSTGRES_PORT
		appendFileSync(join(pg.primary.dir, 'data/pg_hba.conf'), 'host all all samenet trust\n')
		await run(CLUSTER, 'set', pg.primary.dir, 'log_connections=off')
		await pg.#sql(pg.primary, 'postgres', 'CREATE DATABASE wrapped OWNER holdfast')
		await pg.#replicate()
		if (net.namespaces) pg.abilities.push('disk')
		return pg
	}

	/** Each on a disk of its own, where we may mount one. */
	async #site(name) {
		const base = this.stack.path(name)
		const disk = this.net.namespaces ? await SmallDisk.mount(base, DISK_MB) : undefined
		return { name, disk, dir: join(base, 'pg') }
	}

	async #replicate() {
		const port = parseAssignments(await run(CLUSTER, 'replica', this.standby.dir, this.primary.dir, 'sync')).POSTGRES_PORT
		this.standby.port = port
	}

	#url(database) {
		const sites = [this.primary, this.standby].sort((a, b) => a.name.localeCompare(b.name))
		return `postgresql://holdfast@${sites.map(({ port }) => `${this.host}:${port}`).join(',')}/${database}?target_session_attrs=read-write&connect_timeout=2`
	}

	get serverUrl() {
		return this.#url('holdfast')
	}

	get keysUrl() {
		return this.#url('wrapped')
	}

	ofServer() {
		return ['--postgres-url', this.serverUrl]
	}

	ofDriver() {
		return ['--postgres-url', this.keysUrl]
	}

	#sql(site, database, sql) {
		return run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', site.port, '-U', 'postgres', '-d', database, '-c', sql)
	}

	async rows(which, sql) {
		const text = await this.#sql(this.primary, which === 'keys' ? 'wrapped' : 'holdfast', `SELECT coalesce(json_agg(t), '[]') FROM (${sql}) AS t`)
		return JSON.parse(text)
	}

	/* What can befall it. Each is healed by its fellow. */

	crash() {
		return run(CLUSTER, 'stop', this.primary.dir, 'immediate')
	}

	start() {
		return run(CLUSTER, 'start', this.primary.dir)
	}

	terminateBackends() {
		return this.#sql(this.primary, 'postgres', "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'holdfast'")
	}

	/** All of its processes stand still: connections neither end nor answer. */
	async pause() {
		this.paused = await this.#processes(this.primary)
		for (const pid of this.paused) process.kill(pid, 'SIGSTOP')
	}

	resume() {
		for (const pid of this.paused.reverse()) process.kill(pid, 'SIGCONT')
	}

	/** The postmaster first, so that it starts no others meanwhile. */
	async #processes({ dir }) {
		const postmaster = Number(await run(CLUSTER, 'pid', dir))
		return [postmaster, ...childrenOf(postmaster)]
	}

	/** Commits wait for it while it is away: the primary cannot know that they would survive. */
	stopStandby() {
		return run(CLUSTER, 'stop', this.standby.dir, 'immediate')
	}

	startStandby() {
		return run(CLUSTER, 'start', this.standby.dir)
	}

	/** The primary is gone for good, and its replica takes its place. */
	async failOver() {
		await this.crash()
		await run(CLUSTER, 'promote', this.standby.dir)
		;[this.primary, this.standby] = [this.standby, this.primary]
		await this.#sql(this.primary, 'postgres', 'ALTER SYSTEM RESET synchronous_standby_names')
		await this.#sql(this.primary, 'postgres', 'SELECT pg_reload_conf()')
	}

	/** A new replica where the old primary was. */
	async rebuildStandby() {
		rmSync(join(this.standby.dir, 'data'), { recursive: true, force: true })
		await this.#replicate()
	}

	/** Then its log needs room that is not there. */
	async fillDisk() {
		this.primary.disk.fill()
		await this.#sql(this.primary, 'postgres', "SELECT count(pg_logical_emit_message(false, 'chaos', repeat('x', 1000000))) FROM generate_series(1, 60)").catch(() => {})
	}

	async emptyDisk() {
		this.primary.disk.empty()
		await this.start() /* it ends when it cannot write its log; otherwise this does nothing */
	}

	async stop() {
		for (const site of [this.primary, this.standby]) {
			if (!site) continue
			await command([CLUSTER, 'stop', site.dir, 'immediate'])
			await command(['cp', join(site.dir, 'log'), this.stack.path(`${site.name}.log`)])
			if (site.disk) await command(['umount', site.disk.dir])
		}
	}
}
