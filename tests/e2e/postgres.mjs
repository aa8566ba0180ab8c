// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL cluster of a stack's own (tests/postgres/cluster): one database for its servers and its drivers.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { parseAssignments, root, succeed } from './stack.mjs'

const cluster = (...args) => succeed([join(root, 'tests/postgres/cluster'), ...args])

export class Postgres {
	static async start(...settings) {
		const pg = new Postgres()
		/* Not in the stack's directory, which is nobody's but ours: PostgreSQL runs as another user. */
		pg.dir = mkdtempSync(join(tmpdir(), 'hf-pg-'))
		const urls = parseAssignments(await cluster('start', pg.dir, ...settings))
		pg.url = urls.POSTGRES_URL
		pg.adminUrl = urls.POSTGRES_ADMIN_URL
		pg.port = urls.POSTGRES_PORT
		return pg
	}

	/** The option that names it. */
	get args() {
		return ['--postgres-url', this.url]
	}

	/** Stops as if it had crashed; comes back by startAgain(). */
	crash() {
		return cluster('stop', this.dir, 'immediate')
	}

	startAgain() {
		return cluster('start', this.dir)
	}

	restart(mode = 'immediate') {
		return cluster('restart', this.dir, mode)
	}

	/** Rows of one column, as text, by the superuser. */
	async sql(text) {
		const out = await succeed(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', this.adminUrl, '-c', text])
		return out.split('\n').filter(Boolean)
	}

	/** Ends connections of ours: all, or one at random. */
	terminate(limit = 1000) {
		return this.sql(`SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
			WHERE usename = 'holdfast' ORDER BY random() LIMIT ${limit}) AS ours`)
	}

	remove() {
		return cluster('remove', this.dir)
	}
}
