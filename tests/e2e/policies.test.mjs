// SPDX-License-Identifier: Apache-2.0
// Policies and approvals with the official client and real people: what is held is signed once, whatever is killed between.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import sdk from '@dfns/sdk'

import { KeyPair } from './authenticator.mjs'
import { DfnsApiClient, Stack } from './stack.mjs'
import { sha256, verifySecp256k1 } from './verify.mjs'

const { DfnsAuthenticator, PolicyPendingError } = sdk
let stack, machine, anna, ben, policies = []

/** A user who may do everything, logged in: his client, and his id. */
async function person(name) {
	const username = `${name}@bank.example`, signer = new KeyPair()
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
	stack = await Stack.start({ engine: 'sqlite', server: { args: ['--login-rate', '0'] } })
	machine = stack.client()
	anna = await person('anna')
	ben = await person('ben')
})
after(() => stack?.stop())

async function policy(body) {
	const made = await machine.policies.createPolicy({ body: { name: 'test', activityKind: 'Wallets:Sign', rule: { kind: 'AlwaysTrigger' }, ...body } })
	policies.push(made.id)
	return made
}
const noMore = async () => {
	for (const policyId of policies.splice(0).reverse()) await machine.policies.archivePolicy({ policyId })
}
const asks = (quorum, users = [anna, ben], more = {}) => ({ kind: 'RequestApproval', ...more,
	approvalGroups: [{ quorum, approvers: { userId: { in: users.map((user) => user.id) } } }] })
const decide = (who, approvalId, value = 'Approved', reason = undefined) =>
	(who.client ?? who).policies.createApprovalDecision({ approvalId, body: { value, ...(reason && { reason }) } })
const newKey = () => machine.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
const sign = (keyId, message) => machine.keys.generateSignature({ keyId, body: { kind: 'Hash', hash: sha256(message).toString('hex') } })
const sqlite = (sql) => execFileSync('sqlite3', [stack.serverDb, '-cmd', '.timeout 5000', sql], { encoding: 'utf8' }).trim()
const is = (status, words = /./) => (error) => {
	assert.equal(error.httpStatus, status, error.message)
	assert.match(error.message, words)
	return true
}

async function settled(keyId, signatureId, waitMs = 20_000) {
	for (const until = Date.now() + waitMs; Date.now() < until; await sleep(50)) {
		const request = await machine.keys.getSignature({ keyId, signatureId })
		if (['Signed', 'Failed', 'Rejected'].includes(request.status)) return request
	}
	throw new Error('not settled')
}

/* RLP of an unsigned EIP-1559 transaction that pays. */
const bytes = (n) => (n === 0n ? Buffer.alloc(0) : Buffer.from(n.toString(16).padStart(2 * Math.ceil(n.toString(16).length / 2), '0'), 'hex'))
const prefix = (at, length) => (length < 56 ? Buffer.from([at + length]) : Buffer.concat([Buffer.from([at + 55 + bytes(BigInt(length)).length]), bytes(BigInt(length))]))
const rlp = (item) => {
	if (Array.isArray(item)) {
		const body = Buffer.concat(item.map(rlp))
		return Buffer.concat([prefix(0xc0, body.length), body])
	}
	return item.length === 1 && item[0] < 0x80 ? item : Buffer.concat([prefix(0x80, item.length), item])
}
const payment = (to, wei, nonce = 0n) => '0x02' + rlp([11155111n, nonce, 1n, 10n, 21000n].map(bytes).concat([Buffer.from(to.slice(2), 'hex'), bytes(wei), Buffer.alloc(0), []])).toString('hex')
const ETH = 10n ** 18n

test('a large payment waits for two people, a small one for nobody', async () => {
	const wallet = await machine.wallets.createWallet({ body: { network: 'EthereumSepolia' } })
	const pay = (wei) => machine.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Transaction', transaction: payment('0x' + 'ab'.repeat(20), wei) } })
	await policy({ name: 'Large', rule: { kind: 'TransactionAmountLimit', configuration: { limit: 1.5, currency: 'ETH' } }, action: asks(2), filters: { walletId: { in: [wallet.id] } } })
	assert.equal((await pay(ETH)).status, 'Signed')
	const held = await pay(2n * ETH)
	assert.equal(held.status, 'Pending')
	const approval = await anna.client.policies.getApproval({ approvalId: held.approvalId })
	assert.equal(approval.status, 'Pending')
	assert.equal(approval.activity.signatureRequest.id, held.id)
	assert.deepEqual(approval.policyEvaluations.map((e) => [e.triggered, e.reason]), [[true, 'Amount of 2 ETH is above the limit of 1.5']])
	assert.equal((await decide(anna, held.approvalId, 'Approved', 'expected')).status, 'Pending')
	const done = await decide(ben, held.approvalId)
	assert.equal(done.status, 'Approved')
	assert.deepEqual(done.decisions.map((d) => [d.userId, d.value, d.reason]), [[anna.id, 'Approved', 'expected'], [ben.id, 'Approved', null]])
	const signed = await settled(wallet.signingKey.id, held.id)
	assert.equal(signed.status, 'Signed', JSON.stringify(signed))
	assert.ok(signed.signedData)
	await noMore()
})

