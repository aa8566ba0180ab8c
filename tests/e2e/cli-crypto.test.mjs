// SPDX-License-Identifier: Apache-2.0
// `holdfast account|group|key|app|user|approval …` and `holdfast completion`, as an operator uses them: against a real server with a gateway
// before SoftHSM2. Tables for people, --json for machines, and words where something is wrong.
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { startDsm } from './dsm.mjs'
import { PIN, command, holdfast } from './stack.mjs'

const ADMIN = 'admin@bank.example', PASSWORD = (who) => `the long password of ${who}`
const used = new Set()
let dsm, files, endpoint, ca, admin, app, commands

const file = (name, content, mode = 0o600) => {
	writeFileSync(dsm.stack.path(name), content, { mode })
	return dsm.stack.path(name)
}

before(async () => {
	dsm = await startDsm()
	commands = (await command([holdfast, 'help', '--list'])).stdout.trim().split('\n').filter((name) => /^(account|group|key|app|user|approval|completion)\b/.test(name))
	endpoint = `https://127.0.0.1:${dsm.stack.ports.crypto}`
	ca = join(dsm.stack.pki, 'root.pem')
	admin = ['--user', ADMIN, '--password-file', dsm.stack.path('password')]
	files = { pin: file('pin', `${PIN}\n`), data: file('data', 'what is to be signed\n'), key: dsm.stack.path('app-key') }
})
after(() => dsm?.stop())

/** Which command this is, of those that there are. */
const nameOf = (args) => commands.filter((name) => args.join(' ').startsWith(name)).sort((a, b) => b.length - a.length)[0]

function run(who, args, { input, env = {} } = {}) {
	used.add(nameOf(args))
	const argv = [...args, ...who, '--endpoint', endpoint, '--ca', ca]
	if (input === undefined) return command([holdfast, ...argv], { env: { ...dsm.stack.env, ...env } })
	return new Promise((done) => {
		const child = spawn(holdfast, argv, { env: { ...dsm.stack.env, ...env } }), out = { stdout: '', stderr: '' }
		for (const name of ['stdout', 'stderr']) child[name].on('data', (part) => (out[name] += part))
		child.on('close', (code) => done({ code, ...out }))
		child.stdin.end(input)
	})
}

/** What a command printed that has to go well. */
async function good(who, ...args) {
	const { code, stdout, stderr } = await run(who, args)
	assert.deepEqual([code, stderr], [0, ''], `holdfast ${args.join(' ')}: ${stdout}${stderr}`)
	return stdout
}

/** The same as JSON. Both forms, where asking twice changes nothing. */
const json = async (who, ...args) => JSON.parse(await good(who, ...args, '--json'))
async function both(who, ...args) {
	const table = await good(who, ...args)
	assert.throws(() => JSON.parse(table), 'a table is not JSON')
	return { table, json: await json(who, ...args) }
}

async function bad(who, words, ...args) {
	const { code, stdout, stderr } = await run(who, args)
	assert.notEqual(code, 0, stdout)
	assert.match(stderr, words)
	assert.ok(stderr.trim().split('\n').length <= 3, stderr)
	assert.equal(stdout, '')
	assert.doesNotMatch(stderr, /internal error|4711-a-pin|long password/)
}

