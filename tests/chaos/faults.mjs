// SPDX-License-Identifier: Apache-2.0
// The table of faults. Each: its name, what it is on, how long it lasts in seconds, what it needs of the machine (World.abilities), what
// it does, and how it is healed. `strike` may return what `heal` will want to know.
//
// Those on a driver's HSM are scripts for the fault module before its token (tests/faults/script.h). None touches C_Login.

const DEVICE_CALLS = ['C_UnwrapKey', 'C_SignInit', 'C_Sign', 'C_GenerateKeyPair', 'C_WrapKey']
const onAll = (what) => DEVICE_CALLS.map((call) => `${call} ${what}`).join('\n')
const scripted = (script) => ({
	on: 'driver',
	back: 'hsm',
	strike: ({ target }) => target.faults(script),
	heal: ({ target }) => target.faults(''),
})
const killed = { strike: ({ target }) => target.kill(), heal: ({ target }) => target.revive() }
const paused = { strike: ({ target }) => target.pause(), heal: ({ target }) => target.resume() }

/** The same to a driver that sits on jobs: an idle one would leave nobody in the lurch. */
const whileBusy = ({ strike, heal }) => ({
	heal,
	takeover: true,
	prepare: async ({ target, clients }) => {
		target.faults('C_Sign delay=150ms')
		return { held: await target.untilBusy(() => clients.burst(6)) }
	},
	strike: async (context) => {
		await strike(context)
		context.target.faults('')
	},
})
const CLOCK_JUMPS = ['+2h', '-2h', '+3d', '-90s', '+400s', '-10d']

export const faults = [
	{ name: 'kill-server', on: 'server', lasts: [0.2, 1.5], back: 'server', ...killed },
	{ name: 'kill-driver', on: 'driver', lasts: [0.2, 4], back: 'driver', ...whileBusy(killed) },
	{ name: 'kill-signer', on: 'driver', lasts: [0.1, 0.1], back: 'driver', strike: ({ target, random }) => signalSigner(target, random, 'KILL'), heal: () => {} },
	{ name: 'kill-all', on: 'everything', lasts: [0.2, 1], back: 'work',
		strike: ({ world }) => Promise.all(world.members.map((member) => member.kill())),
		heal: ({ world }) => Promise.all(world.members.map((member) => member.revive())) },
	{ name: 'pause-server', on: 'server', lasts: [0.3, 4], back: 'server', ...paused },
	{ name: 'pause-driver', on: 'driver', lasts: [0.3, 5], back: 'driver', ...whileBusy(paused) },
	{ name: 'pause-signer', on: 'driver', lasts: [0.3, 4], back: 'driver',
		strike: ({ target, random }) => signalSigner(target, random, 'STOP'),
		heal: ({ struck }) => struck && resume(struck) },
	{ name: 'cut-server', on: 'apart-server', lasts: [0.5, 5], needs: 'namespaces', back: 'server', ...network() },
	{ name: 'cut-driver', on: 'apart-driver', lasts: [0.5, 5], needs: 'namespaces', back: 'driver', ...whileBusy(network()) },
	{ name: 'hsm-hangs', lasts: [1, 4], ...scripted('C_Sign every=3 hang') },
	{ name: 'hsm-device-errors', lasts: [1, 4], ...scripted(onAll('return CKR_DEVICE_ERROR')) },
	{ name: 'hsm-away', lasts: [0.5, 2], ...scripted(`${onAll('return CKR_TOKEN_NOT_PRESENT')}\nC_OpenSession return CKR_TOKEN_NOT_PRESENT`) },
	{ name: 'hsm-library-crashes', lasts: [1, 3], ...scripted('C_Sign every=5 crash\nC_UnwrapKey every=7 crash') },
	{ name: 'hsm-slow', lasts: [1, 3], ...scripted('* delay=40ms') },
	{ name: 'hsm-wrong-signatures', lasts: [0.5, 1.5], ...scripted('C_Sign every=4 corrupt') },
	{ name: 'postgres-restart', on: 'database', lasts: [0.1, 2], needs: 'postgres', back: 'work', ...onDatabases('crash', 'start') },
	{ name: 'postgres-terminate', on: 'database', lasts: [0.1, 0.1], needs: 'postgres', back: 'work', ...onDatabases('terminateBackends') },
	{ name: 'postgres-hangs', on: 'database', lasts: [0.3, 3], needs: 'postgres', back: 'work', ...onDatabases('pause', 'resume') },
	{ name: 'postgres-failover', on: 'database', lasts: [0.5, 1.5], needs: 'postgres', back: 'work', ...onDatabases('failOver', 'rebuildStandby') },
	{ name: 'postgres-no-replica', on: 'database', lasts: [0.3, 2], needs: 'postgres', back: 'work', ...onDatabases('stopStandby', 'startStandby') },
	{ name: 'disk-full', on: 'database', lasts: [0.5, 2.5], needs: 'disk', back: 'work', ...onDatabases('fillDisk', 'emptyDisk') },
	{ name: 'certificate-expires', on: 'driver', lasts: [3, 6], back: 'driver',
		strike: ({ world, target }) => world.renew(target, '--until', soon()),
		heal: ({ world, target }) => world.renew(target, '--days', '2') },
	{ name: 'certificate-revoked', on: 'driver', lasts: [1, 3], back: 'driver', takeover: true,
		strike: ({ world, target }) => world.revoke(target),
		heal: ({ world, target }) => world.replaceLeaf(target) },
	{ name: 'clock-server', on: 'clock-server', lasts: [0.5, 3], needs: 'faketime', back: 'server', ...clock() },
	{ name: 'clock-driver', on: 'clock-driver', lasts: [0.5, 3], needs: 'faketime', back: 'driver', ...clock() },
]

/** Who there is of each kind of target. Cuts and clocks reach those that were made for it (world.mjs). */
export const targets = {
	server: ['server-a', 'server-b'], driver: ['driver-a', 'driver-b', 'driver-c'], everything: ['everything'], database: ['database'],
	'apart-server': ['server-b'], 'apart-driver': ['driver-c'], 'clock-server': ['server-b'], 'clock-driver': ['driver-b'],
}

/** Two seconds from now, to the second, as `holdfast pki` takes it. */
const soon = () => `${new Date(Date.now() + 2000).toISOString().slice(0, 19)}Z`

function network() {
	return { strike: ({ world, target }) => world.net.cut(target.name), heal: ({ world, target }) => world.net.mend(target.name) }
}

function onDatabases(strike, heal) {
	return { strike: ({ world }) => world.databases[strike](), heal: ({ world }) => heal && world.databases[heal]() }
}

function clock() {
	return {
		strike: ({ world, target, random }) => world.setClock(target, random.pick(CLOCK_JUMPS)),
		heal: ({ world, target }) => world.setClock(target, '+0s'),
	}
}

/** One signer of the driver, chosen now, signalled while none of its module logs in. Returns its pid; undefined when there was none. */
async function signalSigner(driver, random, signal) {
	const pids = driver.signers()
	if (pids.length === 0) return undefined
	const pid = random.pick(pids)
	const { code } = await driver.whileNoneLogsIn(['kill', `-${signal}`, `${pid}`])
	return code === 0 ? pid : undefined
}

function resume(pid) {
	try {
		process.kill(pid, 'SIGCONT')
	} catch {
		/* its driver has ended it meanwhile, as it does with one that hangs */
	}
}
