// SPDX-License-Identifier: Apache-2.0
// One server or driver of the run: started, broken, brought back. An end that nobody asked for is remembered: Holdfast promises to need no
// restart.
import { existsSync, readFileSync, rmSync, writeFileSync, renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { command } from '../e2e/stack.mjs'
import { Process } from '../e2e/process.mjs'

const NEEDS_OPERATOR = 78
const START_AGAIN_MS = 500 /* as a service manager would, with Restart=on-failure */

export class Member {
	ports = {}
	unasked = []
	starts = 0
	#asked = false
	#stopped = false

	/** `argv`: () => the command line, asked for at each start, so that it can name ports that are known by then. */
	constructor({ name, kind, host, before, argv, env, dir }) {
		Object.assign(this, { name, kind, host, before, argv, env, dir })
	}

	async start() {
		if (this.#stopped) throw new Error(`${this.name} was stopped`)
		const ready = `${this.dir}/${this.name}.ready`
		rmSync(ready, { force: true })
		this.#asked = false
		this.starts++
		const process = await Process.spawn(this.name, [...this.before, ...this.argv(), '--ready-file', ready], { env: this.env, logFile: `${this.dir}/${this.name}.log` })
		this.process = process
		process.exited.then((end) => this.#asked || this.unasked.push(end))
		this.ports = { ...this.ports, ...(await this.#ready(process, ready)) }
	}

	async #ready(process, file) {
		return process.ready(file).catch((error) => {
			throw new Error(error.message.slice(0, 2000))
		})
	}

	/** Starts it again and again until it runs, as a service manager does; a start that fails is no fault if the next goes well. */
	async revive(patienceMs = 60_000) {
		const until = Date.now() + patienceMs
		while (!this.#stopped)
			try {
				return await this.start()
			} catch (error) {
				const { end } = this.process
				await this.kill()
				if (end?.code !== NEEDS_OPERATOR) this.unasked.pop()
				if (end?.code === NEEDS_OPERATOR || Date.now() > until) throw error
				await sleep(START_AGAIN_MS)
			}
	}

	async kill() {
		this.#asked = true
		await this.process.kill()
	}

	pause() {
		this.process.signal('SIGSTOP')
	}

	resume() {
		this.process.signal('SIGCONT')
	}

	async stop() {
		this.#stopped = true
		this.#asked = true
		if (!this.process) return
		this.resume()
		await this.process.stop(10_000)
	}

	get alive() {
		return this.process && !this.process.end
	}

	/** Pids of the signers of a driver. nsenter and the like become the program, so they are our child's children. */
	signers() {
		return this.alive ? this.process.children() : []
	}

	/** A command about a signer, while no signer of the module is logging in: the lock under which they do is held meanwhile, as SoftHSM2
	 * can lose a token to a SIGKILL inside C_Login. */
	whileNoneLogsIn(argv) {
		return command(['flock', '--wait', '20', this.lockFile, ...argv])
	}

	/** The script of the fault module before this driver's token (tests/faults/script.h). */
	faults(text) {
		writeFileSync(`${this.script}.new`, `${text}\n`)
		renameSync(`${this.script}.new`, this.script)
	}

	/** Sum of the samples of its metrics that match; undefined while it does not answer. */
	async metric(pattern) {
		try {
			const answer = await fetch(`http://${this.host}:${this.ports.health}/metrics`, { signal: AbortSignal.timeout(1000) })
			const lines = (await answer.text()).split('\n').filter((line) => !line.startsWith('#') && pattern.test(line))
			return lines.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0)
		} catch {
			return undefined
		}
	}

	jobsDone() {
		return this.metric(/^holdfast_driver_jobs_total\{.*outcome="done"/)
	}

	/** Until a driver holds jobs without a result, of those that `ask` brings, or a second has passed. Returns how many. */
	async untilBusy(ask) {
		for (const until = Date.now() + 1000; ; await sleep(50)) {
			ask()
			const holds = await this.metric(/^holdfast_driver_working /)
			if (holds >= 2 || Date.now() > until) return holds
		}
	}

	get log() {
		const file = `${this.dir}/${this.name}.log`
		return existsSync(file) ? readFileSync(file, 'utf8') : ''
	}
}
