// SPDX-License-Identifier: Apache-2.0
// One program of the stack: started, watched, stopped by its own pid, its output in a log file.
import { spawn } from 'node:child_process'
import { existsSync, openSync, closeSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const PATIENCE_MS = Number(process.env.HOLDFAST_TEST_PATIENCE_MS ?? 30_000)
const KILLED_TIMEOUT_MS = 15_000

export class Process {
	#children = new Map() /* those it had when it was sent a signal: pid, and when it began */

	constructor(name, logFile, child) {
		this.name = name
		this.logFile = logFile
		this.child = child
		this.pid = child.pid
		this.exited = new Promise((done) =>
			child.on('close', (code, signal) => done((this.end = { code, signal })))
		)
	}

	static spawn(name, argv, { env, logFile }) {
		const log = openSync(logFile, 'a', 0o600)
		const child = spawn(argv[0], argv.slice(1), { env, stdio: ['ignore', log, log] })
		closeSync(log)
		return new Promise((started, failed) => {
			child.on('error', failed)
			child.on('spawn', () => started(new Process(name, logFile, child)))
		})
	}

	get log() {
		return readFileSync(this.logFile, 'utf8')
	}

	/** The ports of its ready file: { api: 1234, … }. Rejects with the log when it ends before it is ready. */
	async ready(file) {
		const until = Date.now() + PATIENCE_MS
		while (!existsSync(file) || !readFileSync(file, 'utf8').endsWith('\n')) {
			if (this.end) throw new Error(`${this.name} ended (${JSON.stringify(this.end)}):\n${this.log}`)
			if (Date.now() > until) throw new Error(`${this.name} is not ready after ${PATIENCE_MS} ms:\n${this.log}`)
			await sleep(10)
		}
		const words = readFileSync(file, 'utf8').trim().split(/\s+/).filter((word) => word.includes('='))
		rmSync(file)
		return Object.fromEntries(words.map((word) => [word.split('=')[0], Number(word.split('=')[1])]))
	}

	/** Waits until the log holds what `pattern` describes, and returns the match. */
	async logged(pattern, timeoutMs = PATIENCE_MS) {
		const until = Date.now() + timeoutMs
		for (;;) {
			const match = this.log.match(pattern)
			if (match) return match
			if (Date.now() > until) throw new Error(`${this.name} never logged ${pattern}:\n${this.log}`)
			await sleep(10)
		}
	}

	/** Waits for its end: { code, signal }. */
	async ended(timeoutMs = PATIENCE_MS) {
		const late = sleep(timeoutMs, undefined, { ref: false }).then(() => {
			throw new Error(`${this.name} still runs after ${timeoutMs} ms:\n${this.log}`)
		})
		return Promise.race([this.exited, late])
	}

	signal(name) {
		if (this.end) return
		for (const pid of this.children()) this.#children.set(pid, beganAt(pid))
		this.child.kill(name)
	}

	async kill() {
		this.signal('SIGKILL')
		return this.ended(KILLED_TIMEOUT_MS)
	}

	/** Kills what it has left behind. A signer inside C_Login outlives those who started it, by minutes when C_Login hangs, and all
	 * that time no other signer of its module starts. */
	killChildren() {
		for (const [pid, began] of this.#children) {
			if (began === undefined || beganAt(pid) !== began) continue
			try {
				process.kill(pid, 'SIGKILL')
			} catch (error) {
				if (error.code !== 'ESRCH') throw error
			}
		}
	}

	/** SIGTERM, and patience; SIGKILL when that runs out. */
	async stop(patienceMs = 15_000) {
		this.signal('SIGTERM')
		const timer = setTimeout(() => this.signal('SIGKILL'), patienceMs)
		try {
			return await this.ended(patienceMs + KILLED_TIMEOUT_MS)
		} finally {
			clearTimeout(timer)
		}
	}

	/** Pids of its direct children (a driver's signers). */
	children() {
		return childrenOf(this.pid)
	}
}

/** When a process began, in ticks since the machine did, so that it is told from another one of the same pid; undefined: it is gone. */
function beganAt(pid) {
	try {
		return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[19]
	} catch {
		return undefined
	}
}

/** Pids of the direct children of any process, whichever of its threads made them; none when it is gone. */
export function childrenOf(pid) {
	const list = (thread) => {
		try {
			return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
		} catch {
			return []
		}
	}
	try {
		return readdirSync(`/proc/${pid}/task`).flatMap(list)
	} catch {
		return []
	}
}

/** Ends a request of node's https that nobody answers, so that a test fails with words instead of waiting for ever. */
export function limited(request, what, ms = 120_000) {
	return request.setTimeout(ms, () => request.destroy(new Error(`${what}: nothing came for ${ms} ms`)))
}
