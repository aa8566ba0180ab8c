// SPDX-License-Identifier: Apache-2.0
// A network between driver and server that can fail: a TCP relay which, when told so, swallows what the driver sends.
import { createServer, connect } from 'node:net'

export class Relay {
	#sockets = new Set()
	swallowing = false

	static listen(target) {
		const relay = new Relay()
		relay.server = createServer((near) => relay.#join(near, connect(target, '127.0.0.1')))
		return new Promise((done) => relay.server.listen(0, '127.0.0.1', () => done(relay)))
	}

	#join(near, far) {
		for (const [from, to, outward] of [[near, far, true], [far, near, false]]) {
			this.#sockets.add(from)
			from.on('data', (data) => (outward && this.swallowing) || to.write(data))
			from.on('error', () => {})
			from.on('close', () => {
				this.#sockets.delete(from)
				to.destroy()
			})
		}
	}

	get address() {
		return `127.0.0.1:${this.server.address().port}`
	}

	close() {
		for (const socket of this.#sockets) socket.destroy()
		this.server.close()
	}
}
