// SPDX-License-Identifier: Apache-2.0
// Renewal, revocation, expiry and the limits of an organisation's intermediate, with the real server and drivers.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { inTime } from '../e2e/pace.mjs'
import { Stack, holdfast, root } from '../e2e/stack.mjs'

let stack

const pki = (...args) => execFileSync(holdfast, ['pki', ...args], { cwd: stack.pki, encoding: 'utf8', stdio: 'pipe' })
const authority = (name) => ['--ca-cert', `${name}.pem`, '--ca-key', `${name}-key.pem`]
const leaf = (name, ...more) => pki('leaf', '--name', name, ...authority('org-ca'), '--cert', `${name}.pem`, '--key', `${name}-key.pem`, ...more)

/** The server's CRL file, from the newest CRL of each authority, replaced in one step. */
function publish() {
	for (const name of ['root', 'org-ca']) pki('crl', ...authority(name), '--out', `${name}.crl`)
	const all = ['root', 'org-ca'].map((name) => readFileSync(join(stack.pki, `${name}.crl`), 'utf8')).join('')
	writeFileSync(join(stack.pki, 'drivers.crl.new'), all)
	renameSync(join(stack.pki, 'drivers.crl.new'), join(stack.pki, 'drivers.crl'))
}

const health = async (driver) => {
	const answer = await fetch(`http://127.0.0.1:${driver.ports.health}/health`)
	return { status: answer.status, text: await answer.text() }
}

async function until(what, holds, timeoutMs = 20_000) {
	const end = Date.now() + timeoutMs
	while (!(await holds())) {
		if (Date.now() > end) throw new Error(`never: ${what}`)
		await sleep(20)
	}
}

const createKey = () => stack.client().keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })

before(async () => {
	stack = await Stack.prepare()
	publish()
	await stack.startServer({ args: ['--driver-crl', join(stack.pki, 'drivers.crl')] })
})
after(() => stack?.stop())

test('a leaf is renewed, with a fresh key, under load: the driver takes it up without a restart and no job fails', async () => {
	const driver = await stack.startDriver()
	const key = await createKey()
	let going = true, signed = 0
	const load = (async () => {
		while (going) {
			const hash = signed.toString(16).padStart(64, '0')
			const answer = await stack.client().keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash } })
			assert.equal(answer.status, 'Signed')
			signed++
		}
	})()
	await until('signatures before the renewal', () => signed > 5)
	const before = readFileSync(join(stack.pki, 'driver-key.pem'), 'utf8')
	pki('renew', '--cert', 'driver.pem', '--key', 'driver-key.pem', ...authority('org-ca'))
	assert.notEqual(readFileSync(join(stack.pki, 'driver-key.pem'), 'utf8'), before)
	await driver.logged(/the TLS files have changed and are in force/)
	const atRenewal = signed
	await until('signatures after the renewal', () => signed > atRenewal + 5)
	going = false
	await load
	assert.doesNotMatch(driver.log, /cannot be reached/)
	await driver.stop()
})

test('a half-written certificate is not used, and one that stays wrong is named', async () => {
	leaf('careful')
	const driver = await stack.startDriver({ cert: 'careful' })
	const good = readFileSync(join(stack.pki, 'careful.pem'), 'utf8')
	writeFileSync(join(stack.pki, 'careful.pem'), good.slice(0, 200))
	await driver.logged(/changed TLS files cannot be used; the old ones stay in force[^\n]*careful\.pem/)
	assert.equal((await health(driver)).status, 204)
	writeFileSync(join(stack.pki, 'careful.pem'), good)
	await driver.logged(/the TLS files have changed and are in force/)
	await driver.stop()
})

