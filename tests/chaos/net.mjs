// SPDX-License-Identifier: Apache-2.0
// The network between the members. With namespaces (script/chaos makes one for the whole run, in which we may do as we like): a bridge,
// and for each member that can be cut off a namespace with one end of a veth pair; cutting takes the other end down, so that packets
// are lost in silence. Without: everything on the loopback interface, and nobody can be cut off.
import { command } from '../e2e/stack.mjs'

const PREFIX = '10.213.77'

async function ip(...args) {
	const { code, stderr } = await command(['ip', ...args])
	if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

export class Net {
	#apart = new Map()

	/** `apart`: names of those that get a namespace of their own. */
	static async make(apart) {
		const net = new Net()
		net.namespaces = process.env.HOLDFAST_CHAOS_NAMESPACES === '1'
		if (!net.namespaces) return net
		await ip('link', 'set', 'lo', 'up')
		await ip('link', 'add', 'hub', 'type', 'bridge')
		await ip('addr', 'add', `${PREFIX}.1/24`, 'dev', 'hub')
		await ip('link', 'set', 'hub', 'up')
		for (const [i, name] of apart.entries()) await net.#add(name, `${PREFIX}.${i + 2}`)
		return net
	}

	async #add(name, address) {
		await ip('netns', 'add', name)
		await ip('link', 'add', `to-${name}`, 'type', 'veth', 'peer', 'name', 'hub', 'netns', name)
		await ip('link', 'set', `to-${name}`, 'master', 'hub', 'up')
		await ip('-n', name, 'link', 'set', 'lo', 'up')
		await ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'hub')
		await ip('-n', name, 'link', 'set', 'hub', 'up')
		this.#apart.set(name, address)
	}

	/** Where the others reach it, and where it may listen. */
	host(name) {
		return this.#apart.get(name) ?? (this.namespaces ? `${PREFIX}.1` : '127.0.0.1')
	}

	get hosts() {
		return this.namespaces ? [`${PREFIX}.1`, ...this.#apart.values()] : []
	}

	/** What to put before a command so that it runs there. */
	inside(name) {
		return this.#apart.has(name) ? ['nsenter', `--net=/run/netns/${name}`, '--'] : []
	}

	cut(name) {
		return ip('link', 'set', `to-${name}`, 'down')
	}

	mend(name) {
		return ip('link', 'set', `to-${name}`, 'up')
	}
}
