// SPDX-License-Identifier: Apache-2.0
// The Signing API by plain HTTPS, over connections that are kept: what an application without the official client does.
import { sign } from 'node:crypto'

import { request } from '../e2e/raw.mjs'

const through = (world, server, what) => request(world.stack, { port: server.ports.api, ...what,
	tls: { host: server.host, agent: server.agent, signal: AbortSignal.timeout(what.timeoutMs) } })

export const get = (world, server, path, timeoutMs) => through(world, server, { path, timeoutMs })

/** The two steps of a user action and the request itself, all through one server. An answer of the steps that is no success is the answer. */
export async function signedBy(world, server, method, path, body, timeoutMs) {
	const payload = JSON.stringify(body)
	const challenge = await through(world, server, { method: 'POST', path: '/auth/action/init', timeoutMs, body: {
		userActionPayload: payload, userActionHttpMethod: method, userActionHttpPath: path, userActionServerKind: 'Api' } })
	if (!challenge.body?.challenge) return { status: challenge.status, body: challenge.body, stage: 'action' }
	const data = Buffer.from(JSON.stringify({ type: 'key.get', challenge: challenge.body.challenge }))
	const action = await through(world, server, { method: 'POST', path: '/auth/action', timeoutMs, body: {
		challengeIdentifier: challenge.body.challengeIdentifier,
		firstFactor: { kind: 'Key', credentialAssertion: { credId: world.stack.account.DFNS_CRED_ID,
			clientData: data.toString('base64url'), signature: sign(undefined, data, world.stack.privateKey).toString('base64url') } } } })
	if (!action.body?.userAction) return { status: action.status, body: action.body, stage: 'action' }
	const answer = await through(world, server, { method, path, body: payload, timeoutMs, headers: { 'x-dfns-useraction': action.body.userAction } })
	return { status: answer.status, body: answer.body }
}
