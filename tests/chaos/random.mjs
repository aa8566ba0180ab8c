// SPDX-License-Identifier: Apache-2.0
// Chance that can be had again: mulberry32, seeded with 32 bits. Each user of it takes a stream of its own, so that one's appetite
// does not change another's luck.

export class Random {
	#state

	constructor(seed, stream = '') {
		this.#state = [...stream].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 0x01000193), (seed ^ 0x811c9dc5) | 0)
	}

	/** From 0 up to, but without, 1. */
	next() {
		this.#state = (this.#state + 0x6d2b79f5) | 0
		let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296
	}

	chance(probability) {
		return this.next() < probability
	}

	/** A whole number from 0 up to, but without, n. */
	below(n) {
		return Math.floor(this.next() * n)
	}

	between(low, high) {
		return low + this.next() * (high - low)
	}

	pick(list) {
		return list[this.below(list.length)]
	}

	shuffled(list) {
		const all = [...list]
		for (let i = all.length - 1; i > 0; i--) {
			const j = this.below(i + 1)
			;[all[i], all[j]] = [all[j], all[i]]
		}
		return all
	}
}
