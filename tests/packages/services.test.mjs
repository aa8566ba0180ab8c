// SPDX-License-Identifier: Apache-2.0
// The Debian packages on a Debian: installed, configured as docs/install.md says, run by systemd under their units, removed.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { debs, packages, root, run, Tree } from './tree.mjs'

const PIN = '471100'
const WRONG = 78
const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so'
const UNITS = ['holdfast-server.service', 'holdfast-driver.service', 'holdfast-driver@second.service', 'holdfast-gateway.service']
const work = mkdtempSync(join(tmpdir(), 'holdfast-packages-'))
let tree, before_install, account

before(() => {
	tree = Tree.make(join(packages, 'tree'))
	before_install = tree.files()
	tree.install(debs())
})
after(async () => {
	await tree.remove()
	rmSync(work, { recursive: true })
})

test('apt installs the packages, and the program runs', () => {
	assert.match(tree.chroot('holdfast', '--version'), /^holdfast \d+\.\d+\.\d+\n$/)
	assert.match(tree.chroot('holdfast', 'driver', '--help'), /--module FILE/)
	assert.match(tree.chroot('holdfast', 'help', '--man', 'server'), /^\.TH holdfast\\?-server 1/)
})

test('settings belong to root and the service, certificates too, and nobody else reads them', () => {
	const stat = (path) => tree.chroot('stat', '-c', '%a %U %G', path).trim()
	for (const role of ['server', 'driver', 'gateway']) {
		assert.equal(stat(`/etc/holdfast/${role}.env`), `640 root holdfast-${role}`)
		assert.equal(stat(`/etc/holdfast/${role}`), `750 root holdfast-${role}`)
		assert.equal(stat(`/var/lib/holdfast/${role}`), `700 holdfast-${role} holdfast-${role}`)
	}
})