test('the server takes up a renewed certificate of its own', async () => {
	pki('renew', '--cert', 'api.pem', '--key', 'api-key.pem', ...authority('root'), '--days', '2')
	await stack.server.logged(/the TLS files have changed and are in force[^\n]*"api"/)
	await stack.server.logged(/has to be renewed[^\n]*CN=localhost[^\n]*expires within/)
	const details = await (await fetch(`http://127.0.0.1:${stack.ports.health}/health?verbose=1`)).json()
	assert.match(details.warnings.join(), /CN=localhost.*\(api\) expires within/)
	const metrics = await (await fetch(`http://127.0.0.1:${stack.ports.health}/metrics`)).text()
	assert.match(metrics, /^holdfast_certificate_expires_seconds\{use="api",kind="certificate",name="CN=localhost[^}]*\} 1\d{5}/m)
	assert.match(metrics, /^holdfast_crl_due_seconds\{use="driver",kind="CRL",name="CN=Example Bank HSM Drivers[^}]*\} 2\d{6}/m)
})

test('a revoked driver is cut off within two seconds, though its poll was parked, and says why', async () => {
	leaf('stolen')
	const driver = await stack.startDriver({ cert: 'stolen' })
	await until('the poll is parked', async () => {
		const details = await (await fetch(`http://127.0.0.1:${stack.ports.health}/health?verbose=1`)).json()
		return details.pollsParked === 1
	})
	pki('revoke', '--cert', 'stolen.pem', '--reason', 'keyCompromise', ...authority('org-ca'))
	publish()
	const began = Date.now()
	await stack.server.logged(/a connection is ended[^\n]*CN=stolen[^\n]*certificate revoked/)
	inTime(Date.now() - began, 2500)
	await driver.logged(/cannot be reached[^\n]*it has been revoked/)
	const { status, text } = await health(driver)
	assert.equal(status, 500)
	assert.match(text, /it has been revoked/)
	await stack.server.logged(/a TLS handshake failed[^\n]*CN=stolen[^\n]*was refused: certificate revoked/)
	await driver.stop()
})

test('other drivers of the same intermediate go on', async () => {
	leaf('innocent')
	const driver = await stack.startDriver({ cert: 'innocent' })
	assert.equal((await createKey()).status, 'Active')
	await driver.stop()
})

test('an older CRL does not take a revocation back', async () => {
	const now = readFileSync(join(stack.pki, 'drivers.crl'), 'utf8')
	const rootOnly = readFileSync(join(stack.pki, 'root.crl'), 'utf8')
	writeFileSync(join(stack.pki, 'drivers.crl'), rootOnly)
	await stack.server.logged(/cannot be used; the old ones stay in force[^\n]*has no CRL of CN=Example Bank HSM Drivers/)
	writeFileSync(join(stack.pki, 'drivers.crl'), now)
})

test('a connection whose certificate expires meanwhile ends', async () => {
	let driver, name
	for (const seconds of [5, 10, 30]) { /* until it was connected in time */
		const end = new Date(Date.now() + seconds * 1000)
		name = `brief-${seconds}`
		leaf(name, '--until', `${end.toISOString().slice(0, 19)}Z`)
		driver = await stack.startDriver({ cert: name }).catch(() => undefined)
		if (driver && Date.now() < end - 1500) break
		await driver?.stop()
	}
	await stack.server.logged(new RegExp(`a connection is ended[^\\n]*CN=${name}[^\\n]*expired`), 40_000)
	await driver.logged(/cannot be reached[^\n]*expired/, 40_000)
	pki('renew', '--cert', `${name}.pem`, '--key', `${name}-key.pem`, ...authority('org-ca'))
	await until('the renewed certificate brings it back', async () => (await health(driver)).status === 204)
	await driver.stop()
})

test('what an intermediate may not sign is refused in the handshake, with clear words', async () => {
	const openssl = (...args) => execFileSync('openssl', args, { cwd: stack.pki, stdio: 'pipe' })
	const sign = (name, subject, issuer, extensions) => {
		writeFileSync(join(stack.pki, `${name}.ext`), extensions)
		openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}-key.pem`, '-subj', subject,
			'-out', `${name}.csr`)
		openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}-key.pem`, '-days', '1', '-extfile', `${name}.ext`,
			'-out', `${name}.pem`)
		execFileSync('chmod', ['600', join(stack.pki, `${name}-key.pem`)])
	}
	const client = 'extendedKeyUsage=clientAuth\nbasicConstraints=critical,CA:FALSE\n'

	sign('outside', '/O=Another Bank/CN=outside', 'org-ca', client)
	const outside = await stack.spawnDriver({ cert: 'outside' })
	outside.whenReady().catch(() => {})
	await stack.server.logged(/handshake failed[^\n]*CN=outside[^\n]*permitted subtree violation[^\n]*outside of what its intermediate may sign/)
	await outside.kill()

	sign('sub-ca', '/O=Example Bank/CN=sub-ca', 'org-ca', 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n')
	sign('below', '/O=Example Bank/CN=below', 'sub-ca', client)
	pki('bundle', '--out', 'sub-chain.pem', 'sub-ca.pem', 'org-ca.pem', 'root.pem')
	const below = await stack.spawnDriver({ cert: 'below', chain: 'sub-chain' })
	below.whenReady().catch(() => {})
	await stack.server.logged(/handshake failed[^\n]*CN=below[^\n]*path length[^\n]*signs leaves only/)
	await below.kill()
})

test('two organisations below one root: each driver sees its own queue only', async () => {
	execFileSync(join(root, 'script/pki'), [stack.pki, 'neighbour', 'neighbours'])
	const neighbour = await stack.spawnDriver({ cert: 'neighbour', chain: 'neighbours-chain' })
	neighbour.whenReady().catch(() => {})
	await stack.server.logged(/"driver refused"[^\n]*CN=neighbour/)
	const own = await stack.startDriver({ cert: 'innocent' })
	assert.equal((await createKey()).status, 'Active')
	assert.doesNotMatch(neighbour.log, /"took|connected to the queue"/)
	await Promise.all([neighbour.kill(), own.stop()])
})

test('an organisation whose intermediate is revoked is cut off as a whole', async () => {
	const own = await stack.startDriver({ cert: 'innocent', name: 'last' })
	pki('revoke', '--cert', 'org-ca.pem', '--reason', 'cessationOfOperation', ...authority('root'))
	copyFileSync(join(stack.pki, 'drivers.crl'), join(stack.pki, 'before.crl'))
	publish()
	await stack.server.logged(/a connection is ended[^\n]*CN=innocent[^\n]*certificate revoked, at CN=Example Bank HSM Drivers/)
	await own.logged(/cannot be reached[^\n]*it has been revoked/)
	await own.stop()
})
