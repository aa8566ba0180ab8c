// SPDX-License-Identifier: Apache-2.0
// Second factors of the Crypto API's users, with an authenticator in software instead of a browser and a security key.
import { Authenticator } from './authenticator.mjs'
import { DsmClient } from './dsm.mjs'

/* Browsers hand the authenticator the bytes that the text of the challenge stands for. */
const bytes = (options) => ({ challenge: Buffer.from(options.challenge, 'base64url') })

/** What navigator.credentials.create() makes, as JSON. */
export async function attestation(device, options) {
	const { credentialInfo: { credId: id, clientData, attestationData } } = await device.create(bytes(options))
	return { id, rawId: id, type: 'public-key', response: { clientDataJSON: clientData, attestationObject: attestationData, getTransports: ['usb'] } }
}

/** What navigator.credentials.get() makes, as JSON. */
export async function assertion(device, options) {
	const { credentialAssertion: { credId: id, clientData, authenticatorData, signature } } = await device.sign(bytes(options))
	return { id, rawId: id, type: 'public-key', authenticatorAttachment: 'cross-platform', response: { clientDataJSON: clientData, authenticatorData, signature } }
}

export const unlock = (client, password) => client.succeed('POST', '/sys/v1/session/config_2fa/auth', { password })
export const addDevice = async (client, name, device) => client.call('PATCH', `/sys/v1/users/${client.id}`, { add_mfa_devices: [{ name,
	attestationResult: await attestation(device, await client.succeed('POST', '/sys/v1/session/config_2fa/new_challenge?protocol=fido2')) }] })

/** A device of the client's user, who has proved himself by his password. */
export async function register(client, password, name = 'key') {
	const device = new Authenticator()
	await unlock(client, password)
	const added = await addDevice(client, name, device)
	if (added.status !== 200) throw new Error(added.text)
	await client.succeed('POST', '/sys/v1/session/config_2fa/terminate')
	return device
}

/** A session that waits for the second factor: { client, answer }. */
export async function begin(stack, email, password) {
	const client = new DsmClient(stack, `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`)
	const answer = await client.succeed('POST', '/sys/v1/session/auth')
	client.authorization = `Bearer ${answer.access_token}`
	client.id = answer.entity_id
	return { client, answer }
}

export const finish = async (client, device, options) => client.post('/sys/v1/session/auth/2fa/fido2', await assertion(device, options))
