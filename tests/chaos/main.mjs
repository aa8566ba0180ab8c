// SPDX-License-Identifier: Apache-2.0
// script/chaos, inside the namespaces that it made. Exit status: 0 the checker is satisfied, 1 it is not, 2 unusable options,
// 3 the run itself failed.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { print, summary } from './report.mjs'
import { leaseMs, Run } from './run.mjs'
import { print as printPlan } from './schedule.mjs'

/** For starting, the last answers, the check, which reads everything again; more is a hang. */
const besides = (seconds) => 240 + seconds / 4

const USAGE = `usage: script/chaos [--seconds N] [--seed S] [--rate N] [--only FAULT[,FAULT]] [--keep] [--debug]
  --seconds N   how long faults are made (default 60)
  --seed S      the schedule of faults, and the clients' choices; without it a new one, which is printed
  --rate N      requests a second (default 25)
  --engine E    postgres, with a replica and two servers (default), or sqlite, with one server
  --only LIST   only these kinds of fault
  --plan        print the schedule, and do nothing
  --keep        keep the run's directory, with all logs, also when all is well
  --debug       log at level debug, and --keep`

function options() {
	const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, rate: { type: 'string', default: '25' },
		engine: { type: 'string', default: 'postgres' }, only: { type: 'string' }, plan: { type: 'boolean' }, keep: { type: 'boolean' }, debug: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
	const number = (name, least, most) => {
		const n = Number(values[name])
		if (!Number.isInteger(n) || n < least || n > most) throw new RangeError(`--${name} is a whole number from ${least} to ${most}`)
		return n
	}
	if (!['postgres', 'sqlite'].includes(values.engine)) throw new RangeError('--engine is postgres or sqlite')
	values.seed ??= `${Math.floor(Math.random() * 2 ** 32)}`
	return { ...values, seconds: number('seconds', 10, 86_400), seed: number('seed', 0, 2 ** 32 - 1), perSecond: number('rate', 1, 500),
		only: values.only?.split(','), logLevel: values.debug ? 'debug' : 'info', keep: values.keep || values.debug }
}

const again = ({ seconds, seed, engine, only, perSecond }) => [`--seconds ${seconds} --seed ${seed}`, ...(engine === 'postgres' ? [] : [`--engine ${engine}`]),
	...(only ? [`--only ${only.join(',')}`] : []), ...(perSecond === 25 ? [] : [`--rate ${perSecond}`])].join(' ')

async function main() {
	let given
	try {
		given = options()
	} catch (error) {
		console.error(`${error.message}\n${USAGE}`)
		return 2
	}
	if (given.help) return console.log(USAGE) ?? 0
	const run = new Run({ ...given, leaseMs, say: console.log })
	console.log(`seed ${run.seed}: script/chaos ${again(given)} makes this schedule again\n`)
	console.log(`${printPlan(run.plan)}\n`)
	return given.plan ? 0 : guarded(run, given)
}

async function guarded(run, { keep }) {
	let status = 3
	let ending = false
	const end = async (why) => {
		if (ending) return
		ending = true
		console.error(`\n${why}`)
		await run.stop()
		console.error(`kept: ${run.world?.dir}`)
		process.exit(3)
	}
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(`stopped by ${signal}`))
	const watchdog = setTimeout(() => end('the run takes far longer than it may: stopped'), (run.seconds + besides(run.seconds)) * 1000)
	try {
		status = (await whole(run)) ? 0 : 1
	} catch (error) {
		console.error(`\nthe run itself failed: ${error.stack}`)
		run.dir = error.dir
	}
	const dir = run.world?.dir ?? run.dir
	await run.stop()
	clearTimeout(watchdog)
	if (dir && status === 0 && !keep) rmSync(dir, { recursive: true, force: true })
	else console.log(`Logs, history and report: ${dir ?? 'none were made'}`)
	return status
}

async function whole(run) {
	await run.prepare()
	await run.faultsAndLoad()
	console.log('Everything is healed: waiting for the last answers.')
	await run.settle()
	const satisfied = await run.judge()
	const result = summary(run)
	writeFileSync(join(run.world.dir, 'report.json'), JSON.stringify(result, null, 1))
	writeFileSync(join(run.world.dir, 'history.json'), JSON.stringify({ requests: run.history.requests, state: run.state }, null, 1))
	console.log(print(result))
	console.log(satisfied ? 'The checker is satisfied.' : 'The checker is NOT satisfied.')
	return satisfied
}

process.exitCode = await main()
