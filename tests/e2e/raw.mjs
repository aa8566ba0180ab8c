// SPDX-License-Identifier: Apache-2.0
// Requests below the official client, for what it would never send.
import { sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import tls from 'node:tls'

import { limited } from './process.mjs'

/** One HTTPS request: { status, body (parsed when it is JSON), text }. `body` is text, bytes, or an object. */
export function request(stack, { method = 'GET', path, headers = {}, body, port = stack.ports.api, auth = true, tls: options = {} }) {
	const bytes = body === undefined || Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body)
	const all = {
		...(auth && { authorization: `Bearer ${stack.account.DFNS_AUTH_TOKEN}` }),
		...(bytes !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(bytes) }),
		...headers,
	}
	return new Promise((done, failed) => {
		const outgoing = https.request({ host: '127.0.0.1', port, path, method, headers: all, agent: false,
			ca: readFileSync(join(stack.pki, 'root.pem')), ...options }, (answer) => {
			const parts = []
			answer.on('data', (part) => parts.push(part))
			answer.on('error', failed)
			answer.on('end', () => {
				const text = Buffer.concat(parts).toString()
				let parsed
				try {
					parsed = JSON.parse(text)
				} catch {
					/* not JSON: the caller sees `text` */
				}
				done({ status: answer.statusCode, body: parsed, text, headers: answer.headers })
			})
		})
		limited(outgoing, `${method} ${path}`).on('error', failed)
		outgoing.end(bytes)
	})
}

/** Bytes as they are, over TLS: { text } is everything that came back until the other side closed, there was `enough`, or `waitMs`
 * passed; { closed }: not the latter. */
export function rawBytes(stack, bytes, { port = stack.ports.api, enough, waitMs = 20_000, tls: options = {} } = {}) {
	return new Promise((done, failed) => {
		const parts = []
		let closed = true
		const text = () => Buffer.concat(parts).toString('latin1')
		const socket = tls.connect({ host: '127.0.0.1', port, ca: readFileSync(join(stack.pki, 'root.pem')), ...options }, () => socket.write(bytes))
		const timer = setTimeout(() => {
			closed = false
			socket.destroy()
		}, waitMs)
		socket.on('data', (part) => {
			parts.push(part)
			if (enough?.test(text())) socket.destroy()
		})
		socket.on('close', () => {
			clearTimeout(timer)
			done({ text: text(), closed })
		})
		socket.on('error', (error) => (parts.length || error.code === 'ECONNRESET' || error.code === 'EPIPE' ? undefined : failed(error)))
	})
}

export const challengeOf = (stack, method, path, payload) => request(stack, { method: 'POST', path: '/auth/action/init', body: {
	userActionPayload: payload, userActionHttpMethod: method, userActionHttpPath: path, userActionServerKind: 'Api' } })

export function answerTo(stack, challenge, { clientData, key = stack.privateKey, credId = stack.account.DFNS_CRED_ID } = {}) {
	const data = Buffer.from(clientData ?? JSON.stringify({ type: 'key.get', challenge: challenge.challenge }))
	return request(stack, { method: 'POST', path: '/auth/action', body: {
		challengeIdentifier: challenge.challengeIdentifier,
		firstFactor: { kind: 'Key', credentialAssertion: {
			credId, clientData: data.toString('base64url'), signature: sign(undefined, data, key).toString('base64url') } } } })
}

/** A user action for this very request: the value of x-dfns-useraction. */
export async function userAction(stack, method, path, payload) {
	const challenge = await challengeOf(stack, method, path, payload)
	const answer = await answerTo(stack, challenge.body)
	if (!answer.body?.userAction) throw new Error(`no user action: ${challenge.status} ${challenge.text} ${answer.status} ${answer.text}`)
	return answer.body.userAction
}

/** A mutating request, signed. `sent` replaces the body that was signed for. */
export async function signedRequest(stack, method, path, body, { sent = body } = {}) {
	const action = await userAction(stack, method, path, JSON.stringify(body))
	return request(stack, { method, path, body: sent, headers: { 'x-dfns-useraction': action } })
}
