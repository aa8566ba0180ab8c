// SPDX-License-Identifier: Apache-2.0
// Every call that the official client has for keys, signers, wallets, policies, permissions, auth, webhooks and networks, made at
// least once by each of its two kinds (the direct one, and the delegated one, whose challenges are signed elsewhere). Each answer has
// the members that the client's own types say, no others, and nothing that is null; what is refused is refused with words.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import sdk from '@dfns/sdk'

import { KeyPair } from './authenticator.mjs'
import { wrongWith } from './shapes.mjs'
import { Stack } from './stack.mjs'

const { DfnsApiClient, DfnsDelegatedApiClient, DfnsError } = sdk
const GROUPS = ['keys', 'signers', 'wallets', 'policies', 'permissions', 'auth', 'webhooks', 'networks']
const CODE = /^\w{5}-\w{5}-\w{5}-\w{5}$/
let stack, receiver, machineKey

/** The calls of a group that are not another name for one of its calls. */
function callsOf(group) {
	const prototype = Object.getPrototypeOf(new DfnsApiClient({ baseUrl: 'https://127.0.0.1' })[group])
	return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor' && !/return this\.\w+\(/.test(`${prototype[name]}`))
}

/** With the delegated client a call is begun, its challenge signed by whoever holds the key, and then completed. */
async function inTwoSteps(calls, method, params, signer) {
	if (calls[method]) return calls[method](params)
	const challenge = await calls[`${method}Init`](params)
	const signed = { challengeIdentifier: challenge.challengeIdentifier, firstFactor: await signer.sign(challenge) }
	return calls[`${method}Complete`](params, signed)
}

/** One kind of client, of which it is remembered what was called; api(token, signer).GROUP.METHOD(params) checks what it answers. */
function watch(Client) {
	const called = new Set()
	const api = (authToken, signer) => {
		const client = new Client({ baseUrl: stack.apiUrl, authToken, signer })
		const call = async (group, method, params) => {
			called.add(`${group}.${method}`)
			const answer = await inTwoSteps(client[group], method, params, signer)
			assert.deepEqual(wrongWith(group, method, answer), [])
			return answer
		}
		return Object.fromEntries(GROUPS.map((group) => [group, new Proxy({}, { get: (_, method) => (params) => call(group, method, params) })]))
	}
	return Object.assign(api, { called })
}

before(async () => {
	receiver = http.createServer((request, response) => request.resume().on('end', () => response.end('{}')))
	await new Promise((done) => receiver.listen(0, '127.0.0.1', done))
	stack = await Stack.start({ server: { args: ['--webhook-private', '--login-rate', '0', '--audit-checkpoint-seconds', '1'] } })
	stack.client() /* has this process trust the stack's certificates */
	machineKey = Object.assign(new KeyPair(), { privateKey: stack.privateKey, credId: stack.account.DFNS_CRED_ID })
})
after(async () => {
	receiver?.close()
	await stack?.stop()
})

const refused = (call, status, words = /.{10}/) => assert.rejects(call, (error) => {
	assert.ok(error instanceof DfnsError, `${error?.stack}`)
	assert.equal(error.httpStatus, status, error.message)
	assert.match(error.message, words)
	return true
})

async function code(username, kind) {
	const { stdout } = await stack.holdfast(['server', 'user-code', ...stack.serverDatabase, '--username', username, '--kind', kind], { pin: null })
	assert.match(stdout.trim(), CODE)
	return stdout.trim()
}

/** The parts of one run: who is there, by the kind of client. */
class Run {
	constructor(name, api) {
		Object.assign(this, { name, api })
		this.machine = api(stack.account.DFNS_AUTH_TOKEN, machineKey)
		this.open = api('', undefined)
		this.orgId = stack.account.DFNS_ORG_ID
	}

	email = (who) => `${who}-${this.name}@bank.example`

	async login(username, key) {
		const challenge = await this.open.auth.createLoginChallenge({ body: { username, orgId: this.orgId } })
		const { token } = await this.open.auth.login({ body: { challengeIdentifier: challenge.challengeIdentifier, firstFactor: await key.sign(challenge) } })
		return Object.assign(this.api(token, key), { token })
	}

