// SPDX-License-Identifier: Apache-2.0
// The story that script/demo tells: the official client, unmodified, configured by environment variables as any service would be.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

import sdk from '@dfns/sdk'
import keysigner from '@dfns/sdk-keysigner'

import { isLowS, recover, sha256, verifyEd25519, verifySecp256k1 } from './verify.mjs'

const { DFNS_API_URL, DFNS_ORG_ID, DFNS_APPROVER_USER_ID, STORE_ID, HOLDFAST } = process.env
const dir = process.argv[2]

/** Who DIR/env calls DFNS, DFNS_APPROVER or DFNS_LIMITED. */
function clientOf(prefix) {
	const { [`${prefix}_AUTH_TOKEN`]: authToken, [`${prefix}_CRED_ID`]: credId, [`${prefix}_PRIVATE_KEY_FILE`]: file } = process.env
	const signer = new keysigner.AsymmetricKeySigner({ credId, privateKey: readFileSync(file, 'utf8') })
	return new sdk.DfnsApiClient({ baseUrl: DFNS_API_URL, orgId: DFNS_ORG_ID, authToken, signer })
}

const client = clientOf('DFNS')

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

/** A policy on one wallet wants somebody's approval; the request waits, is approved, and is signed once. */
async function approve(wallet) {
	chapter('A policy: whatever this wallet signs, somebody else has to approve')
	const policy = await client.policies.createPolicy({ body: { name: 'four eyes', activityKind: 'Wallets:Sign', rule: { kind: 'AlwaysTrigger' },
		action: { kind: 'RequestApproval', approvalGroups: [{ quorum: 1, approvers: { userId: { in: [DFNS_APPROVER_USER_ID] } } }] },
		filters: { walletId: { in: [wallet.id] } } } })
	const digest = sha256(Buffer.from('Pay 1000 to Bob'))
	const held = await client.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Hash', hash: digest.toString('hex') } })
	tell('asked', `${held.id} is ${held.status}, and waits for ${held.approvalId}`)
	const approver = clientOf('DFNS_APPROVER')
	const approval = await approver.policies.createApprovalDecision({ approvalId: held.approvalId, body: { value: 'Approved', reason: 'as agreed' } })
	tell('approver', `says ${approval.decisions[0].value}: "${approval.decisions[0].reason}"`)
	for (let i = 0; i < 100; i++) {
		const now = await client.wallets.getSignature({ walletId: wallet.id, signatureId: held.id })
		if (now.status === 'Signed') {
			tell('outside', must(recover(digest, now.signature) === wallet.signingKey.publicKey, 'signed with the wallet\'s key'))
			break
		}
		must(now.status !== 'Failed' && i < 99, 'it is signed after that')
		await new Promise((done) => setTimeout(done, 50))
	}
	await client.policies.archivePolicy({ policyId: policy.id })
}

async function whoMayWhat() {
	chapter('A service account that may only read keys')
	const limited = clientOf('DFNS_LIMITED')
	tell('reads', `${(await limited.keys.listKeys()).items.length} keys`)
	try {
		await limited.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
		must(false, 'it is refused')
	} catch (error) {
		tell('makes one', `${error.httpStatus}: ${error.message}`)
	}
}

/** What `holdfast ARGS` prints; a command that fails has said why. */
function holdfast(...args) {
	const { status, stdout, stderr } = spawnSync(HOLDFAST, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
	return { ok: status === 0, text: (status === 0 ? stdout : stderr).trim() }
}

/** The log as a file that proves itself, once a checkpoint, signed in the HSM, covers all that this run did. */
async function exportLog(database, since) {
	for (let i = 0; i < 100; i++) {
		const { text } = holdfast('audit', 'export', '--sqlite-path', database)
		const [header, ...lines] = text.split('\n').map((line) => JSON.parse(line))
		const entries = lines.filter((line) => line.entry && Date.parse(line.entry.time) >= since).map((line) => line.entry)
		const covered = lines.at(-1)?.checkpoint?.split('\n')[1] === `${header.size}`
		if (covered && entries.some((entry) => entry.outcome === 'Denied')) return { text, entries }
		await new Promise((done) => setTimeout(done, 100))
	}
	throw new Error('no checkpoint of the audit log covers this run; see the server\'s log')
}

/** Proven from files alone: neither the server nor its database has a say in it. */
async function audit(dir, since) {
	chapter('The audit log of this run, proven without the server and its database')
	const file = (name) => join(dir, name)
	const { text, entries } = await exportLog(file('server.db'), since)
	const asked = entries.filter((entry) => entry.name !== 'driver').length
	tell('this run', `${asked} requests, and ${entries.length - asked} times that the HSM was used for them`)
	writeFileSync(file('audit.jsonl'), `${text}\n`)
	writeFileSync(file('audit-keys.pem'), `${holdfast('audit', 'export', '--sqlite-path', file('server.db'), '--format', 'keys').text}\n`)
	const verify = (name) => holdfast('audit', 'verify', '--quiet', '--public-key', file('audit-keys.pem'), file(name))
	const { ok, text: verdict } = verify('audit.jsonl')
	must(ok, `the log is whole: ${verdict}`)
	verdict.split('\n').forEach((line, i) => tell(i ? '' : 'verified', line))
	writeFileSync(file('audit-altered.jsonl'), `${text.replace('"outcome":"Denied"', '"outcome":"Accepted"')}\n`)
	const altered = verify('audit-altered.jsonl')
	must(!altered.ok, 'an altered log is refused')
	tell('one word', `of a copy altered: ${altered.text.split('\n').at(-1).replace('holdfast audit verify: ', '')}`)
}

async function main() {
	const since = Date.now()
	const hsm = whichHsm(join(dir, 'driver.log'))

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

	chapter('It makes a wallet on a blockchain, and has a message signed as wallets do')
	const wallet = await client.wallets.createWallet({ body: { network: 'EthereumSepolia', name: 'demo' } })
	tell('wallet', `${wallet.id} on ${wallet.network}`)
	tell('address', wallet.address)
	const m = await client.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Message', message: message.toString('hex') } })
	tell('signature', `by EIP-191: ${m.signature.encoded.slice(0, 26)}…`)
	if (DFNS_APPROVER_USER_ID) {
		await approve(wallet)
		await whoMayWhat()
	}
	if (HOLDFAST) await audit(dir, since)

	console.log(`\nAll private keys were made inside "${hsm}" and have never been outside of it in the clear.`)
}

main().catch((error) => {
	console.error(error instanceof sdk.DfnsError ? `${error.httpStatus} ${error.message}` : error)
	process.exitCode = 1
})
