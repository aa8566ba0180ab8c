// SPDX-License-Identifier: Apache-2.0
// What is in the packages, and that they are sound by the distributions' own checks.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { debs, packages, root, rpms, run } from './tree.mjs'

const read = (...parts) => readFileSync(join(root, ...parts), 'utf8')
const unit = (name) => read('packaging/systemd', name)

const CONTENTS = {
	holdfast: ['/usr/bin/holdfast', '/usr/share/man/man1/holdfast.1', '/usr/share/man/man1/holdfast-server.1',
		'/usr/share/man/man1/holdfast-driver.1', '/usr/share/man/man1/holdfast-gateway.1', '/usr/share/man/man1/holdfast-signer.1'],
	'holdfast-signer': ['/usr/libexec/holdfast/holdfast-signer'],
	'holdfast-server': ['/etc/holdfast/server.env', '/UNITS/holdfast-server.service', '/usr/lib/sysusers.d/holdfast-server.conf',
		'/usr/lib/tmpfiles.d/holdfast-server.conf', '/usr/share/holdfast/server.env'],
	'holdfast-driver': ['/etc/holdfast/driver.env', '/UNITS/holdfast-driver.service', '/UNITS/holdfast-driver@.service',
		'/usr/lib/sysusers.d/holdfast-driver.conf', '/usr/lib/tmpfiles.d/holdfast-driver.conf',
		'/usr/share/holdfast/driver.env', '/usr/share/doc/holdfast-driver/examples/hsm-device.conf'],
	'holdfast-gateway': ['/etc/holdfast/gateway.env', '/UNITS/holdfast-gateway.service', '/usr/lib/sysusers.d/holdfast-gateway.conf',
		'/usr/lib/tmpfiles.d/holdfast-gateway.conf', '/usr/share/holdfast/gateway.env', '/usr/share/doc/holdfast-gateway/examples/hsm-device.conf',
		'/usr/share/doc/holdfast-gateway/examples/ftx-hmg'],
}

/** A package holds what it shall, and of programs, units and settings nothing else. */
function holds(name, files, units) {
	const expected = CONTENTS[name].map((file) => file.replace('/UNITS', units))
	for (const file of expected) assert.ok(files.some((f) => f === file || f === `${file}.gz`), `${name} lacks ${file}`)
	for (const file of files.filter((f) => /^\/etc\/holdfast\/.|bin\/|libexec\/holdfast\/|\.(service|so)$/.test(f))) {
		assert.ok(expected.includes(file), `${name} has ${file}, which is not its business`)
	}
}

test('the Debian packages hold what they shall', () => {
	assert.equal(debs().length, 5)
	for (const deb of debs()) {
		const files = run(['dpkg', '-c', deb]).split('\n').map((line) => line.replace(/^.* \.(?=\/)/, '')).filter((f) => f && !f.endsWith('/'))
		holds(run(['dpkg-deb', '-f', deb, 'Package']).trim(), files, '/lib/systemd/system')
	}
})

test('the RPMs hold the same', () => {
	assert.equal(rpms().length, 5)
	for (const rpm of rpms()) {
		const files = run(['rpm', '-qlp', rpm]).split('\n').filter((f) => !['/etc/holdfast', '/usr/libexec/holdfast'].includes(f))
		holds(run(['rpm', '-qp', '--qf', '%{NAME}', rpm]), files, '/usr/lib/systemd/system')
	}
})

test('settings are configuration files in both: an upgrade keeps what the operator wrote', () => {
	for (const role of ['server', 'driver', 'gateway']) {
		const find = (all) => all.find((f) => f.includes(`holdfast-${role}`))
		assert.match(run(['dpkg-deb', '--ctrl-tarfile', find(debs())], { encoding: 'latin1' }), new RegExp(`\n?/etc/holdfast/${role}.env\n`))
		assert.equal(run(['rpm', '-qcp', find(rpms())]).trim(), `/etc/holdfast/${role}.env`)
	}
})

test('lintian finds nothing in the Debian packages', () => {
	const changes = readdirSync(join(packages, 'deb')).find((f) => f.endsWith('.changes'))
	assert.equal(run(['lintian', '--allow-root', '--fail-on', 'error,warning', join(packages, 'deb', changes)]), '')
})

test('rpmlint finds nothing in the RPMs and their specification', () => {
	assert.match(run(['rpmlint', '-c', join(root, 'packaging/rpm/rpmlint.toml'), ...rpms(), join(root, 'packaging/rpm/holdfast.spec')]),
		/ 0 errors, 0 warnings/)
})

test('all packages are of the version that the program has', () => {
	const version = read('meson.build').match(/version: '(.*)',/)[1]
	assert.match(read('packaging/debian/changelog'), new RegExp(`^holdfast \\(${version}\\) `))
	assert.match(read('packaging/rpm/holdfast.spec'), new RegExp(`^Version: +${version}$`, 'm'))
	assert.match(read('packaging/rpm/holdfast.spec'), new RegExp(`^\\* .* - ${version}-1$`, 'm'))
	assert.match(read('CHANGELOG.md'), new RegExp(`^## ${version}\\b`, 'm'))
})

test('the unit of several drivers is that of one, but for the files named after the instance', () => {
	const same = (text) => text.replace(/^# .*docs.*\n|^# Settings.*\n|^# One of.*\n/gm, '').replaceAll(/-%i| %i/g, '')
	assert.equal(same(unit('holdfast-driver@.service')), same(unit('holdfast-driver.service')))
})