	/** Somebody who may do everything, with a key that an administrator was given for him. */
	async person(who) {
		const key = new KeyPair()
		const user = await this.machine.auth.createUser({ body: { email: this.email(who), kind: 'CustomerEmployee', publicKey: key.pem } })
		key.credId = Buffer.from(user.credentialUuid.replace(/^cr/, 'ci')).toString('base64url')
		const everything = (await this.machine.permissions.listPermissions({})).items.find((one) => one.isImmutable)
		const assignment = await this.machine.permissions.createAssignment({ permissionId: everything.id, body: { identityId: user.userId } })
		return Object.assign(await this.login(this.email(who), key), { userId: user.userId, key, assignment })
	}
}

async function keysAndSigners({ machine }) {
	const { items: [store] } = await machine.signers.listKeyStores({})
	await machine.signers.listSigners({})
	const { id: keyId } = await machine.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1', name: 'a', storeId: store.id } })
	await machine.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } })
	await machine.keys.getKey({ keyId })
	assert.ok((await machine.keys.listKeys({ query: { limit: '1' } })).nextPageToken)
	await machine.keys.updateKey({ keyId, body: { name: 'b' } })
	const made = await machine.keys.generateSignature({ keyId, body: { kind: 'Hash', hash: 'ab'.repeat(32), externalId: `e-${keyId}` } })
	await machine.keys.getSignature({ keyId, signatureId: made.id })
	assert.equal((await machine.keys.listSignatures({ keyId })).items.length, 1)
	await machine.wallets.createWallet({ body: { network: 'KeyECDSA', signingKey: { id: keyId } } })
	assert.equal((await machine.keys.getKey({ keyId })).wallets.length, 1)
	assert.equal((await machine.keys.deleteKey({ keyId })).status, 'Archived')
	for (const method of ['importKey', 'exportKey', 'deriveKey', 'delegateKey']) await refused(machine.keys[method]({ keyId, body: {} }), 400)
}

const WALLETS_ELSEWHERE = ['broadcastTransaction', 'getTransaction', 'listTransactions', 'cancelTransaction', 'transferAsset', 'getTransfer',
	'listTransfers', 'cancelTransfer', 'getWalletAssets', 'getWalletNfts', 'getWalletHistory', 'listOrgWalletHistory', 'listOffers', 'getOffer',
	'acceptOffer', 'rejectOffer']
const ids = { transactionId: 'tx-1', transferId: 'xfr-1', offerId: 'of-1', network: 'Canton', validatorId: 'cv-1', body: {}, query: {} }

async function walletsAndNetworks({ machine, name }) {
	const { id: walletId } = await machine.wallets.createWallet({ body: { network: 'EthereumSepolia', name: 'w', externalId: name, tags: ['one'] } })
	await machine.wallets.createWallet({ body: { network: 'Solana' } })
	await machine.wallets.getWallet({ walletId })
	assert.ok((await machine.wallets.listWallets({ query: { limit: '1' } })).nextPageToken)
	await machine.wallets.updateWallet({ walletId, body: { name: 'x' } })
	await machine.wallets.tagWallet({ walletId, body: { tags: ['two'] } })
	await machine.wallets.untagWallet({ walletId, body: { tags: ['one'] } })
	assert.deepEqual((await machine.wallets.getWallet({ walletId })).tags, ['two'])
	const made = await machine.wallets.generateSignature({ walletId, body: { kind: 'Message', message: '00' } })
	await machine.wallets.getSignature({ walletId, signatureId: made.id })
	await machine.wallets.listSignatures({ walletId })
	for (const method of ['importWallet', 'exportWallet', 'delegateWallet', 'activateWallet']) await refused(machine.wallets[method]({ walletId, body: {} }), 400)
	for (const method of WALLETS_ELSEWHERE) await refused(machine.wallets[method]({ walletId, ...ids }), 501)
	for (const method of callsOf('networks')) await refused(machine.networks[method](ids), 501)
}

async function permissions({ machine, name, admin }) {
	const made = await machine.permissions.createPermission({ body: { name: `reading ${name}`, operations: ['Keys:Read'] } })
	const permissionId = made.id
	await machine.permissions.getPermission({ permissionId })
	await machine.permissions.updatePermission({ permissionId, body: { name: `read ${name}`, operations: ['Keys:Read', 'Wallets:Read'] } })
	const { id: assignmentId } = await machine.permissions.createAssignment({ permissionId, body: { identityId: admin.userId } })
	assert.equal((await machine.permissions.listAssignments({ permissionId })).items[0].id, assignmentId)
	await machine.permissions.deleteAssignment({ permissionId, assignmentId, query: { force: true } })
	assert.deepEqual((await machine.permissions.listAssignments({ permissionId })).items, [])
	await machine.permissions.archivePermission({ permissionId, body: { isArchived: true } })
}

