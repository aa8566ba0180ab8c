// SPDX-License-Identifier: Apache-2.0
// Where servers and drivers keep what they know: how they are told of it, what can befall it, and how the checker looks into it.
//
//   engine        'sqlite' or 'postgres'
//   servers       how many may share it
//   ofServer(), ofDriver()   the options
//   abilities     of what the table of faults asks for
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'

import { command, succeed } from '../e2e/stack.mjs'
import { PostgresDatabases } from './postgres.mjs'

/** A file system of its own that can be filled up; needs the run's own mounts. */
export class SmallDisk {
	constructor(dir) {
		this.dir = dir
	}

	static async mount(dir, megabytes) {
		mkdirSync(dir, { recursive: true })
		await succeed(['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'none', dir])
		return new SmallDisk(dir)
	}

	fill() {
		const file = openSync(`${this.dir}/ballast`, 'w')
		try {
			for (const size of [1 << 20, 1 << 12]) this.#pour(file, Buffer.alloc(size))
		} finally {
			closeSync(file)
		}
	}

	#pour(file, bytes) {
		try {
			while (writeSync(file, bytes) === bytes.length);
		} catch (error) {
			if (error.code !== 'ENOSPC') throw error
		}
	}

	empty() {
		rmSync(`${this.dir}/ballast`, { force: true })
	}
}

/** SQLite: one server, and all drivers on one file, on this machine. */
class SqliteDatabases {
	engine = 'sqlite'
	abilities = []
	hex = (column) => `lower(hex(${column}))`

	static async make(stack, net) {
		const sqlite = Object.assign(new SqliteDatabases(), { stack, keysDb: stack.path('disk', 'keys.db') })
		mkdirSync(stack.path('disk'))
		if (net.namespaces) {
			sqlite.disk = await SmallDisk.mount(stack.path('disk'), 16)
			sqlite.abilities.push('disk')
		}
		return sqlite
	}

	ofServer() {
		return ['--sqlite-path', this.stack.serverDb]
	}

	ofDriver() {
		return ['--sqlite-path', this.keysDb]
	}

	async rows(which, sql) {
		const file = which === 'keys' ? this.keysDb : this.stack.serverDb
		const text = await succeed(['sqlite3', file, '-readonly', '-json', '-cmd', '.timeout 5000', sql], { maxBuffer: 1 << 28 })
		return text.trim() ? JSON.parse(text) : []
	}

	fillDisk() {
		this.disk.fill()
	}

	emptyDisk() {
		this.disk.empty()
	}

	async stop() {
		if (this.disk) await command(['umount', this.disk.dir])
	}
}

export async function makeDatabases(engine, stack, net) {
	chmodSync(stack.dir, 0o711) /* PostgreSQL runs as a user of its own when we are root */
	return (engine === 'postgres' ? PostgresDatabases : SqliteDatabases).make(stack, net)
}

/** What the checker reads; bytes as hex. */
export const tables = {
	jobs: (db) => db.rows('server', 'SELECT id, state, attempts, subject_id FROM jobs'),
	keys: (db) => db.rows('server', `SELECT id, status, ${db.hex('public_key')} AS "publicKey", failure FROM keys`),
	signatures: (db) => db.rows('server', `SELECT id, key_id AS "keyId", external_id AS "externalId", status, reason, ${db.hex('r')} AS r, ${db.hex('s')} AS s,
		${db.hex('body')} AS body FROM signatures`),
	records: (db) => db.rows('keys', `SELECT key_id AS "keyId", ${db.hex('record')} AS record FROM wrapped_keys`),
}
