// SPDX-License-Identifier: Apache-2.0
// The command line: every option is in help, man page and sample alike, and the man pages are well-formed.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'

import { Stack, command, holdfast, softhsm } from './stack.mjs'

let stack, commands

before(async () => {
	stack = await Stack.prepare()
	commands = (await command([holdfast, 'help', '--list'])).stdout.trim().split('\n')
})
after(() => stack?.stop())

const help = async (name, ...options) => {
	const { code, stdout } = await command([holdfast, 'help', ...options, ...name.split(' ')])
	assert.equal(code, 0, name)
	return stdout
}

test('all commands of this release are listed', () => {
	for (const name of ['server', 'server init', 'driver', 'hsm init-master', 'hsm check', 'bench hsm', 'bench queue', 'help'])
		assert.ok(commands.includes(name), name)
})

test('the first word of commands is told with them, and what is none is said', async () => {
	const ofKeys = commands.filter((name) => name.startsWith('key ')), named = (text) => text.match(/^ {2}key [a-z-]+/gm).map((name) => name.trim())
	for (const args of [['key', '--help'], ['key', '-h']]) {
		const { code, stdout } = await command([holdfast, ...args])
		assert.deepEqual([code, named(stdout)], [0, ofKeys])
	}
	for (const [args, words] of [[['key'], /^Usage: holdfast key COMMAND/], [['key', 'frobnicate'], /^holdfast: unknown command "key frobnicate"/], [['key', '--user', 'x'], /^Usage: holdfast key COMMAND/]]) {
		const { code, stdout, stderr } = await command([holdfast, ...args])
		assert.deepEqual([code, stdout, named(stderr)], [2, '', ofKeys])
		assert.match(stderr, words)
	}
	assert.match((await command([holdfast, 'frobnicate'])).stderr, /^holdfast: unknown command "frobnicate"/)
})

test('every option in the help is in man page and sample, and the other way round', async () => {
	for (const name of commands) {
		const inHelp = (await help(name)).match(/^ {2}--[a-z0-9-]+/gm)?.map((word) => word.trim()).sort() ?? []
		const inMan = (await help(name, '--man')).match(/^\.B (\\-|[a-z0-9])+/gm)?.map((word) => word.slice(3).replaceAll('\\', '')).filter((word) => word.startsWith('--')).sort() ?? []
		assert.deepEqual(inMan, inHelp, `man page of ${name}`)
		const inSample = (await help(name, '--sample')).match(/^#[A-Z0-9_]+=/gm) ?? []
		assert.ok(inSample.length >= inHelp.length, `sample of ${name}`)
	}
})

test('the man pages are well-formed', async () => {
	for (const name of commands) {
		const page = await help(name, '--man')
		execFileSync('mandoc', ['-Tlint', '-Werror'], { input: page })
	}
})

test('the version is said', async () => {
	const { code, stdout } = await command([holdfast, '--version'])
	assert.equal(code, 0)
	assert.match(stdout, /^holdfast \d+\.\d+\.\d+/)
})

test('hsm check says what SoftHSM2 can do, for people and for machines, and leaves no object behind', async () => {
	const objects = () => execFileSync('find', [stack.path('tokens'), '-name', '*.object'], { encoding: 'utf8' }).split('\n').length
	const before = objects()
	const args = ['hsm', 'check', '--module', softhsm, '--slot', 'label:wallet']
	const [table, json] = await Promise.all([stack.holdfast(args), stack.holdfast([...args, '--json', '--allow-resident'])])
	assert.equal(table.code, 0, table.stderr)
	for (const word of ['secp256k1', 'P-256', 'P-384', 'Ed25519', 'RSA-2048', 'rfc5649']) assert.ok(table.stdout.includes(word), word)
	assert.equal(json.code, 0, json.stderr)
	assert.ok(JSON.stringify(JSON.parse(json.stdout)).includes('resident'))
	assert.equal(objects(), before)
})
