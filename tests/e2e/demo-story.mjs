// SPDX-License-Identifier: Apache-2.0
// The story that script/demo tells: the official client, unmodified, configured by environment variables as any service would be.
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

import sdk from '@dfns/sdk'
import keysigner from '@dfns/sdk-keysigner'

import { isLowS, recover, sha256, verifyEd25519, verifySecp256k1 } from './verify.mjs'

const { DFNS_API_URL, DFNS_AUTH_TOKEN, DFNS_CRED_ID, DFNS_ORG_ID, DFNS_PRIVATE_KEY_FILE, STORE_ID } = process.env

const client = new sdk.DfnsApiClient({
	baseUrl: DFNS_API_URL,
	authToken: DFNS_AUTH_TOKEN,
	orgId: DFNS_ORG_ID,
	signer: new keysigner.AsymmetricKeySigner({ credId: DFNS_CRED_ID, privateKey: readFileSync(DFNS_PRIVATE_KEY_FILE, 'utf8') }),
})

const HOW_STORED = {
	Wrapped: 'wrapped by its master key in the driver\'s database',
	Resident: 'as an object of the token, since this module cannot wrap such a key',
}

const tell = (name, value = '') => console.log(`  ${name.padEnd(13)} ${value}`)
const chapter = (title) => console.log(`\n${title}`)

async function timed(work) {
	const began = performance.now()
	const result = await work()
	return [result, `${(performance.now() - began).toFixed(1)} ms`]
}

function must(truth, what) {
	if (!truth) throw new Error(`${what}: NO. Holdfast released something wrong; please report it.`)
	return `${what}: yes`
}

/** The driver says at its start which token it works with. */
function whichHsm(driverLog) {
	const lines = readFileSync(driverLog, 'utf8').split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
	return lines.find((line) => line.token)?.token ?? '(the driver did not say)'
}

async function createKey(scheme, curve) {
	chapter(`A service asks for an ${scheme} key on ${curve}`)
	const body = { scheme, curve, name: `demo ${curve}`, storeId: STORE_ID }
	const [key, time] = await timed(() => client.keys.createKey({ body }))
	const { store, storage } = await client.keys.getKey({ keyId: key.id })
	tell('key', key.id)
	tell('public key', key.publicKey)
	tell('lives in', `${store.id} (${store.kind}), ${HOW_STORED[storage] ?? storage}`)
	tell('took', `${time}, with the user action that the caller's credential signed`)
	return key
}

async function sign(key, body) {
	const [request, time] = await timed(() => client.keys.generateSignature({ keyId: key.id, body }))
	must(request.status === 'Signed', `signature request ${request.id} is Signed (${request.status} ${request.reason ?? ''})`)
	tell('r', request.signature.r)
	tell('s', request.signature.s)
	tell('took', time)
	return request.signature
}

async function main() {
	const hsm = whichHsm(process.argv[2])

	chapter('Key stores of the organisation')
	for (const store of (await client.signers.listKeyStores()).items) {
		tell('store', `${store.id}, ${store.kind}${store.name ? `, "${store.name}"` : ''}${store.primary ? ', primary' : ''}`)
	}
	tell('the HSM', hsm)

	const ecdsa = await createKey('ECDSA', 'secp256k1')
	const message = Buffer.from('Pay 1 to Alice')
	chapter(`It has SHA-256("${message}") signed`)
	const e = await sign(ecdsa, { kind: 'Hash', hash: sha256(message).toString('hex') })
	tell('recovery id', e.recid)
	tell('outside', 'checked by Node.js and OpenSSL, not by Holdfast:')
	tell('', must(verifySecp256k1(ecdsa.publicKey, message, e), 'valid for this public key'))
	tell('', must(isLowS(e), 's is low, as blockchains want it'))
	tell('', must(recover(sha256(message), e) === ecdsa.publicKey, 'the recovery id gives the public key'))

	const eddsa = await createKey('EdDSA', 'ed25519')
	chapter(`It has the message "${message}" signed`)
	const d = await sign(eddsa, { kind: 'Message', message: message.toString('hex') })
	tell('outside', must(verifyEd25519(eddsa.publicKey, message, d), 'valid for this public key'))

	console.log(`\nBoth private keys were made inside "${hsm}" and have never been outside of it in the clear.`)
}

main().catch((error) => {
	console.error(error instanceof sdk.DfnsError ? `${error.httpStatus} ${error.message}` : error)
	process.exitCode = 1
})