test('a recipient that is not listed is refused', async () => {
	const wallet = await machine.wallets.createWallet({ body: { network: 'EthereumSepolia' } })
	const pay = (to) => machine.wallets.generateSignature({ walletId: wallet.id, body: { kind: 'Transaction', transaction: payment(to, ETH) } })
	await policy({ rule: { kind: 'TransactionRecipientWhitelist', configuration: { addresses: ['0x' + 'AB'.repeat(20)] } }, action: { kind: 'Block' } })
	assert.equal((await pay('0x' + 'ab'.repeat(20))).status, 'Signed')
	const refused = await pay('0x' + 'ac'.repeat(20))
	assert.equal(refused.status, 'Rejected')
	assert.match(refused.reason, /is not on the list/)
	assert.equal((await sign(wallet.signingKey.id, 'a digest')).status, 'Rejected')
	await noMore()
})

test('only people who are asked decide, once', async () => {
	const key = await newKey()
	await policy({ action: asks(1, [anna]) })
	const { approvalId } = await sign(key.id, 'one')
	await assert.rejects(decide(machine, approvalId), is(403, /service accounts/))
	await assert.rejects(decide(ben, approvalId), is(403, /not among the approvers/))
	await assert.rejects(decide(anna, approvalId, 'Maybe'), is(400, /Approved/))
	assert.equal((await decide(anna, approvalId, 'Denied', 'no')).status, 'Denied')
	await assert.rejects(decide(anna, approvalId), is(409, /has ended/))
	await noMore()
})

test('who asks does not approve', async () => {
	const key = await newKey()
	await policy({ action: asks(1) })
	const held = await anna.client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: sha256('mine').toString('hex') } })
	await assert.rejects(decide(anna, held.approvalId), is(403, /not approve it/))
	await decide(ben, held.approvalId)
	assert.equal((await settled(key.id, held.id)).status, 'Signed')
	await noMore()
})

test('time ends what nobody decides, and the audit log says so', async () => {
	const key = await newKey()
	await policy({ action: asks(1, [anna], { autoRejectTimeout: 1 }) })
	const held = await sign(key.id, 'late')
	sqlite(`UPDATE approvals SET expires_at = 1 WHERE id = '${held.approvalId}'`)
	const rejected = await settled(key.id, held.id)
	assert.equal(rejected.status, 'Rejected')
	assert.match(rejected.reason, /nobody decided in time/)
	assert.equal((await anna.client.policies.getApproval({ approvalId: held.approvalId })).status, 'Expired')
	assert.equal(sqlite(`SELECT count(*) FROM audit_log WHERE CAST(entry AS TEXT) LIKE '%${held.approvalId}%' AND CAST(entry AS TEXT) LIKE '%Expired%'`), '1')
	await noMore()
})

test('a server killed between approval and signature: signed once', async () => {
	const key = await newKey()
	await policy({ action: asks(1) })
	const held = await sign(key.id, 'killed')
	await stack.processes.find((p) => p !== stack.server).stop() /* the driver: nobody signs yet */
	assert.equal((await decide(anna, held.approvalId)).status, 'Approved')
	await stack.server.kill()
	await stack.startServer()
	assert.equal((await machine.keys.getSignature({ keyId: key.id, signatureId: held.id })).status, 'Executing')
	await assert.rejects(decide(ben, held.approvalId), is(409, /has ended/))
	await stack.startDriver()
	const signed = await settled(key.id, held.id)
	assert.equal(signed.status, 'Signed')
	assert.ok(verifySecp256k1(key.publicKey, Buffer.from('killed'), signed.signature))
	assert.equal(sqlite(`SELECT count(*) FROM jobs WHERE subject_id = '${held.id}'`), '0')
	await noMore()
})

test('changes of policies and permissions wait, and the client is told', async () => {
	const guarded = await policy({ action: { kind: 'NoAction' } })
	const guard = await policy({ activityKind: 'Policies:Modify', action: asks(1), filters: { policyId: { in: [guarded.id] } } })
	const held = await machine.policies.archivePolicy({ policyId: guarded.id }).then(assert.fail, (error) => error)
	assert.ok(held instanceof PolicyPendingError || held.httpStatus === 202, held.message)
	const { approvalId, status, operationKind } = held.context
	assert.deepEqual([status, operationKind], ['Pending', 'Update'])
	assert.equal((await machine.policies.getPolicy({ policyId: guarded.id })).pendingChangeRequest.approvalId, approvalId)
	await decide(ben, approvalId)
	assert.equal((await machine.policies.getPolicy({ policyId: guarded.id })).status, 'Archived')
	await machine.policies.archivePolicy({ policyId: guard.id })
	policies = []

	const permission = await machine.permissions.createPermission({ body: { name: 'readers', operations: ['Keys:Read'] } })
	await policy({ activityKind: 'Permissions:Modify', action: asks(1), filters: { permissionId: { in: [permission.id] } } })
	const waiting = await machine.permissions.updatePermission({ permissionId: permission.id, body: { operations: ['Keys:Read', 'Wallets:Read'] } }).then(assert.fail, (error) => error)
	assert.equal(waiting.httpStatus, 202)
	const { items } = await anna.client.policies.listApprovals({ query: { status: 'Pending', approverId: anna.id } })
	assert.deepEqual(items.map((item) => item.id), [waiting.context.approvalId])
	await decide(anna, waiting.context.approvalId)
	assert.deepEqual((await machine.permissions.getPermission({ permissionId: permission.id })).operations.toSorted(), ['Keys:Read', 'Wallets:Read'])
	await noMore()
})