const asks = (...users) => ({ kind: 'RequestApproval', autoRejectTimeout: 60, approvalGroups: [{ name: 'people', quorum: 1, approvers: { userId: { in: users } } }] })

async function policies({ machine, admin }) {
	const { id: walletId } = await machine.wallets.createWallet({ body: { network: 'EthereumSepolia', tags: ['guarded'] } })
	const body = { name: 'asks', activityKind: 'Wallets:Sign', rule: { kind: 'AlwaysTrigger' }, action: asks(admin.userId), filters: { walletId: { in: [walletId] } } }
	const { id: policyId } = await machine.policies.createPolicy({ body })
	await machine.policies.getPolicy({ policyId })
	await machine.policies.listPolicies({ query: { status: 'Active' } })
	await machine.policies.updatePolicy({ policyId, body: { ...body, name: 'still asks' } })
	for (const [value, reason] of [['Approved', 'as agreed'], ['Denied', undefined]]) {
		const held = await machine.wallets.generateSignature({ walletId, body: { kind: 'Hash', hash: 'cd'.repeat(32) } })
		const { approvalId } = held
		await admin.policies.getApproval({ approvalId })
		assert.equal((await admin.policies.listApprovals({ query: { status: 'Pending' } })).items[0].id, approvalId)
		assert.equal((await admin.policies.createApprovalDecision({ approvalId, body: { value, ...(reason && { reason }) } })).status, value)
		await sleep(200)
		await machine.wallets.getSignature({ walletId, signatureId: held.id })
		await admin.policies.getApproval({ approvalId })
	}
	await admin.policies.listApprovals({})
	assert.equal((await machine.policies.archivePolicy({ policyId })).status, 'Archived')
}

/** Each kind of policy that there may be, printed as its own type says. */
async function kindsOfPolicy({ machine, admin }) {
	const rules = [{ kind: 'TransactionRecipientWhitelist', configuration: { addresses: [`0x${'ab'.repeat(20)}`] } },
		{ kind: 'TransactionAmountLimit', configuration: { limit: 5, currency: 'ETH' } },
		{ kind: 'TransactionAmountVelocity', configuration: { limit: 5, currency: 'ETH', timeframe: 60 } },
		{ kind: 'TransactionCountVelocity', configuration: { limit: 5, timeframe: 60 } }]
	const filters = { walletTags: { hasAll: ['nothing has it'] } }
	const bodies = [...rules.map((rule) => ({ activityKind: 'Wallets:Sign', rule, action: { kind: 'Block' }, filters })),
		{ activityKind: 'Wallets:Sign', rule: { kind: 'AlwaysTrigger' }, action: { kind: 'NoAction' }, filters: { walletTags: { hasAny: ['nor it'] } } },
		...['Permissions:Assign', 'Permissions:Modify'].map((activityKind) => ({ activityKind, rule: { kind: 'AlwaysTrigger' }, action: asks(admin.userId),
			filters: { permissionId: { in: ['pm-00000-00000-00000000000000'] } } })),
		{ activityKind: 'Policies:Modify', rule: { kind: 'AlwaysTrigger' }, action: asks(admin.userId), filters: { policyId: { in: ['plc-00000-00000-00000000000000'] } } }]
	for (const body of bodies) {
		const { id: policyId } = await machine.policies.createPolicy({ body: { name: body.activityKind, ...body } }).catch((error) => {
			throw new Error(`${JSON.stringify(body)}: ${error.message}`)
		})
		await machine.policies.getPolicy({ policyId })
		await machine.policies.archivePolicy({ policyId })
	}
}

