// SPDX-License-Identifier: Apache-2.0
// The Crypto API of a stack: a server, a gateway before a SoftHSM2 slot, a group on that slot, an administrator, and an app that may
// do everything in the group. Its clients are plain HTTPS, so that nothing of ours is between a test and an answer.
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'

import { limited } from './process.mjs'
import { PIN, Stack } from './stack.mjs'

const PASSWORD = 'a long password of the administrator'
const EMAIL = 'admin@bank.example'
const PERMISSIONS = ['SIGN', 'VERIFY', 'ENCRYPT', 'DECRYPT', 'WRAPKEY', 'UNWRAPKEY', 'DERIVEKEY', 'MACGENERATE', 'MACVERIFY', 'EXPORT', 'MANAGE', 'AGREEKEY']
const base64 = (text) => Buffer.from(text).toString('base64')

/** Somebody who calls, with what he shows in each request. */
export class DsmClient {
	constructor(stack, authorization) {
		this.stack = stack
		this.authorization = authorization
		this.agent = new https.Agent({ keepAlive: true, ca: readFileSync(join(stack.pki, 'root.pem')) })
	}

	/** { status, text, body: the JSON of an answer that has one, type } */
	call(method, path, body) {
		const data = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
		return new Promise((resolve, reject) => {
			const request = https.request({ host: '127.0.0.1', port: this.stack.ports.crypto, method, path, agent: this.agent,
				headers: { ...(this.authorization && { authorization: this.authorization }), ...(data && { 'content-type': 'application/json', 'content-length': data.length }) } }, (answer) => {
				const parts = []
				answer.on('data', (part) => parts.push(part)).on('error', reject).on('end', () => {
					const text = Buffer.concat(parts).toString(), type = answer.headers['content-type'] ?? ''
					resolve({ status: answer.statusCode, text, type, body: type.startsWith('application/json') && text ? JSON.parse(text) : undefined })
				})
			})
			limited(request, `${method} ${path}`).on('error', reject).end(data)
		})
	}

	post(path, body) {
		return this.call('POST', path, body)
	}

	/** The answer's body; anything but success is an exception. */
	async succeed(method, path, body) {
		const answer = await this.call(method, path, body)
		if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
		return answer.body
	}
}

export class Dsm {
	/** A connection to a gateway's slot, as groups have them. */
	async link({ gateway, label, pin = PIN, order = 0 }) {
		const { slot } = (await this.stack.tokens()).find((t) => t.label === label)
		const der = (file) => new X509Certificate(readFileSync(file)).raw.toString('base64')
		const key = readFileSync(this.certificate.key, 'utf8').replace(/-----[^-]+-----|\s/g, '')
		return { kind: 'Ncipher', url: `127.0.0.1:${gateway.ports.link}`, slot, pin, hsm_order: order,
			tls: { mode: 'required', validate_hostname: true, ca: { pinned: [der(this.certificate.ca)] }, client_cert: der(this.certificate.cert), client_key: key } }
	}

	/** A user's or an app's client that shows its secret in a session. */
	async session(user, secret) {
		const client = new DsmClient(this.stack, `Basic ${base64(`${user}:${secret}`)}`)
		const { access_token } = await client.succeed('POST', '/sys/v1/session/auth')
		client.authorization = `Bearer ${access_token}`
		return client
	}

	/** A group on one slot. */
	async newGroup({ name, gateway = this.gateway, label = this.label, ...more }) {
		return this.admin.succeed('POST', '/sys/v1/groups', { name, add_hmg: [await this.link({ gateway, label })], ...more })
	}

	/** An app's client; `permissions` in the stack's group, null: it is not in it. */
	async newApp({ name, permissions = PERMISSIONS, groups = permissions ? { [this.group]: permissions } : {} }) {
		const { app_id } = await this.admin.succeed('POST', '/sys/v1/apps', { name, add_groups: groups, ...(groups[this.group] && { default_group: this.group }) })
		const { credential } = await this.admin.succeed('GET', `/sys/v1/apps/${app_id}/credential`)
		return Object.assign(await this.session(app_id, credential.secret), { id: app_id, secret: credential.secret })
	}

	created(path, body, method = 'POST') {
		return this.app.succeed(method, path, body)
	}

	generateKey(request) {
		return this.created('/crypto/v1/keys', { group_id: this.group, ...request })
	}

	importKey(request) {
		return this.created('/crypto/v1/keys', { group_id: this.group, ...request }, 'PUT')
	}

	stop() {
		return this.stack.stop()
	}
}

export async function startDsm({ label = 'keys', engine, gateway = {}, server = {} } = {}) {
	const dsm = new Dsm()
	const stack = await Stack.prepare({ master: false, engine })
	try {
		dsm.stack = stack
		dsm.label = label
		await stack.makeToken(label)
		writeFileSync(stack.path('password'), PASSWORD, { mode: 0o600 })
		const made = await stack.holdfast(['server', 'crypto-admin', ...stack.serverDatabase, '--email', EMAIL, '--password-file', stack.path('password')], { pin: null })
		if (made.code !== 0) throw new Error(`server crypto-admin: ${made.stdout}${made.stderr}`)
		await stack.startServer(server)
		dsm.certificate = await stack.linkCertificate()
		dsm.gateway = await stack.startGateway(gateway)
		dsm.admin = await dsm.session(EMAIL, PASSWORD)
		dsm.group = (await dsm.newGroup({ name: 'keys' })).group_id
		dsm.app = await dsm.newApp({ name: 'app' })
		return dsm
	} catch (error) {
		console.error(stack.logs().split('\n').filter((line) => /"level":"(warn|error)"/.test(line)).slice(-20).join('\n'))
		await stack.stop()
		throw error
	}
}
