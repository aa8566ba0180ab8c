// SPDX-License-Identifier: Apache-2.0
// Where server and drivers keep what they know, and how the checker looks into it.
import { command } from '../e2e/stack.mjs'

/** SQLite: one server, and all drivers on one file, on this machine. */
export class Databases {
	abilities = []

	static async make(world) {
		return Object.assign(new Databases(), { world })
	}

	ofServer() {
		return ['--sqlite-path', this.world.stack.serverDb]
	}

	ofDriver() {
		return ['--sqlite-path', this.world.stack.keysDb]
	}

	/** Rows as objects; bytes as hex, so that `sql` calls hex() on them. */
	async #rows(file, sql) {
		const { code, stdout, stderr } = await command(['sqlite3', file, '-readonly', '-json', '-cmd', '.timeout 5000', sql], { maxBuffer: 1 << 28 })
		if (code !== 0) throw new Error(`sqlite3 ${file}: ${stderr}`)
		return stdout.trim() ? JSON.parse(stdout) : []
	}

	jobsLeft() {
		return this.#rows(this.world.stack.serverDb, 'SELECT id, state, attempts, subject_id FROM jobs')
	}

	keys() {
		return this.#rows(this.world.stack.serverDb, 'SELECT id, status, lower(hex(public_key)) AS "publicKey", failure FROM keys')
	}

	signatures() {
		return this.#rows(this.world.stack.serverDb,
			'SELECT id, key_id AS "keyId", external_id AS "externalId", status, reason, lower(hex(r)) AS r, lower(hex(s)) AS s, lower(hex(body)) AS body FROM signatures')
	}

	records() {
		return this.#rows(this.world.stack.keysDb, 'SELECT key_id AS "keyId", lower(hex(record)) AS record FROM wrapped_keys')
	}

	async stop() {}
}
