// SPDX-License-Identifier: Apache-2.0
// One chaos run: a world, clients, faults by the schedule, healing, and the facts for checker and report.
import { setTimeout as sleep } from 'node:timers/promises'

import { check } from './checker.mjs'
import { Clients } from './clients.mjs'
import { faults, targets } from './faults.mjs'
import { History } from './history.mjs'
import { Random } from './random.mjs'
import { untilDriverWorks, untilNextSignature, untilTakenOver } from './recovery.mjs'
import { plan, QUIET_S } from './schedule.mjs'
import { finalState, untilQuiet } from './state.mjs'
import { LEASE_MS, World } from './world.mjs'

const FIRST_KEYS = 4
/** From the end of a fault, the time in which a request may still fail by it: a job's attempts, a client's patience with a dead connection. */
const GRACE_MS = 10_000
const WORKS_AGAIN_MS = 20_000
const ANSWERS_MS = 60_000
const QUIET_MS = 30_000

export class Run {
	struck = []
	notes = []
	#mending = []
	#turns = new Map()

	constructor(options) {
		Object.assign(this, options)
		this.plan = plan({ seed: this.seed, seconds: this.seconds, faults: this.only ? faults.filter(({ name }) => this.only.includes(name)) : faults, targets })
		this.history = new History()
	}

	async prepare() {
		this.world = await World.make({ engine: this.engine, servers: this.engine === 'postgres' ? 2 : 1, drivers: 3, logLevel: this.logLevel })
		this.clients = new Clients({ world: this.world, history: this.history, seed: this.seed, perSecond: this.perSecond })
		await this.clients.makeKeys(FIRST_KEYS)
	}

	async faultsAndLoad() {
		this.clients.start()
		const began = this.history.now()
		const running = []
		for (const event of this.plan) {
			await sleep(Math.max(0, began + event.at * 1000 - this.history.now()))
			running.push(this.#inTurn(event))
		}
		await sleep(Math.max(0, began + (this.seconds - QUIET_S) * 1000 - this.history.now()))
		await Promise.all(running)
		await sleep(QUIET_S * 1000)
		this.figuresOfLoad = this.history.now() - began
	}

	/** Everything works again: now each request has to come to its end. */
	async settle() {
		await Promise.all(this.#mending)
		await this.clients.finish(ANSWERS_MS)
		await untilQuiet(this.world, QUIET_MS)
	}

	async judge() {
		this.state = await finalState(this.world)
		this.measure()
		this.findings = check({ history: this.history, state: this.state, faults: this.windows, struck: this.struck, leaseMs: LEASE_MS })
		return this.findings.every(({ violations }) => violations.length === 0)
	}

	get windows() {
		return this.struck.map(({ fault, struckAt, healedAt }) => ({ fault, from: struckAt, until: (healedAt ?? Infinity) + GRACE_MS }))
	}

	/** One after another for each target: what takes longer to heal than planned is not struck again meanwhile. */
	#inTurn(event) {
		const members = this.world.members.map(({ name }) => name)
		const [awaits, holds] = event.target === 'everything' ? [[...members, 'everything'], [...members, 'everything']]
			: [members.includes(event.target) ? [event.target, 'everything'] : [event.target], [event.target]]
		const turn = Promise.all(awaits.map((name) => this.#turns.get(name))).then(() => this.#fault(event))
		for (const name of holds) this.#turns.set(name, Promise.all([this.#turns.get(name), turn]))
		return turn
	}

	async #fault(event) {
		const fault = faults.find(({ name }) => name === event.fault)
		const target = this.world.member(event.target)
		const why = this.#notPossible(fault, event, target)
		if (why) return this.struck.push({ ...event, skipped: why }) && this.say(`       ${event.fault} on ${event.target}: passed over, ${why}`)
		const context = { world: this.world, clients: this.clients, target, random: new Random(this.seed, `fault ${event.n}`) }
		const prepared = await fault.prepare?.(context)
		const record = { ...event, ...prepared, struckAt: this.history.now() }
		this.struck.push(record)
		this.say(`${at(record.struckAt)} ${event.fault} ${record.target}`)
		context.struck = await fault.strike(context)
		record.strikeMs = this.history.now() - record.struckAt
		await sleep(event.lasts * 1000)
		await fault.heal(context)
		record.healedAt = this.history.now()
		this.say(`${at(record.healedAt)} ${event.fault} ${record.target}: healed`)
		if (fault.back === 'hsm' || fault.back === 'driver')
			this.#mending.push(untilDriverWorks(target, this.history, this.clients, WORKS_AGAIN_MS).then((ms) => (record.backMs = ms)))
	}

	#notPossible(fault, event, target) {
		if (fault.needs && !this.world.abilities.has(fault.needs)) return `there is no ${fault.needs} here`
		if (!target && !['everything', 'database'].includes(fault.on)) return 'there is none here'
		return undefined
	}

	measure() {
		for (const record of this.struck.filter(({ skipped }) => !skipped)) {
			const fault = faults.find(({ name }) => name === record.fault)
			record.overlaps ||= this.struck.some((other) => other !== record && !other.skipped && meet(other, record))
			if (record.overlaps) {
				delete record.backMs
				continue
			}
			if (fault.back === 'server') record.backMs = untilNextSignature(this.history, record.healedAt, (a) => a.server === record.target)
			if (fault.back === 'work') record.backMs = untilNextSignature(this.history, record.healedAt)
			if (fault.takeover && record.held > 0) record.takeoverMs = untilTakenOver(this.history, record.struckAt)
			record.stalledMs = untilNextSignature(this.history, record.struckAt)
		}
	}

	async stop() {
		this.clients?.stop()
		await this.world?.stop()
	}
}

export const leaseMs = LEASE_MS
/** As it came, which on a slow machine is not as it was planned. */
const meet = (a, b) => a.struckAt <= b.healedAt && b.struckAt <= a.healedAt
const at = (ms) => `${(ms / 1000).toFixed(2).padStart(8)} s`
