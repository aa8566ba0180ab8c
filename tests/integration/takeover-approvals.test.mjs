// SPDX-License-Identifier: Apache-2.0
// People approve what is asked for, and the HSM side counts them itself: what the server says of policies and decisions
// does not matter.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Authenticator, KeyPair } from '../e2e/authenticator.mjs'
import { DfnsApiClient, DfnsAuthenticator, Stack } from '../e2e/stack.mjs'
import { sha256, verifySecp256k1 } from '../e2e/verify.mjs'

let stack, machine, anna, ben, key, wallet, driver, policyId
const drive = async () => (driver = await stack.startDriver({ name: 'driver', args: ['--authorizers', stack.path('authorizers.json')] }))
const server = (text) => execFileSync('sqlite3', [stack.serverDb, '-cmd', '.timeout 5000', text], { encoding: 'utf8' }).trim()

/** A user who may do everything, logged in. */
async function person(name, signer) {
	const username = `${name}@bank.example`
	const options = { baseUrl: stack.apiUrl, orgId: stack.account.DFNS_ORG_ID, signer }
	const { userId } = await machine.auth.createUser({ body: { email: username, kind: 'CustomerEmployee' } })
	const code = await stack.holdfast(['server', 'user-code', ...stack.serverDatabase, '--username', username], { pin: null })
	const authenticator = new DfnsAuthenticator(options)
	await authenticator.register({ username, registrationCode: code.stdout.trim(), orgId: options.orgId })
	const { items } = await machine.permissions.listPermissions({})
	await machine.permissions.createAssignment({ permissionId: items.find((p) => p.isImmutable).id, body: { identityId: userId } })
	const { token } = await authenticator.login({ username, orgId: options.orgId })
	return { id: userId, client: new DfnsApiClient({ ...options, authToken: token }) }
}

before(async () => {
	stack = await Stack.start({ engine: 'sqlite', server: { args: ['--login-rate', '0', '--rp-id', 'bank.example', '--origin', 'https://app.bank.example'] } })
	machine = stack.client()
	anna = await person('anna', new KeyPair())
	ben = await person('ben', new Authenticator())
	key = await machine.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	wallet = await machine.wallets.createWallet({ body: { network: 'EthereumSepolia' } })
	await stack.processes[1].stop()
	const exported = JSON.parse((await stack.holdfast(['authorizers', 'export', ...stack.serverDatabase])).stdout)
	assert.deepEqual(exported.credentials.map((c) => c.kind).sort(), ['Fido2', 'Key', 'Key'])
	const initiator = exported.credentials.find((c) => c.id === stack.account.DFNS_CRED_ID).identity
	writeFileSync(stack.path('authorizers.json'), JSON.stringify({ ...exported, rules: [
		{ name: 'two of us', keys: [key.id, wallet.signingKey.id], initiators: [initiator], approvals: [{ approvers: [anna.id, ben.id], quorum: 2 }] },
	] }), { mode: 0o600 })
	await drive()
})
after(() => stack?.stop())

/** From now on the server asks so many of them. */
async function serverAsks(quorum) {
	if (policyId) await machine.policies.archivePolicy({ policyId })
	policyId = quorum && (await machine.policies.createPolicy({ body: { name: 'held', activityKind: 'Wallets:Sign', rule: { kind: 'AlwaysTrigger' },
		action: { kind: 'RequestApproval', approvalGroups: [{ quorum, approvers: { userId: { in: [anna.id, ben.id] } } }] } } })).id
}

const sign = (text) => machine.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256(text).toString('hex') } })
const approve = (who, approvalId) => who.client.policies.createApprovalDecision({ approvalId, body: { value: 'Approved' } })

async function settled(look) {
	for (let left = 1000; left > 0; left--, await sleep(50)) {
		const request = await look()
		if (['Signed', 'Failed', 'Rejected'].includes(request.status)) return request
	}
	throw new Error(`not settled; ${driver.log.slice(-2000)}`)
}
const settledOf = (made) => settled(() => machine.keys.getSignature({ keyId: key.id, signatureId: made.id }))

async function isRefused(made, words) {
	const request = await settledOf(made)
	assert.equal(request.status, 'Failed', JSON.stringify(request))
	assert.ok(!request.signature)
	assert.match(driver.log, words)
}

test('what two people have approved is signed, on a key and on a wallet', async () => {
	await serverAsks(2)
	const held = await sign('approved')
	assert.equal(held.status, 'Pending', JSON.stringify(held))
	await approve(anna, held.approvalId)
	await approve(ben, held.approvalId)
	const signed = await settledOf(held)
	assert.ok(verifySecp256k1(key.publicKey, Buffer.from('approved'), signed.signature), JSON.stringify(signed))
	const message = await machine.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Message', message: '0x1234' } })
	await approve(ben, message.approvalId)
	await approve(anna, message.approvalId)
	assert.equal((await settled(() => machine.wallets.getSignature({ walletId: wallet.id, signatureId: message.id }))).status, 'Signed')
})

test('a server without a policy, or with a weaker one, gets no signature', async () => {
	await serverAsks(0)
	await isRefused(await sign('no policy'), /rule 1 \\"two of us\\": 0 of 2 approvals/)
	await serverAsks(1)
	const held = await sign('one is enough')
	await approve(anna, held.approvalId)
	await isRefused(held, /1 of 2 approvals/)
})

test('an approval of something else, put in its place, does not count', async () => {
	await driver.stop()
	const held = await sign('with a decision of another')
	await approve(anna, held.approvalId)
	server(`INSERT INTO approval_decisions (approval_id, identity_id, value, decided_at, proof, body)
		SELECT '${held.approvalId}', identity_id, value, decided_at, proof, body FROM approval_decisions WHERE identity_id = '${ben.id}' LIMIT 1`)
	await drive()
	await isRefused(held, /1 of 2 approvals.*was signed, not POST/)
})

test('an approval whose id is another request’s does not carry over', async () => {
	await serverAsks(2)
	const [mine, theirs] = [await sign('small'), await sign('large')]
	await driver.stop()
	await approve(anna, mine.approvalId)
	await approve(ben, mine.approvalId)
	/* what was approved is swapped for what was not, proof and all */
	server(`UPDATE signatures SET (body, body_hash, proof) = (SELECT body, body_hash, proof FROM signatures WHERE id = '${theirs.id}') WHERE id = '${mine.id}'`)
	const op = Buffer.from(server(`SELECT hex(op) FROM jobs WHERE subject_id = '${mine.id}'`), 'hex')
	sha256('large').copy(op, op.length - 32)
	server(`UPDATE jobs SET op = x'${op.toString('hex')}' WHERE subject_id = '${mine.id}'`)
	await drive()
	await isRefused(mine, /0 of 2 approvals.*was signed, not POST/)
})