test('every option of the program is in the sample settings, the ones for paths are set', () => {
	for (const role of ['server', 'driver', 'gateway']) {
		const names = (text) => [...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map((m) => m[1])
		const installed = readFileSync(tree.path(`etc/holdfast/${role}.env`), 'utf8')
		assert.deepEqual(names(installed), names(tree.chroot('holdfast', 'help', '--sample', role)))
		if (role !== 'gateway') assert.match(installed, /^HOLDFAST_SQLITE_PATH=\/var\/lib\/holdfast\//m)
	}
})

test('nothing is enabled by installing', () => {
	assert.equal(existsSync(tree.path('etc/systemd/system/multi-user.target.wants/holdfast-server.service')), false)
	assert.equal(existsSync(tree.path('etc/systemd/system/multi-user.target.wants/holdfast-driver.service')), false)
	assert.equal(existsSync(tree.path('etc/systemd/system/multi-user.target.wants/holdfast-gateway.service')), false)
})

test('systemd-analyze verify has nothing to say about the units', () => {
	const said = tree.chroot('sh', '-c', `systemd-analyze verify --man=no --recursive-errors=no ${UNITS.join(' ')} 2>&1`)
	assert.equal(said, '')
})

test('systemd-analyze security: below 2.5 for each unit', () => {
	for (const unit of UNITS) {
		const file = `/lib/systemd/system/${unit.replace('second', '')}`
		const said = tree.chroot('systemd-analyze', 'security', '--offline=true', '--no-pager', file)
		const exposure = Number(said.match(/Overall exposure level.*: ([0-9.]+)/)[1])
		assert.ok(exposure < 2.5, `${unit}: ${exposure}`)
	}
})

function configure() {
	const { publicKey, privateKey } = generateKeyPairSync('ed25519')
	const pki = join(work, 'pki')
	writeFileSync(join(work, 'account-key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
	run([join(root, 'script/pki'), pki])
	run([join(root, 'script/pki'), pki, 'second'])
	const put = (role, names) => names.forEach((name) => copyFileSync(join(pki, name), tree.path('etc/holdfast', role, name)))
	put('server', ['api.pem', 'api-key.pem', 'proxy.pem', 'proxy-key.pem', 'root.pem', 'org-ca.pem'])
	put('driver', ['driver-chain.pem', 'driver-key.pem', 'second-chain.pem', 'second-key.pem', 'org-chain.pem'])
	tree.write('etc/holdfast/server/account.pem', publicKey.export({ type: 'spki', format: 'pem' }))
	tree.write('etc/holdfast/driver/softhsm2.conf', 'directories.tokendir = /var/lib/holdfast/driver/tokens\nobjectstore.backend = file\nlog.level = ERROR\n')
	tree.run('sh', '-c', 'cd /etc/holdfast && chown -R holdfast-server: server/* && chown -R holdfast-driver: driver/* && chmod 600 */*-key.pem')

	const settings = readFileSync(tree.path('etc/holdfast/driver.env'), 'utf8') +
		`HOLDFAST_MODULE=${SOFTHSM}\nHOLDFAST_SLOT=label:wallet\nHOLDFAST_PROXY_ADDR=localhost:8443\nHOLDFAST_ALLOW_RESIDENT=true\n`
	tree.write('etc/holdfast/driver.env', settings)
	tree.write('etc/holdfast/driver-second.env', settings.replaceAll('driver/driver-', 'driver/second-') + 'HOLDFAST_HEALTH_LISTEN=127.0.0.1:9445\n', 0o640)
	tree.write('etc/holdfast/user-pin', PIN, 0o600)
	tree.write('etc/holdfast/user-pin-second', PIN, 0o600)
	for (const unit of ['holdfast-driver.service', 'holdfast-driver@second.service']) {
		tree.write(`etc/systemd/system/${unit}.d/softhsm.conf`, readFileSync(tree.path('usr/share/doc/holdfast-driver/examples/softhsm.conf')))
	}
	tree.run('systemctl', 'daemon-reload')
}

function initialise() {
	const as = (role, line) => tree.run('runuser', '-u', `holdfast-${role}`, '--', 'sh', '-c', line)
	as('driver', `umask 077 && mkdir -p ~/tokens && export SOFTHSM2_CONF=/etc/holdfast/driver/softhsm2.conf USER_PIN=${PIN} &&
		softhsm2-util --init-token --free --label wallet --pin ${PIN} --so-pin 12345678 &&
		holdfast hsm init-master --module ${SOFTHSM} --slot label:wallet`)
	account = Object.fromEntries(as('server', `cd /etc/holdfast/server && holdfast server init --sqlite-path ~/server.db --secret-file ~/secret \
		--driver-ca org-ca.pem --public-key-file account.pem`).trim().split('\n').map((line) => line.replaceAll('\'', '').split('=')))
}

function story(unit) {
	writeFileSync(join(work, 'driver.log'), tree.log(unit))
	return tree.beside([process.execPath, join(root, 'tests/e2e/demo-story.mjs'), work], {
		...process.env, ...account, DFNS_API_URL: 'https://localhost:8444', DFNS_PRIVATE_KEY_FILE: join(work, 'account-key.pem'),
		NODE_EXTRA_CA_CERTS: join(work, 'pki/root.pem'),
	})
}

test('under its unit and systemd, the server and a driver make keys and sign', async () => {
	await tree.boot()
	configure()
	initialise()
	tree.run('systemctl', 'start', 'holdfast-server', 'holdfast-driver')
	assert.match(story('holdfast-driver'), /the recovery id gives the public key: yes/)
})

test('they run without privileges, under a syscall filter, and the driver has a signer', () => {
	for (const unit of ['holdfast-server', 'holdfast-driver']) {
		const status = tree.run('cat', `/proc/${tree.property(unit, 'MainPID')}/status`)
		for (const line of [/^CapEff:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) assert.match(status, line)
		assert.doesNotMatch(status, /^Uid:\t0/m)
	}
	assert.match(tree.run('systemctl', 'status', '--no-pager', 'holdfast-driver'), /holdfast-signer/)
	assert.doesNotMatch(tree.log('holdfast-driver'), /without a sandbox/)
})

test('a second driver on the host takes the work of the first when that is stopped', () => {
	tree.run('systemctl', 'start', 'holdfast-driver@second')
	tree.run('systemctl', 'stop', 'holdfast-driver')
	assert.match(story('holdfast-driver@second'), /the recovery id gives the public key: yes/)
	assert.equal(tree.property('holdfast-driver', 'Result'), 'success')
})

test('drivers of one host lock each other out of logging in: their lock is not in a /tmp of their own', () => {
	const locks = tree.run('sh', '-c', 'find /run/lock /run/holdfast-driver -name "holdfast-*.lock"')
	assert.equal(locks.trim().split('\n').length, 1, locks)
})

test('a driver that is killed is started again', async () => {
	const pid = tree.property('holdfast-driver@second', 'MainPID')
	tree.run('systemctl', 'kill', '--kill-who=main', '--signal=KILL', 'holdfast-driver@second')
	await tree.until('a new driver', () => tree.property('holdfast-driver@second', 'MainPID') !== pid &&
		tree.property('holdfast-driver@second', 'ActiveState') === 'active')
	tree.run('systemctl', 'stop', 'holdfast-driver@second')
})

test('under the unit a driver sees how much memory its signers use, and replaces them', async () => {
	const settings = tree.path('etc/holdfast/driver-second.env')
	const kept = readFileSync(settings, 'utf8')
	writeFileSync(settings, `${kept}HOLDFAST_RECYCLE_MIB=1\n`)
	tree.run('systemctl', 'start', 'holdfast-driver@second')
	const metrics = 'const r = await fetch("http://127.0.0.1:9445/metrics"); process.stdout.write(await r.text())'
	await tree.until('a replaced signer', () =>
		/^holdfast_driver_signer_recycled_total [1-9]/m.test(tree.beside([process.execPath, '--input-type=module', '-e', metrics], process.env)))
	tree.run('systemctl', 'stop', 'holdfast-driver@second')
	writeFileSync(settings, kept)
})

test('a gateway runs under its unit, configured as other gateways are, and by their name', async () => {
	const at = (name) => `/etc/holdfast/gateway/${name}`
	tree.write('etc/holdfast/gateway/softhsm2.conf', 'directories.tokendir = /var/lib/holdfast/gateway/tokens\nobjectstore.backend = file\nlog.level = ERROR\n')
	tree.write('etc/default/ftx-hmg', `CERT_FILE=${at('cert.p12')}\nPKCS11_LIB_PATH=${SOFTHSM}\n`)
	tree.write('etc/systemd/system/holdfast-gateway.service.d/softhsm.conf', readFileSync(tree.path('usr/share/doc/holdfast-gateway/examples/softhsm.conf')))
	run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-keyout', join(work, 'key.pem'), '-out', join(work, 'cert.pem'), '-days', '3', '-nodes', '-subj', '/CN=gateway'])
	run(['openssl', 'pkcs12', '-export', '-out', tree.path(at('cert.p12')), '-inkey', join(work, 'key.pem'), '-in', join(work, 'cert.pem'), '-passout', 'pass:'])
	tree.run('sh', '-c', `install -d -o holdfast-gateway -m 700 /var/lib/holdfast/gateway/tokens && chown holdfast-gateway: ${at('cert.p12')} && chmod 600 ${at('cert.p12')}`)
	tree.run('systemctl', 'daemon-reload')
	tree.run('systemctl', 'enable', '--now', 'holdfast-gateway')
	const health = 'const r = await fetch("http://127.0.0.1:4441/health"); process.stdout.write(String(r.status))'
	assert.equal(tree.beside([process.execPath, '--input-type=module', '-e', health], process.env), '204')
	assert.match(tree.run('systemctl', 'status', '--no-pager', 'ftx-hmg'), /active \(running\)/)
	const status = tree.run('cat', `/proc/${tree.property('holdfast-gateway', 'MainPID')}/status`)
	for (const line of [/^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m]) assert.match(status, line)
	tree.run('systemctl', 'disable', '--now', 'holdfast-gateway')
	assert.equal(tree.property('holdfast-gateway', 'Result'), 'success')
})

test('a wrong PIN is tried once: the driver is not started again', () => {
	tree.write('etc/holdfast/user-pin', '999999', 0o600)
	assert.throws(() => tree.run('systemctl', 'start', 'holdfast-driver'))
	assert.equal(tree.property('holdfast-driver', 'ExecMainStatus'), String(WRONG))
	assert.equal(tree.property('holdfast-driver', 'ActiveState'), 'failed')
	assert.equal(tree.property('holdfast-driver', 'NRestarts'), '0')
})

test('purging leaves the data and the operator\'s files, and nothing of the packages', async () => {
	await tree.powerOff()
	const names = 'holdfast-server holdfast-driver holdfast-gateway holdfast-signer holdfast'
	tree.chroot('sh', '-c', `apt-get purge -q -y --autoremove ${names}`)
	const left = tree.files().filter((file) => !before_install.includes(file)).map((line) => line.split(' ')[0])
	/* systemd suggests libfido2, so autoremove leaves that and what it needs */
	const suggested = /lib(fido2|cbor)/
	const kept = /^(var\/lib\/holdfast\/(server|driver|gateway)\/|etc\/holdfast\/((server|driver|gateway)\/|user-pin|driver-second\.env)|etc\/default\/ftx-hmg|etc\/systemd\/system\/holdfast-(driver|gateway))/
	assert.deepEqual(left.filter((file) => !kept.test(file) && !suggested.test(file) && !/^(etc\/(machine-id|hostname|apt\/)|root\/)/.test(file)), [])
	assert.ok(left.includes('var/lib/holdfast/server/server.db') && left.includes('var/lib/holdfast/driver/keys.db'))
})