test('a group, and its connection to a slot', async () => {
	const table = await good(admin, 'group', 'create', '--name', 'cards', '--description', 'card numbers')
	assert.match(table, /name +cards/)
	const { slot } = (await dsm.stack.tokens()).find((t) => t.label === dsm.label), { cert, key } = dsm.certificate
	const link = ['--gateway', `127.0.0.1:${dsm.gateway.ports.link}`, '--slot', `${slot}`, '--gateway-ca', ca, '--client-cert', cert, '--client-key', key]
	const added = await good(admin, 'group', 'link', 'add', 'cards', ...link, '--pin-file', files.pin, '--order', '3')
	assert.match(added, /ID +GATEWAY +SLOT +ORDER/)
	assert.match(added, /Connected +keys/)
	const listed = await both(admin, 'group', 'link', 'list', 'cards'), [id] = Object.keys(listed.json.hmg)
	assert.ok(listed.table.includes(id))
	assert.equal(await good(admin, 'group', 'link', 'test', 'cards', '--link', id), 'Connected.\n')
	assert.match(await good(admin, 'group', 'link', 'set', 'cards', '--link', id, ...link, '--order', '5'), / 5 /)
	await good(admin, 'group', 'link', 'add', 'cards', ...link, '--pin-file', files.pin, '--order', '9')
	const two = Object.entries((await json(admin, 'group', 'show', 'cards')).hmg)
	assert.equal(two.length, 2)
	await good(admin, 'group', 'link', 'remove', 'cards', '--link', two.find(([, l]) => l.hsm_order === 9)[0])
	await bad(admin, /no connection|link/i, 'group', 'link', 'test', 'cards', '--link', '00000000-0000-7000-8000-000000000000')
	await bad(admin, /pin|No such file/i, 'group', 'link', 'set', 'cards', '--link', id, ...link, '--pin-file', '/nonexistent')
	await bad(admin, /readable|others|permission|mode/i, 'group', 'link', 'set', 'cards', '--link', id, ...link, '--pin-file', file('open-pin', PIN, 0o644))
	await bad(admin, /slot/, 'group', 'link', 'add', 'cards', ...link.map((word) => (word === `${slot}` ? 'one' : word)), '--pin-file', files.pin)
})

test('groups: list, show, update, and what is wrong with a name', async () => {
	const list = await both(admin, 'group', 'list')
	assert.match(list.table, /^NAME +ID +HSM +DESCRIPTION +CREATED\n/)
	assert.match(list.table, /^cards +[0-9a-f-]{36} +yes +card numbers/m)
	assert.ok(list.json.some((g) => g.name === 'cards') && list.table.includes('card numbers'))
	const shown = await both(admin, 'group', 'show', 'cards')
	assert.match(shown.table, /description +card numbers/)
	assert.equal(await good(admin, 'group', 'show', shown.json.group_id), await good(admin, 'group', 'show', 'cards'))
	assert.match(await good(admin, 'group', 'update', 'cards', '--description', 'all of them', '--apply-to-hsm', 'yes', '--redundancy', 'PriorityFailover'), /all of them/)
	await bad(admin, /neither yes nor no/, 'group', 'update', 'cards', '--apply-to-hsm', 'perhaps')
	await bad(admin, /no group "nowhere"/, 'group', 'show', 'nowhere')
	await bad(admin, /already/, 'group', 'create', '--name', 'cards')
	await bad(admin, /say which one/, 'group', 'show')
	await bad(admin, /too many/, 'group', 'show', 'cards', 'cards')
	await bad(admin, /JSON|json|expected/, 'group', 'update', 'cards', '--approval-policy', file('no-json', '{'))
	await good(admin, 'group', 'create', '--name', 'short-lived')
	assert.equal(await good(admin, 'group', 'delete', 'short-lived'), 'The group is gone.\n')
})

test('the account: shown, described, and given policies', async () => {
	const shown = await both(admin, 'account', 'show')
	assert.match(shown.table, /name +.*\nid +[0-9a-f-]{36}/)
	assert.match(await good(admin, 'account', 'update', '--description', 'the whole bank', '--cryptographic-policy', file('most', '{"aes":{},"ec":{},"rsa":{},"hmac":{}}')), /cryptographic policy +.*aes/)
	assert.equal((await json(admin, 'account', 'show')).description, 'the whole bank')
	assert.doesNotMatch(await good(admin, 'account', 'update', '--cryptographic-policy', 'remove'), /aes/)
	await bad(admin, /nobody could change/, 'account', 'update', '--approval-policy', file('nobody', `{"policy":{"user":"${shown.json.acct_id}"}}`))
	await bad(admin, /options only/, 'account', 'show', 'mine')
})

