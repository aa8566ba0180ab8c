// SPDX-License-Identifier: Apache-2.0
// Containerfile and compose file, as far as they can be checked without a container engine.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { root, run } from './tree.mjs'

const dir = join(root, 'packaging/container')
const holdfast = join(process.env.HOLDFAST_BUILD ?? join(root, 'build'), 'src/cli/holdfast')
const signer = holdfast.replace('cli/holdfast', 'signer/holdfast-signer')
const file = readFileSync(join(dir, 'Containerfile'), 'utf8').replace(/\\\n/g, ' ')
const stages = file.split(/^(?=FROM )/m).slice(1)
const compose = JSON.parse(run(['python3', '-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'],
	{ input: readFileSync(join(dir, 'compose.yaml'), 'utf8') }))
const services = Object.entries(compose.services)
const ours = services.filter(([, service]) => service.image.startsWith('holdfast'))

const options = (command) => [...run([holdfast, 'help', '--sample', command]).matchAll(/^#([A-Z][A-Z0-9_]*)=/gm)].map((m) => m[1])

test('the Containerfile has only instructions that there are', () => {
	const known = /^(ARG|FROM|RUN|COPY|USER|WORKDIR|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) /
	for (const line of file.split('\n').filter((l) => l.trim() && !l.startsWith('#'))) assert.match(line, known)
})

test('what a build makes by default runs as an ordinary user, without a shell in between, and says how it is', () => {
	assert.equal(stages.at(-1).trim(), 'FROM holdfast')
	const image = stages.find((stage) => /^FROM .* AS holdfast$/m.test(stage))
	assert.match(image, /^USER 65532:65532$/m)
	assert.match(image, /^ENTRYPOINT \["\/usr\/bin\/holdfast"\]$/m)
	assert.match(image, /^HEALTHCHECK .* CMD \["\/usr\/bin\/holdfast", "health"\]$/m)
	for (const stage of stages.filter((s) => s.includes('USER 0'))) assert.equal([...stage.matchAll(/^USER (.*)$/gm)].at(-1)[1], '65532:65532')
})

test('the image has every library that the programs are linked with', () => {
	const image = stages.find((stage) => /^FROM .* AS holdfast$/m.test(stage))
	const needed = new Set([holdfast, signer].flatMap((program) =>
		[...run(['readelf', '-d', program]).matchAll(/NEEDED.*\[(.*)\]/g)].map((m) => m[1])))
	for (const library of needed) {
		const owner = run(['dpkg', '-S', `*/${library}`]).split(':')[0]
		assert.ok(owner === 'libc6' || new RegExp(`\\s${owner.replaceAll('+', '\\+')}\\s`).test(image), `${library} is in ${owner}, which the image lacks`)
	}
})

test('the build has the packages that script/setup installs for building', () => {
	const build = run(['bash', '-c', `. ${join(root, 'script/lib.sh')}; echo "\${BUILD_PACKAGES[@]}"`]).trim().split(' ')
	for (const name of build.filter((p) => p !== 'libcmocka-dev')) assert.ok(stages[0].includes(` ${name} `) || stages[0].includes(`${name}\n`) || stages[0].includes(`\t${name}`), name)
})

test('every setting in the compose file is one of its command\'s options', () => {
	for (const [name, service] of ours.filter(([, s]) => s.command.length === 1)) {
		const known = [...options(service.command[0]), 'SOFTHSM2_CONF']
		for (const setting of Object.keys(service.environment)) assert.ok(known.includes(setting), `${name}: ${setting}`)
		const required = run([holdfast, 'help', '--sample', service.command[0]]).matchAll(/\(required\)\n#([A-Z0-9_]+)=/g)
		for (const [, setting] of required) assert.ok(setting in service.environment, `${name} lacks ${setting}`)
	}
})

test('every option that the trial\'s setup gives is one of its command', () => {
	const script = readFileSync(join(dir, 'trial-setup'), 'utf8').replace(/\\\n/g, ' ')
	const calls = [...script.matchAll(/^\s*holdfast ((?:[a-z][a-z-]* ?)+)(--.*)$/gm)]
	assert.ok(calls.length >= 8)
	for (const [, command, rest] of calls) {
		const help = run([holdfast, ...command.trim().split(' '), '--help'])
		for (const [option] of rest.matchAll(/--[a-z][a-z-]*/g)) assert.match(help, new RegExp(`^  ${option}\\b`, 'm'), `${command} ${option}`)
	}
})

test('services run without privileges, on a root that they cannot write', () => {
	for (const [name, service] of ours) {
		assert.equal(service.read_only, true, name)
		assert.deepEqual(service.cap_drop, ['ALL'], name)
		assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
		assert.ok(!service.privileged && !service.cap_add, name)
	}
})

test('a password or PIN stands in no setting, only in files', () => {
	for (const [name, service] of services) {
		for (const [key, value] of Object.entries(service.environment ?? {})) {
			assert.ok(!/PIN$|PASSWORD$/.test(key) && !/:\/\/[^/]*:[^/]*@/.test(value), `${name}: ${key}`)
		}
	}
})

test('a driver is not started again by itself, since a wrong PIN would be tried again', () => {
	for (const [name, service] of ours.filter(([, s]) => s.command[0] === 'driver')) assert.equal(service.restart, 'no', name)
})

test('volumes, secrets and services that are named are there; a driver sees its own volume only', () => {
	for (const [name, service] of services) {
		for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in compose.services, `${name}: ${other}`)
		for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`)
		for (const volume of service.volumes.map((v) => v.split(':')[0]).filter((v) => !v.startsWith('.'))) assert.ok(volume in compose.volumes, `${name}: ${volume}`)
		if (name.startsWith('driver-')) assert.deepEqual(service.volumes, [`${name}:/trial/${name}`])
	}
})