async function webhooks({ machine }) {
	const url = `http://127.0.0.1:${receiver.address().port}/hook`
	const { id: webhookId } = await machine.webhooks.createWebhook({ body: { url, events: ['*'], description: 'all' } })
	await machine.webhooks.getWebhook({ webhookId })
	await machine.webhooks.listWebhooks({})
	await machine.webhooks.pingWebhook({ webhookId })
	await machine.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } })
	let events = []
	for (let i = 0; i < 400 && !events.some((one) => one.status === '200'); i++, await sleep(50)) events = (await machine.webhooks.listWebhookEvents({ webhookId })).items
	assert.ok(events.length > 0)
	await machine.webhooks.getWebhookEvent({ webhookId, webhookEventId: events[0].id })
	await machine.webhooks.updateWebhook({ webhookId, body: { status: 'Disabled' } })
	await machine.webhooks.deleteWebhook({ webhookId })
}

async function users({ machine, email }) {
	const { userId } = await machine.auth.createUser({ body: { email: email('somebody'), kind: 'CustomerEmployee' } })
	await machine.auth.getUser({ userId })
	await machine.auth.listUsers({ query: { limit: 50 } })
	await machine.auth.updateUser({ userId, body: { isSSORequired: false } })
	assert.equal((await machine.auth.deactivateUser({ userId })).isActive, false)
	assert.equal((await machine.auth.activateUser({ userId })).isActive, true)
	await machine.auth.archiveUser({ userId })
}

async function machines({ admin, name }) {
	const publicKey = new KeyPair().pem
	const { userInfo } = await admin.auth.createServiceAccount({ body: { name: `bot ${name}`, publicKey, daysValid: 1, externalId: `x ${name}` } })
	const account = { serviceAccountId: userInfo.userId }
	await admin.auth.getServiceAccount(account)
	await admin.auth.listServiceAccounts({})
	await admin.auth.updateServiceAccount({ ...account, body: { name: `robot ${name}` } })
	for (const method of ['deactivateServiceAccount', 'activateServiceAccount', 'archiveServiceAccount']) await admin.auth[method](account)
	const { tokenId } = await admin.auth.createPersonalAccessToken({ body: { name: `pat ${name}`, publicKey, secondsValid: 60 } })
	await admin.auth.getPersonalAccessToken({ tokenId })
	await admin.auth.listPersonalAccessTokens({})
	await admin.auth.updatePersonalAccessToken({ tokenId, body: { name: `token ${name}` } })
	for (const method of ['deactivatePersonalAccessToken', 'activatePersonalAccessToken', 'archivePersonalAccessToken']) await admin.auth[method]({ tokenId })
}

async function credentials({ admin, open }) {
	const begun = await admin.auth.createCredentialChallenge({ body: { kind: 'Key' } })
	const made = await admin.auth.createCredential({ body: { ...await new KeyPair().create(begun), credentialName: 'second', challengeIdentifier: begun.challengeIdentifier } })
	await admin.auth.listCredentials({})
	await admin.auth.deactivateCredential({ body: { credentialUuid: made.credentialUuid } })
	await admin.auth.activateCredential({ body: { credentialUuid: made.credentialUuid } })
	const once = await admin.auth.createCredentialCode({ body: { expiration: new Date(Date.now() + 60_000).toISOString() } })
	const challenge = await open.auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Key', code: once.code } })
	await open.auth.createCredentialWithCode({ body: { ...await new KeyPair().create(challenge), credentialName: 'third', challengeIdentifier: challenge.challengeIdentifier } })
}

async function registration(run) {
	const username = run.email('newcomer'), key = new KeyPair(), recoveryKey = new KeyPair({ kind: 'RecoveryKey', encryptedPrivateKey: 'sealed' })
	await run.machine.auth.createUser({ body: { email: username, kind: 'CustomerEmployee' } })
	const challenge = await run.open.auth.createRegistrationChallenge({ body: { username, orgId: run.orgId, registrationCode: await code(username, 'registration') } })
	await run.api(challenge.temporaryAuthenticationToken).auth.register({ body: { firstFactorCredential: await key.create(challenge), recoveryCredential: await recoveryKey.create(challenge) } })
	const person = await run.login(username, key)
	await person.auth.listCredentials({})
	const recovery = await run.open.auth.createRecoveryChallenge({ body: { username, orgId: run.orgId, credentialId: recoveryKey.credId, verificationCode: await code(username, 'recovery') } })
	await recover(run, recovery, recoveryKey)
}