test('apps: made, shown, granted, given another key', async () => {
	assert.match(await good(admin, 'app', 'create', '--name', 'till', '--group', 'cards', '--permissions', 'sign,verify'), /name +till/)
	await good(admin, 'app', 'grant', 'till', '--group', 'cards', '--permissions', 'SIGN,VERIFY,ENCRYPT,DECRYPT,EXPORT,MANAGE')
	await good(admin, 'app', 'grant', 'till', '--group', 'keys')
	assert.equal(Object.keys((await json(admin, 'app', 'show', 'till')).groups).length, 2)
	await good(admin, 'app', 'revoke', 'till', '--group', 'keys')
	const shown = await both(admin, 'app', 'show', 'till')
	assert.equal(Object.keys(shown.json.groups).length, 1)
	assert.match(shown.table, /groups and permissions +.*SIGN/)
	assert.match((await both(admin, 'app', 'list')).table, /^NAME +ID +ROLE/)
	const first = await good(admin, 'app', 'api-key', 'till')
	assert.match(await good(admin, 'app', 'reset', 'till', '--keep-old-seconds', '600'), /new API key.*good until \d{8}T/)
	await good(['--api-key-file', file('old-key', first)], 'key', 'list')
	assert.match(await good(admin, 'app', 'show', 'till'), /old API key good until +20\d\d/)
	assert.match(await good(admin, 'app', 'end-old-key', 'till'), /has ended/)
	await bad(admin, /one secret/, 'app', 'end-old-key', 'till')
	assert.match(await good(admin, 'app', 'reset', 'till'), /new API key.*end now/)
	const second = await good(admin, 'app', 'api-key', 'till')
	assert.notEqual(first, second)
	file('app-key', second)
	app = ['--api-key-file', files.key]
	await bad(['--api-key-file', file('old-key', first)], /401/, 'key', 'list')
	assert.match(await good(admin, 'app', 'update', 'till', '--description', 'at the counter', '--enabled', 'yes'), /at the counter/)
	await bad(admin, /permission/i, 'app', 'grant', 'till', '--group', 'cards', '--permissions', 'FLY')
	await bad(admin, /no app "nobody"/, 'app', 'show', 'nobody')
	await good(admin, 'app', 'create', '--name', 'gone soon')
	assert.match(await good(admin, 'app', 'delete', 'gone soon'), /gone/)
})

test('keys: made, shown, changed, rotated, ended', async () => {
	assert.match(await good(app, 'key', 'generate', '--name', 'pair', '--group', 'cards', '--type', 'EC', '--curve', 'NistP256', '--ops', 'sign,verify,appmanageable'), /state +Active/)
	const aes = await json(app, 'key', 'generate', '--name', 'aes', '--type', 'AES', '--size', '256', '--description', 'for files', '--active-until', '2099-01-31')
	assert.deepEqual([aes.name, aes.key_size, aes.deactivation_date], ['aes', 256, '20990131T000000Z'])
	const shown = await both(app, 'key', 'show', 'aes')
	assert.match(shown.table, /active until +2099-01-31/)
	assert.equal(await good(app, 'key', 'show', aes.kid), shown.table)
	assert.match((await both(app, 'key', 'list', '--group', 'cards', '--limit', '100')).table, /^NAME +TYPE +BITS +CURVE +STATE +HSM +ID\n(.* yes +[0-9a-f-]{36}\n)+$/)
	assert.equal((await json(app, 'key', 'list', '--name', 'aes', '--type', 'AES')).length, 1)
	assert.match(await good(app, 'key', 'update', 'aes', '--description', 'for other files', '--enabled', 'no'), /for other files/)
	await bad(app, /disabled/, 'key', 'encrypt', 'aes', '--in', files.data)
	await good(app, 'key', 'update', 'aes', '--enabled', 'yes')
	const rotated = await json(app, 'key', 'rotate', 'aes', '--deactivate')
	assert.deepEqual([rotated.name, rotated.links.replaced], ['aes', aes.kid])
	assert.equal((await json(app, 'key', 'show', aes.kid)).state, 'Deactivated')
	await good(app, 'key', 'generate', '--name', 'later', '--type', 'AES', '--size', '128', '--active-from', '2098-12-31 12:00:00')
	assert.equal(await good(app, 'key', 'activate', 'later'), 'The key is active.\n')
	assert.match(await good(app, 'key', 'deactivate', 'later', '--code', 'Superseded', '--message', 'by another'), /deactivated/)
	assert.match(await good(app, 'key', 'destroy', 'later'), /destroyed/)
	assert.equal((await json(app, 'key', 'show', 'later')).state, 'Destroyed')
	assert.equal(await good(app, 'key', 'delete', 'later'), 'The key is deleted.\n')
	await bad(app, /404/, 'key', 'show', 'later')
	await bad(app, /UTC/, 'key', 'generate', '--name', 'never', '--type', 'AES', '--size', '128', '--active-from', 'tomorrow')
	await bad(app, /whole number/, 'key', 'generate', '--name', 'never', '--type', 'AES', '--size', 'long')
	await bad(app, /curve/i, 'key', 'generate', '--name', 'never', '--type', 'EC', '--curve', 'Nist4711')
	await bad(app, /already|409/, 'key', 'generate', '--name', 'pair', '--type', 'AES', '--size', '128')
})

