// SPDX-License-Identifier: Apache-2.0
// Malformed, oversized, slow and wrongly typed requests on every endpoint: the right 4xx, and a server that is unharmed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { inTime } from '../e2e/pace.mjs'
import { rawBytes, request, signedRequest, userAction } from '../e2e/raw.mjs'
import { Stack } from '../e2e/stack.mjs'
import { sha256 } from '../e2e/verify.mjs'

let stack, key

before(async () => {
	stack = await Stack.start()
	key = (await signedRequest(stack, 'POST', '/keys', { scheme: 'ECDSA', curve: 'secp256k1' })).body
})
after(async () => {
	assert.equal((await request(stack, { path: '/key-stores' })).status, 200, 'the server still answers')
	assert.ok(!stack.server.end, 'the server still runs')
	await stack.stop()
})

function isError(answer, ...statuses) {
	assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.text}`)
	assert.equal(answer.body?.error?.status, answer.status, answer.text)
	assert.ok(answer.body.error.message.length > 3, answer.text)
}

const NOT_JSON = ['', '{', '[]', '"x"', 'null', '{"a":1}x', '{"a":1,}', "{'a':1}", '{"a":\u0001}', '\ufeff{}', '{"a":1,"a":2}',
	Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), '{"a":"\\ud800"}', '{"a":"\\u0000"}', '{"a":1e999}', `${'['.repeat(5000)}`]

const POSTS = ['/auth/action/init', '/auth/action']

for (const path of POSTS) {
	test(`POST ${path} refuses what is not a JSON object`, async () => {
		for (const body of NOT_JSON) isError(await request(stack, { method: 'POST', path, body }), 400)
	})
	test(`POST ${path} refuses fields of the wrong type, missing fields and unknown fields`, async () => {
		const fields = path.endsWith('init') ? ['userActionPayload', 'userActionHttpMethod', 'userActionHttpPath'] : ['challengeIdentifier', 'firstFactor']
		for (const field of fields)
			for (const value of [undefined, null, 1, true, [], {}, 'x'.repeat(100_000)])
				isError(await request(stack, { method: 'POST', path, body: { ...valid(path), [field]: value } }), 400, 401, 403, 413)
	})
	test(`POST ${path} needs a token`, async () => isError(await request(stack, { method: 'POST', path, body: valid(path), auth: false }), 401))
}

function valid(path) {
	if (path.endsWith('init')) return { userActionPayload: '{}', userActionHttpMethod: 'POST', userActionHttpPath: '/keys' }
	return { challengeIdentifier: 'x', firstFactor: { kind: 'Key', credentialAssertion: { credId: 'x', clientData: 'e30', signature: 'AA' } } }
}

const KEY_BODIES = [{}, { scheme: 'ECDSA' }, { scheme: 'ECDSA', curve: 'P-999' }, { scheme: 1, curve: 'secp256k1' },
	{ scheme: 'ECDSA', curve: 'secp256k1', name: 7 }, { scheme: 'ECDSA', curve: 'secp256k1', name: 'x'.repeat(101) },
	{ scheme: 'ECDSA', curve: 'secp256k1', nonsense: true }, { scheme: 'ECDSA', curve: 'secp256k1', storeId: '' },
	{ scheme: 'ECDSA', curve: 'secp256k1', storeId: "'; DROP TABLE keys; --" }]

const SIGN_BODIES = [{}, { kind: 'Hash' }, { kind: 'Hash', hash: 5 }, { kind: 'Hash', hash: 'xyz' }, { kind: 'Hash', hash: 'ab'.repeat(31) },
	{ kind: 'Hash', hash: 'ab'.repeat(33) }, { kind: 'Hash', hash: `${'ab'.repeat(31)}zz` }, { kind: 'Nonsense', hash: 'ab'.repeat(32) },
	{ kind: 'Hash', hash: 'ab'.repeat(32), externalId: '' }, { kind: 'Hash', hash: 'ab'.repeat(32), externalId: 'x'.repeat(51) },
	{ kind: 'Hash', hash: 'ab'.repeat(32), nonsense: 1 }, { kind: ['Hash'], hash: 'ab'.repeat(32) }]

test('POST /keys refuses wrong bodies, though signed', async () => {
	for (const body of KEY_BODIES) isError(await signedRequest(stack, 'POST', '/keys', body), 400, 404)
})

test('POST /keys/:id/signatures refuses wrong bodies, though signed', async () => {
	for (const body of SIGN_BODIES) isError(await signedRequest(stack, 'POST', `/keys/${key.id}/signatures`, body), 400)
})

test('PUT /keys/:id refuses wrong bodies, though signed', async () => {
	for (const body of [{ name: 1 }, { name: 'x'.repeat(101) }, { nonsense: 'x' }])
		isError(await signedRequest(stack, 'PUT', `/keys/${key.id}`, body), 400)
})

test('a body that is not JSON is refused on signed requests too', async () => {
	for (const [method, path] of [['POST', '/keys'], ['PUT', `/keys/${key.id}`], ['POST', `/keys/${key.id}/signatures`]]) {
		const action = await userAction(stack, method, path, '{}')
		for (const body of NOT_JSON.slice(1))
			isError(await request(stack, { method, path, body, headers: { 'x-dfns-useraction': action } }), 400, 403)
	}
})

const READS = () => ['/keys', '/key-stores', `/keys/${key.id}`, `/keys/${key.id}/signatures`, `/keys/${key.id}/signatures/sig-00000-00000-00000000000000`]

test('reading needs a token, and a whole one', async () => {
	for (const path of READS()) {
		isError(await request(stack, { path, auth: false }), 401)
		for (const token of ['', 'x', 'Bearer', stack.account.DFNS_AUTH_TOKEN.slice(0, -1), `${stack.account.DFNS_AUTH_TOKEN}A`, 'A'.repeat(6000)])
			isError(await request(stack, { path, auth: false, headers: { authorization: `Bearer ${token}` } }), 401, 400, 431)
	}
})

test('a token without a signature, or with algorithm none, is refused', async () => {
	const [, claims] = stack.account.DFNS_AUTH_TOKEN.split('.')
	const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
	for (const token of [`${none}.${claims}.`, `${none}.${claims}`, `${none}.${claims}.AAAA`])
		isError(await request(stack, { path: '/keys', auth: false, headers: { authorization: `Bearer ${token}` } }), 401)
})

test('paging parameters out of bounds are refused', async () => {
	for (const query of ['limit=0', 'limit=-1', 'limit=x', 'limit=99999999999999999999', 'paginationToken=x', `paginationToken=${'A'.repeat(3000)}`])
		for (const path of ['/keys', `/keys/${key.id}/signatures`]) isError(await request(stack, { path: `${path}?${query}` }), 400)
})

test('unknown paths are 404, and known paths with another method 405', async () => {
	for (const path of ['/', '/nonsense', '/keys/', `/keys/${key.id}/nonsense`, '/keys/../keys', '/%00', '/keys/%ff', `/keys/${'x'.repeat(2000)}`])
		isError(await request(stack, { path }), 404, 400)
	for (const [method, path] of [['DELETE', '/keys'], ['PUT', '/key-stores'], ['GET', '/auth/action'], ['PATCH', `/keys/${key.id}`]])
		isError(await request(stack, { method, path, body: {} }), 404, 405, 501)
})

test('a body beyond the limit is 413, before it has been sent whole', async () => {
	const head = `POST /auth/action/init HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${stack.account.DFNS_AUTH_TOKEN}\r\nContent-Type: application/json\r\n`
	const { text } = await rawBytes(stack, `${head}Content-Length: 1073741824\r\n\r\n{`)
	assert.match(text, /^HTTP\/1\.1 413 /)
})

test('headers beyond the limit are refused', async () => {
	const { text } = await rawBytes(stack, `GET /keys HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`)
	assert.match(text, /^HTTP\/1\.1 4(00|31) |^$/)
})

const SMUGGLING = ['Content-Length: 5\r\nContent-Length: 6', 'Content-Length: +5', 'Content-Length: 5\r\nTransfer-Encoding: chunked',
	'Content-Length : 5', 'Content-Length: 0x5', 'Content-Length: -1', 'Transfer-Encoding: chunked, identity',
	'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: xchunked', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
	'Transfer-Encoding : chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 5', 'Transfer-Encoding: chunked']

test('ambiguous lengths are refused, and the connection is closed', async () => {
	for (const header of SMUGGLING) {
		const { text, closed } = await rawBytes(stack, `POST /auth/action HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\nhelloGET /keys HTTP/1.1\r\nHost: localhost\r\n\r\n`)
		assert.match(text, /^(HTTP\/1\.1 (4\d\d|501) |$)/, header)
		assert.equal(text.split('HTTP/1.1 ').length <= 2, true, `${header}: two answers`)
		assert.ok(closed, header)
	}
})

test('a body may come in chunks, and another request after it', async () => {
	const head = (path) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${stack.account.DFNS_AUTH_TOKEN}\r\nTransfer-Encoding: chunked\r\n`
	const chunks = (text) => [...text].map((c) => `1;n\r\n${c}\r\n`).join('') + '0\r\nX: y\r\n\r\n'
	const init = JSON.stringify(valid('/auth/action/init'))
	const { text } = await rawBytes(stack, `${head('/auth/action/init')}\r\n${chunks(init)}GET /keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
	assert.match(text, /^HTTP\/1\.1 200 [^]*"challengeIdentifier"[^]*HTTP\/1\.1 401 /)
	const waits = await rawBytes(stack, `${head('/auth/action/init')}Expect: 100-continue\r\n\r\n`, { enough: /\r\n\r\n/ })
	assert.match(waits.text, /^HTTP\/1\.1 100 Continue\r\n\r\n$/)
})

const BAD_CHUNKS = ['5\nhello\r\n0\r\n\r\n', '0x5\r\nhello\r\n0\r\n\r\n', ' 5\r\nhello\r\n0\r\n\r\n', '5 \r\nhello\r\n0\r\n\r\n', '+5\r\nhello\r\n0\r\n\r\n',
	'-1\r\nhello', '5;a\nhello\r\n0\r\n\r\n', '5\r\nhelloo\r\n0\r\n\r\n', '5\r\nhell\r\n0\r\n\r\n', '0\r\nA: b\r\n c\r\n\r\n', '0\r\nA\r\n\r\n', '0\n\n',
	'fffffffffffffffff\r\nhello', '10000000000000005\r\nhello', '40000000\r\nhello', `0;${'x'.repeat(9000)}\r\n\r\n`, `0\r\nX: ${'x'.repeat(9000)}\r\n\r\n`]

test('doubtful chunks are refused, and nothing after them is taken for a request', async () => {
	for (const chunks of BAD_CHUNKS) {
		const { text } = await rawBytes(stack, `POST /auth/action HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}GET /keys HTTP/1.1\r\nHost: localhost\r\n\r\n`)
		assert.match(text, /^HTTP\/1\.1 4(00|13|31) /, chunks.slice(0, 40))
		assert.equal(text.split('HTTP/1.1 ').length, 2, `${chunks.slice(0, 40)}: two answers`)
		assert.match(text, /Connection: close/)
	}
})

test('bytes that are no HTTP are answered with 400 or a closed connection', async () => {
	for (const bytes of ['\r\n\r\n\r\n\r\n', 'HELLO\r\n\r\n', Buffer.alloc(5000, 0xff), 'GET /keys HTTP/9.9\r\n\r\n', 'GET  /keys HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n']) {
		const { text } = await rawBytes(stack, bytes, { waitMs: 1000 })
		assert.match(text, /^(HTTP\/1\.1 (4\d\d|505) |$)/)
	}
})

test('requests that never end do not keep others waiting', async () => {
	const slow = Array.from({ length: 20 }, () => rawBytes(stack, 'POST /auth/action HTTP/1.1\r\nHost: localhost\r\nContent-Len', { waitMs: 2000 }))
	await new Promise((done) => setTimeout(done, 200))
	const began = Date.now()
	const answer = await signedRequest(stack, 'POST', `/keys/${key.id}/signatures`, { kind: 'Hash', hash: sha256('meanwhile').toString('hex') })
	assert.equal(answer.body.status, 'Signed')
	inTime(Date.now() - began, 1500)
	await Promise.all(slow)
})

test('the drivers\' endpoint does not talk to who shows no certificate', () =>
	assert.rejects(request(stack, { method: 'POST', path: '/v1/poll', body: 'x', port: stack.ports.driver })))

test('the drivers\' endpoint answers nonsense from a driver with 4xx, and lives on', async () => {
	const { readFileSync } = await import('node:fs')
	const tls = { cert: readFileSync(`${stack.pki}/driver-chain.pem`), key: readFileSync(`${stack.pki}/driver-key.pem`) }
	const post = (path, body, type) => request(stack, { method: 'POST', path, body, port: stack.ports.driver, auth: false, headers: { 'content-type': type }, tls })
	const poll = 'application/vnd.holdfast.poll'
	for (const body of [Buffer.alloc(0), Buffer.from([0]), Buffer.from([255, 255, 255, 255]), Buffer.alloc(4096, 1), Buffer.alloc(4096, 255), '{}'])
		assert.equal((await post('/v1/poll', body, poll)).status, 400)
	assert.ok([400, 415].includes((await post('/v1/poll', '{}', 'application/json')).status))
	assert.equal((await post('/nonsense', '{}', poll)).status, 404)
	const chunked = `POST /v1/poll HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${poll}\r\nTransfer-Encoding: chunked\r\n\r\n`
	assert.match((await rawBytes(stack, `${chunked}2\r\n{}\r\n0\r\n\r\n`, { port: stack.ports.driver, tls })).text, /^HTTP\/1\.1 400 (?![^]*chunks)/)
	assert.match((await rawBytes(stack, `${chunked}2\n{}\r\n0\r\n\r\n`, { port: stack.ports.driver, tls })).text, /^HTTP\/1\.1 400 [^]*chunks/)
	const { body } = await signedRequest(stack, 'POST', `/keys/${key.id}/signatures`, { kind: 'Hash', hash: sha256('after').toString('hex') })
	assert.equal(body.status, 'Signed')
})

test('a health listener answers nothing but GET of its two paths', async () => {
	for (const port of [stack.ports.health, stack.processes[1].ports.health]) {
		assert.equal((await fetch(`http://127.0.0.1:${port}/nonsense`)).status, 404)
		assert.ok([404, 405].includes((await fetch(`http://127.0.0.1:${port}/health`, { method: 'POST', body: 'x' })).status))
	}
})
