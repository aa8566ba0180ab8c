// SPDX-License-Identifier: Apache-2.0
// What a run came to, for people and for machines.
import { faults } from './faults.mjs'
import { isAccepted } from './history.mjs'
import { percentile } from './recovery.mjs'

const LINES_MAX = 10

export function summary(run) {
	const { requests } = run.history
	const signatures = requests.filter(({ kind }) => kind === 'signature')
	const attempts = requests.flatMap((request) => request.attempts)
	const count = (list, holds) => list.filter(holds).length
	return {
		seed: run.seed,
		seconds: run.seconds,
		leaseMs: run.leaseMs,
		requests: requests.length,
		signatures: signatures.length,
		keys: count(requests, ({ kind }) => kind === 'key'),
		accepted: count(requests, (request) => request.attempts.some(isAccepted)),
		signed: count(signatures, ({ done }) => done?.status === 'Signed'),
		failed: count(signatures, ({ done }) => done?.status === 'Failed'),
		refusedOrLost: count(requests, ({ done }) => !done || done.refused),
		attempts: attempts.length,
		retried: count(requests, (request) => request.attempts.filter(({ stage }) => stage !== 'poll').length > 1),
		recovered: count(requests, (request) => Boolean(request.done?.id) && request.attempts.some(({ error, status }) => error || status >= 400)),
		faults: byFault(run.struck),
		findings: run.findings,
		struck: run.struck,
		starts: run.state.members,
	}
}

function byFault(struck) {
	return faults.map(({ name }) => {
		const mine = struck.filter((record) => record.fault === name && !record.skipped)
		const of = (field) => {
			const values = mine.map((record) => record[field]).filter((value) => value !== undefined)
			return values.length ? { p50: percentile(values, 50), max: Math.max(...values), of: values.length } : undefined
		}
		return { name, times: mine.length, skipped: struck.find((record) => record.fault === name && record.skipped)?.skipped, back: of('backMs'), takeover: of('takeoverMs'), stalled: of('stalledMs') }
	})
}

export function print(s) {
	return [
		'',
		`chaos: seed ${s.seed}, ${s.seconds} s of faults`,
		'',
		`  ${s.requests} requests (${s.signatures} signatures, ${s.keys} keys) in ${s.attempts} attempts`,
		`  ${s.accepted} accepted, ${s.signed} signed, ${s.failed} failed for good, ${s.refusedOrLost} without an answer by the client's choice or a refusal`,
		`  ${s.retried} asked again, ${s.recovered} got their answer after a failure`,
		'',
		'  fault                   times    works again       dead one\'s jobs   next signature',
		'                                   p50 / max         p50 / max         p50 / max',
		...s.faults.map(faultLine),
		'',
		...s.findings.flatMap(findingLines),
		'',
	].join('\n')
}

const pair = (figures) => (figures ? `${ms(figures.p50)} / ${ms(figures.max)}` : '').padEnd(17)
const ms = (value) => `${Math.round(value)} ms`.padStart(7)

function faultLine({ name, times, skipped, back, takeover, stalled }) {
	return `  ${name.padEnd(22)} ${times ? String(times).padStart(6) : skipped ? '     -' : '     0'}   ${pair(back)} ${pair(takeover)} ${pair(stalled)}${times === 0 && skipped ? ` ${skipped}` : ''}`.trimEnd()
}

function findingLines({ claim, looked, violations, notes }) {
	const more = (list, mark) => [...list.slice(0, LINES_MAX).map((text) => `            ${mark} ${text}`),
		...(list.length > LINES_MAX ? [`            ${mark} and ${list.length - LINES_MAX} more`] : [])]
	return [`  ${violations.length ? 'VIOLATED' : 'ok      '}  ${claim} (${looked} looked at)`, ...more(violations, '!'), ...more(notes, '-')]
}