test('keys that come in and go out', async () => {
	const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
	file('pair.der', privateKey.export({ type: 'pkcs8', format: 'der' }))
	await good(app, 'key', 'import', '--name', 'ours', '--type', 'EC', '--curve', 'NistP256', '--in', dsm.stack.path('pair.der'), '--ops', 'sign,verify,export,appmanageable')
	const out = dsm.stack.path('out.der')
	await good(app, 'key', 'export', 'ours', '--out', out)
	assert.equal(statSync(out).mode & 0o777, 0o600)
	assert.ok(createPublicKey(createPrivateKey({ key: readFileSync(out), format: 'der', type: 'pkcs8' })).equals(createPublicKey(privateKey)))
	await bad(app, /exists/, 'key', 'export', 'ours', '--out', out)
	await bad(app, /EXPORT/, 'key', 'export', 'pair', '--out', dsm.stack.path('never.der'))
	assert.ok(!existsSync(dsm.stack.path('never.der')))
	assert.match(await good(app, 'key', 'drop-private', 'ours'), /gone/)
	await bad(app, /No such file/, 'key', 'import', '--name', 'never', '--type', 'AES', '--in', '/nonexistent')
})

test('keys at work: sign and verify, encrypt and decrypt, tokens', async () => {
	const pair = await json(app, 'key', 'show', 'pair'), signature = Buffer.from(await good(app, 'key', 'sign', 'pair', '--in', files.data), 'base64')
	assert.ok(createVerify('sha256').update(readFileSync(files.data)).verify(`-----BEGIN PUBLIC KEY-----\n${pair.pub_key}\n-----END PUBLIC KEY-----\n`, signature))
	assert.ok((await json(app, 'key', 'sign', 'pair', '--in', files.data, '--hash', 'SHA384')).signature)
	const made = file('signature', signature)
	assert.equal(await good(app, 'key', 'verify', 'pair', '--in', files.data, '--signature', made), 'The signature is good.\n')
	const printed = file('printed', `${signature.toString('base64')}\n`)
	assert.equal(await good(app, 'key', 'verify', 'pair', '--in', files.data, '--signature', printed), 'The signature is good.\n')
	await bad(app, /not this key's/, 'key', 'verify', 'pair', '--in', files.pin, '--signature', made)
	const cipher = file('cipher', await good(app, 'key', 'encrypt', 'aes', '--in', files.data))
	assert.equal(await good(app, 'key', 'decrypt', 'aes', '--in', cipher), 'what is to be signed\n')
	const piped = await run(app, ['key', 'encrypt', 'aes', '--in', '-', '--mode', 'CBC'], { input: 'through a pipe' })
	assert.equal((await run(app, ['key', 'decrypt', 'aes', '--in', '-', '--mode', 'CBC'], { input: piped.stdout })).stdout, 'through a pipe')
	const changed = JSON.parse(readFileSync(cipher, 'utf8'))
	await bad(app, /./, 'key', 'decrypt', 'aes', '--in', file('changed', JSON.stringify({ ...changed, tag: Buffer.alloc(16).toString('base64') })))
	const fpe = file('fpe.json', JSON.stringify({ format: { char_set: [['0', '9']], min_length: 12, max_length: 19 } }))
	const tokens = await run(app, ['key', 'generate', '--name', 'tokens', '--type', 'AES', '--size', '256', '--fpe', fpe])
	assert.equal(tokens.code, 0, tokens.stderr)
	const token = (await good(app, 'key', 'tokenize', 'tokens', '--text', '4929123412341234')).trim()
	assert.match(token, /^\d{16}$/)
	assert.notEqual(token, '4929123412341234')
	assert.equal(await good(app, 'key', 'detokenize', 'tokens', '--text', token), '4929123412341234\n')
	await bad(app, /./, 'key', 'tokenize', 'tokens', '--text', 'no digits at all')
	await bad(admin, /only apps/, 'key', 'sign', 'pair', '--in', files.data)
})

test('people: invited, changed, sent away', async () => {
	const made = await json(admin, 'user', 'invite', '--email', 'ann@bank.example', '--group', 'cards', '--group-role', 'groupauditor')
	const invited = await good(admin, 'user', 'invite', '--email', 'bob@bank.example', '--roles', 'accountmember', '--description', 'reviews')
	const code = invited.match(/one-time code.* ((?:[a-z0-9]+-)+[a-z0-9]+)/)?.[1]
	assert.ok(code, invited)
	const list = await both(admin, 'user', 'list')
	assert.match(list.table, /^EMAIL +ID +ROLES/)
	const bob = list.json.find((u) => u.user_email === 'bob@bank.example')
	for (const [id, reset_token, who] of [[made.user_id, made.invite_code, 'ann'], [bob.user_id, code, 'bob']])
		await dsm.admin.succeed('POST', `/sys/v1/users/${id}/reset_password`, { reset_token, new_password: PASSWORD(who) })
	assert.match((await both(admin, 'user', 'show', 'bob@bank.example')).table, /description +reviews/)
	await good(admin, 'user', 'update', 'bob@bank.example', '--group', 'cards', '--group-role', 'GROUPADMINISTRATOR')
	assert.equal(Object.keys((await json(admin, 'user', 'show', 'bob@bank.example')).groups).length, 1)
	await good(admin, 'user', 'update', 'bob@bank.example', '--group', 'cards', '--group-role', 'none')
	assert.equal(Object.keys((await json(admin, 'user', 'show', 'bob@bank.example')).groups).length, 0)
	await bad(admin, /account_role/, 'user', 'update', 'bob@bank.example', '--roles', 'KING')
	await bad(admin, /own role|last administrator/, 'user', 'update', ADMIN, '--roles', 'ACCOUNTMEMBER')
	await bad(admin, /no user/, 'user', 'show', 'nobody@bank.example')
	await good(admin, 'user', 'invite', '--email', 'eve@bank.example')
	assert.match(await good(admin, 'user', 'delete', 'eve@bank.example'), /no access/)
})

test('a quorum: asked for, shown, approved, denied, withdrawn', async () => {
	const [ann, bob] = ['ann', 'bob'].map((who) => ['--user', `${who}@bank.example`, '--password-file', file(`password-${who}`, PASSWORD(who))])
	const ids = Object.fromEntries((await json(admin, 'user', 'list')).map((u) => [u.user_email, u.user_id]))
	const members = ['ann', 'bob'].map((who) => ({ user: ids[`${who}@bank.example`] }))
	const policy = file('policy.json', JSON.stringify({ quorum: { n: 2, members, require_password: true } }))
	assert.match(await good(admin, 'group', 'update', 'cards', '--approval-policy', policy), /quorum/)
	await bad(admin, /account_may_replace/, 'group', 'replace-policy', 'cards', '--approval-policy', policy)
	await bad(app, /add --ask/, 'key', 'sign', 'pair', '--in', files.data)
	const asked = await good(app, 'key', 'sign', 'pair', '--in', files.data, '--ask', '--reason', 'the yearly report')
	const id = asked.match(/asked for: ([0-9a-f-]{36})/)?.[1]
	assert.match(asked, new RegExp(`holdfast approval result ${id}`))
	assert.match((await both(ann, 'approval', 'list', '--status', 'PENDING')).table, /PENDING +POST +\/crypto\/v1\/sign +the yearly report/)
	const shown = await both(ann, 'approval', 'show', id)
	for (const words of [/why +the yearly report/, /may approve/, /operation +\/crypto\/v1\/sign/]) assert.match(shown.table, words)
	assert.equal(shown.json.body.data, readFileSync(files.data).toString('base64'))
	await bad(ann, /password once more/, 'approval', 'approve', id)
	await bad(admin, /not among/, 'approval', 'approve', id)
	await bad(app, /waits/, 'approval', 'result', id)
	assert.match(await good(ann, 'approval', 'approve', id, '--again-password-file', dsm.stack.path('password-ann')), /status +PENDING/)
	assert.match(await good(bob, 'approval', 'approve', id, '--again-password-file', dsm.stack.path('password-bob')), /status +APPROVED/)
	const { code, stdout, stderr } = await run(app, ['approval', 'result', id])
	assert.deepEqual([code, stderr], [0, 'HTTP 200\n'])
	assert.ok(JSON.parse(stdout).signature)
	assert.equal((await json(app, 'approval', 'result', id)).status, 200)
	const denied = (await json(app, 'key', 'sign', 'pair', '--in', files.data, '--ask')).request_id
	assert.match(await good(bob, 'approval', 'deny', denied, '--because', 'twice'), /because +twice/)
	await bad(app, /denied: twice/, 'approval', 'result', denied)
	const withdrawn = (await json(app, 'key', 'delete', 'aes', '--ask')).request_id
	assert.notEqual(await good(app, 'approval', 'withdraw', withdrawn), '')
	await bad(app, /no such request/, 'approval', 'show', withdrawn)
	await bad(app, /no id/, 'approval', 'show', 'the-last-one')
})

test('key sync', async () => {
	assert.match(await good(admin, 'group', 'sync', 'keys'), /\d+ new keys\n$/)
	assert.equal(await good(admin, 'group', 'sync', 'keys'), '0 new keys\n')
	assert.match(await good(admin, 'group', 'scan', 'keys'), /scan|ID|id/i)
	assert.match((await both(admin, 'group', 'scans', 'keys')).table, /^ID +STARTED +FINISHED/)
})

test('who asks, where and how it is trusted', async () => {
	const wrong = file('wrong', 'not the password'), at = (...more) => command([holdfast, 'group', 'list', ...more], { env: dsm.stack.env })
	const says = async (words, ...more) => {
		const { code, stdout, stderr } = await at(...more)
		assert.ok(code !== 0 && stdout === '', stderr)
		assert.match(stderr, words)
	}
	await says(/401/, '--endpoint', endpoint, '--ca', ca, '--user', ADMIN, '--password-file', wrong)
	await says(/401/, '--endpoint', endpoint, '--ca', ca, '--user', 'nobody@bank.example', '--password-file', wrong)
	await says(/give https:/, '--endpoint', endpoint.replace('https', 'http'), '--ca', ca, ...admin)
	await says(/certificate/i, '--endpoint', endpoint, ...admin)
	await says(/nonexistent/, '--endpoint', endpoint, '--ca', '/nonexistent.pem', ...admin)
	await says(/refused|connect/i, '--endpoint', 'https://127.0.0.1:1', '--ca', ca, ...admin)
	await says(/who asks\?/, '--endpoint', endpoint, '--ca', ca)
	await says(/both/, '--endpoint', endpoint, '--ca', ca, ...admin, ...app)
	await says(/readable|others|permission|mode/i, '--endpoint', endpoint, '--ca', ca, '--user', ADMIN, '--password-file', file('open', 'x', 0o644))
	await says(/Crypto API|404|401|JSON/, '--endpoint', dsm.stack.apiUrl, '--ca', ca, ...admin)
	const byVariable = await command([holdfast, 'key', 'list', '--endpoint', endpoint, '--ca', ca], { env: { ...dsm.stack.env, HOLDFAST_API_KEY: readFileSync(files.key, 'utf8').trim() } })
	assert.equal(byVariable.code, 0, byVariable.stderr)
	const password = await command([holdfast, 'group', 'list', '--endpoint', endpoint, '--ca', ca, '--user', ADMIN],
		{ env: { ...dsm.stack.env, HOLDFAST_PASSWORD: readFileSync(dsm.stack.path('password'), 'utf8').trim() } })
	assert.equal(password.code, 0, password.stderr)
})

test('completion knows every command and option', async () => {
	const script = (await command([holdfast, 'completion', 'bash'])).stdout
	used.add('completion')
	file('completion', script)
	const complete = (...words) => execFileSync('bash', ['-c', `source "$HERE"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`, 'bash', 'holdfast', ...words],
		{ encoding: 'utf8', env: { ...process.env, HERE: dsm.stack.path('completion') } }).trim().split('\n')
	assert.deepEqual(complete('appr'), ['approval'])
	assert.deepEqual(complete('approval', '').sort(), ['approve', 'deny', 'list', 'result', 'show', 'withdraw'])
	assert.deepEqual(complete('group', 'link', 's'), ['set'])
	assert.ok(complete('key', 'sign', 'pair', '--h').includes('--hash'))
	assert.ok(complete('key', 'sign', '--').every((word) => !/password$|api-key$/.test(word)), 'no secret is an option')
	assert.ok(complete('server', '--').includes('--crypto-listen'), 'a command that stands before others has options too')
	assert.equal((await command([holdfast, 'completion', 'zsh'])).stdout, script)
	const { code, stderr } = await command([holdfast, 'completion', 'tcsh'])
	assert.deepEqual([code, /bash, zsh or fish/.test(stderr)], [2, true])
})

test('completion for fish says the same, and what each is for', async () => {
	file('completion.fish', (await command([holdfast, 'completion', 'fish'])).stdout)
	const fish = (line) => execFileSync('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', dsm.stack.path('completion.fish'), line], { encoding: 'utf8', env: { ...process.env, HOME: dsm.stack.path('') } })
		.trim().split('\n').map((row) => row.split('\t'))
	const words = (line) => fish(line).map(([word]) => word)
	assert.deepEqual(words('holdfast appr'), ['approval'])
	assert.deepEqual(words('holdfast approval ').sort(), ['approve', 'deny', 'list', 'result', 'show', 'withdraw'])
	assert.deepEqual(fish('holdfast approval li'), [['list', 'list what waits for approval, or did']])
	assert.deepEqual(words('holdfast group link s'), ['set'])
	assert.ok(words('holdfast key sign pair --h').includes('--hash'))
	assert.ok(words('holdfast key sign --').every((word) => !/password$|api-key$/.test(word)), 'no secret is an option')
	assert.ok(words('holdfast server --').includes('--crypto-listen'))
	assert.ok(!words('holdfast server init --').includes('--crypto-listen'))
	assert.ok(words(`holdfast key sign pair --ca ${dsm.stack.path('completion')}`).some((word) => word.endsWith('completion.fish')), 'files, where an option takes one')
	for (const name of commands) assert.ok(words(`holdfast ${name} --he`).includes('--help'), name)
})

test('every command was used', () => assert.deepEqual(commands.filter((name) => !used.has(name)), []))

test('no secret is in a log', () => {
	const logs = dsm.stack.logs()
	for (const secret of [PIN, PASSWORD('ann'), readFileSync(files.key, 'utf8').trim(), '4929123412341234']) assert.ok(!logs.includes(secret))
	assert.doesNotMatch(logs, /"level":"(error|crit)|AddressSanitizer|runtime error/)
})