async function recover(run, challenge, recoveryKey) {
	const newCredentials = { firstFactorCredential: await new KeyPair().create(challenge), recoveryCredential: await new KeyPair({ kind: 'RecoveryKey' }).create(challenge) }
	const recovery = recoveryKey.assertion(Buffer.from(JSON.stringify(newCredentials)).toString('base64url'))
	await run.api(challenge.temporaryAuthenticationToken).auth.recover({ body: { recovery, newCredentials } })
}

/** What an application does for its own customers. */
async function endUsers(run) {
	const { machine, email } = run
	const key = new KeyPair(), recoveryKey = new KeyPair({ kind: 'RecoveryKey' }), username = email('customer')
	const challenge = await machine.auth.createDelegatedRegistrationChallenge({ body: { email: username, kind: 'EndUser' } })
	await run.api(challenge.temporaryAuthenticationToken).auth.registerEndUser({ body: {
		firstFactorCredential: await key.create(challenge), recoveryCredential: await recoveryKey.create(challenge), wallets: [] } })
	await machine.auth.delegatedLogin({ body: { username } })
	await recover(run, await machine.auth.createDelegatedRecoveryChallenge({ body: { username, credentialId: recoveryKey.credId } }), recoveryKey)
}

async function logs({ machine }) {
	const csv = await machine.auth.listAuditLogs({ query: { startTime: new Date(Date.now() - 3_600_000).toISOString(), endTime: new Date(Date.now() + 60_000).toISOString() } })
	const [header, first] = csv.split('\n')
	assert.match(header, /^Date Performed,Audit Log ID,User ID,Username,Primary Credential ID,Action Path,Summary/)
	await machine.auth.getAuditLog({ id: first.split(',')[1].replaceAll('"', '') })
}

async function restOfAuth(run) {
	const { machine, open, orgId } = run
	const username = run.email('admin')
	const challenge = await machine.auth.createUserActionChallenge({ body: { userActionHttpMethod: 'POST', userActionHttpPath: '/keys', userActionPayload: '{}' } })
	await machine.auth.createUserActionSignature({ body: { challengeIdentifier: challenge.challengeIdentifier, firstFactor: await machineKey.sign(challenge) } })
	await machine.auth.listApplications({})
	await refused(machine.auth.getApplication({ appId: 'ap-00000-00000-00000000000000' }), 404)
	const elsewhere = { resendRegistrationCode: { username, orgId }, sendLoginCode: { username, orgId }, sendRecoveryCode: { username, orgId },
		socialLogin: { socialLoginProviderKind: 'Oidc', idToken: 'x' }, ssoLogin: { code: 'c', state: 's' },
		ssoLoginInit: { orgId, clientId: 'c', redirectUri: 'https://app.bank.example' }, createSocialRegistrationChallenge: { socialLoginProviderKind: 'Oidc', idToken: 'x' } }
	for (const [method, body] of Object.entries(elsewhere)) await refused(open.auth[method]({ body }), 501)
	const leaving = await run.login(username, run.admin.key)
	await leaving.auth.logout({ body: {} })
	await refused(leaving.auth.listCredentials({}), 401)
}

for (const [name, Client] of [['direct', DfnsApiClient], ['delegated', DfnsDelegatedApiClient]]) {
	const api = watch(Client)
	let run
	test(`${name}: somebody logs in`, async () => {
		run = new Run(name, api)
		run.admin = await run.person('admin')
	})
	for (const part of [keysAndSigners, walletsAndNetworks, permissions, policies, kindsOfPolicy, webhooks, users, machines, credentials, registration, endUsers, logs, restOfAuth])
		test(`${name}: ${part.name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`)}`, () => part(run))
	test(`${name}: no call of the client was left out`, () => {
		const missing = GROUPS.flatMap((group) => callsOf(group).map((method) => `${group}.${method}`)).filter((one) => !api.called.has(one))
		assert.deepEqual(missing, [])
	})
}

test('the audit log of all this is whole, proven without the server', async () => {
	const [bundle, keys] = [stack.path('audit.jsonl'), stack.path('audit-keys.pem')]
	const exported = async (...args) => (await stack.holdfast(['audit', 'export', ...stack.serverDatabase, ...args])).stdout
	writeFileSync(bundle, await exported())
	writeFileSync(keys, await exported('--format', 'keys'))
	const result = await stack.holdfast(['audit', 'verify', '--quiet', '--public-key', keys, bundle])
	assert.equal(result.code, 0, result.stderr)
	assert.match(result.stdout, /is whole/)
})
