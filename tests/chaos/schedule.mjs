// SPDX-License-Identifier: Apache-2.0
// What will happen when: a function of the seed, the length of the run and the table of faults, and of nothing else. What this machine
// cannot do is in the schedule too, and passed over in the run, so that a seed means the same everywhere.
import { Random } from './random.mjs'

const WARM_UP_S = 2
/** Nothing is broken this long before the end, so that the last faults' recovery is seen under load. */
export const QUIET_S = 4
const OVERLAP = 0.15
/** What was healed is given this long before the next counts as coming alone. */
const SETTLES_S = 0.8

/**
 * [{ n, at, fault, target, lasts, overlaps }], times in seconds from the beginning. `faults`: { name, on, lasts: [least, most] }, `targets`:
 * the names of those that a fault can be on, by `on`. Each kind comes once before any comes a second time.
 */
export function plan({ seed, seconds, faults, targets }) {
	const random = new Random(seed, 'schedule')
	const events = []
	let deck = []
	let at = WARM_UP_S
	while (at < seconds - QUIET_S) {
		if (deck.length === 0) deck = random.shuffled(faults)
		const fault = deck.pop()
		const event = { at, fault: fault.name, target: random.pick(targets[fault.on]), lasts: random.between(...fault.lasts) }
		const gap = random.between(1, 2.5)
		const overlaps = random.chance(OVERLAP)
		event.lasts = Math.min(event.lasts, Math.max(fault.lasts[0], seconds - QUIET_S - at))
		events.push({ n: events.length + 1, ...rounded(event) })
		at += overlaps ? Math.min(0.3, event.lasts) : event.lasts + gap
	}
	return withoutCollisions(events)
}

const rounded = (event) => ({ ...event, at: Math.round(event.at * 100) / 100, lasts: Math.round(event.lasts * 100) / 100 })

/** What is broken is not broken again before it is whole: such an event is left out. Events that run into another are marked. */
function withoutCollisions(events) {
	const kept = []
	for (const event of events) {
		const open = kept.filter((other) => other.at + other.lasts + SETTLES_S > event.at)
		if (open.some((other) => other.target === event.target)) continue
		kept.push({ ...event, overlaps: false })
	}
	for (const a of kept)
		for (const b of kept)
			if (a !== b && b.at < a.at + a.lasts + SETTLES_S && a.at < b.at + b.lasts + SETTLES_S) a.overlaps = true
	return kept
}

export function print(events) {
	return events.map(({ n, at, fault, target, lasts, overlaps }) =>
		`${String(n).padStart(4)}  ${at.toFixed(2).padStart(8)} s  ${fault.padEnd(22)} ${target.padEnd(12)} for ${lasts.toFixed(2)} s${overlaps ? ', with another' : ''}`).join('\n')
}
