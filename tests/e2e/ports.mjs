// SPDX-License-Identifier: Apache-2.0
// Ports for programs that end and come back where they were. A port that the kernel chose is anybody's again as soon as its program
// has ended, and another test's program may then get it. These lie below the range from which the kernel chooses, and above that of
// tests/postgres/cluster; the UDP port of the same number says to other tests that one is taken, for as long as this process has it.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const FIRST = 30000, LAST = 32767
const TRIES = 500

/** The marker of a port that is nobody's, or undefined. */
async function take(port) {
	const marker = createSocket('udp4').unref()
	const server = createServer().unref()
	try {
		marker.bind({ port, address: '127.0.0.1', exclusive: true })
		await once(marker, 'listening')
		server.listen({ port, host: '127.0.0.1', exclusive: true })
		await once(server, 'listening')
		server.close()
		await once(server, 'close')
		return marker
	} catch (error) {
		if (error.code !== 'EADDRINUSE') throw error
		marker.close()
		return undefined
	}
}

export class Ports {
	#markers = []

	/** A port of 127.0.0.1 that stays ours until release(). */
	async reserve() {
		for (let tries = 0; tries < TRIES; tries++) {
			const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
			const marker = await take(port)
			if (!marker) continue
			this.#markers.push(marker)
			return port
		}
		throw new Error(`no free port from ${FIRST} to ${LAST} of 127.0.0.1`)
	}

	release() {
		for (const marker of this.#markers.splice(0)) marker.close()
	}
}
