// SPDX-License-Identifier: Apache-2.0
// People and machines with the official client, unmodified: users, service accounts, personal access tokens; what each may
// do, and that it ends when it is taken away.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'

import sdk from '@dfns/sdk'
import keysigner from '@dfns/sdk-keysigner'

import { DfnsError, Stack } from './stack.mjs'

const { DfnsAuthenticator } = sdk
const { AsymmetricKeySigner } = keysigner
const KEY = { body: { scheme: 'EdDSA', curve: 'ed25519' } }
let stack, root, anna, admin

function keyPair() {
	const { publicKey, privateKey } = generateKeyPairSync('ed25519')
	return { publicKey: publicKey.export({ type: 'spki', format: 'pem' }), privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) }
}

/** The id that clients have for the key a user was made with. */
const credentialOf = (user) => Buffer.from(user.credentialUuid.replace(/^cr/, 'ci')).toString('base64url')

/** A user with a key, logged in as the official client does it. */
async function makeUser(email) {
	const key = keyPair()
	const user = await root.auth.createUser({ body: { email, kind: 'CustomerEmployee', publicKey: key.publicKey } })
	const credId = credentialOf(user)
	const signer = new AsymmetricKeySigner({ credId, privateKey: key.privateKey })
	const authenticator = new DfnsAuthenticator({ baseUrl: stack.apiUrl, orgId: stack.account.DFNS_ORG_ID, signer })
	const { token } = await authenticator.login({ orgId: stack.account.DFNS_ORG_ID, username: email })
	return { ...user, client: stack.client({ authToken: token, credId, privateKey: key.privateKey }) }
}

const clientOf = (accessToken, key) => stack.client({ authToken: accessToken.accessToken, credId: accessToken.credId, privateKey: key.privateKey })

async function makeServiceAccount(by, name, permissionId) {
	const key = keyPair()
	const made = await by.auth.createServiceAccount({ body: { name, publicKey: key.publicKey, permissionId, daysValid: 1 } })
	return { ...made, client: clientOf(made.accessTokens[0], key) }
}

async function makeToken(by, name, permissionId) {
	const key = keyPair()
	const made = await by.auth.createPersonalAccessToken({ body: { name, publicKey: key.publicKey, permissionId, secondsValid: 3600 } })
	return { ...made, client: clientOf(made, key) }
}

const refused = (call, httpStatus, words) => assert.rejects(call, (error) => {
	assert.ok(error instanceof DfnsError, `${error}`)
	assert.equal(error.httpStatus, httpStatus, error.message)
	if (words) assert.match(error.message, words)
	return true
})

before(async () => {
	stack = await Stack.start()
	root = stack.client()
	admin = (await root.permissions.listPermissions()).items.find(({ name }) => name === 'DfnsFullAdminAccess')
	anna = await makeUser('anna@example.com')
	await root.permissions.createAssignment({ permissionId: admin.id, body: { identityId: anna.userId } })
})
after(() => stack?.stop())

test('a user has what was assigned to him, until it is revoked', async () => {
	const ben = await makeUser('ben@example.com')
	assert.deepEqual(ben.permissionAssignments, [])
	await refused(ben.client.keys.listKeys(), 403, /not authorized to perform operation \(Keys:Read\)/)
	const permission = await root.permissions.createPermission({ body: { name: 'keys', operations: ['Keys:Read', 'Keys:Create'] } })
	const assignment = await root.permissions.createAssignment({ permissionId: permission.id, body: { identityId: ben.userId } })
	await ben.client.keys.createKey(KEY)
	assert.equal((await ben.client.keys.listKeys()).items.length, 1)
	await refused(ben.client.signers.listKeyStores(), 403)
	const seen = await root.auth.getUser({ userId: ben.userId })
	assert.equal(seen.permissionAssignments[0].assignmentId, assignment.id)
	assert.deepEqual((await root.permissions.listAssignments({ permissionId: permission.id })).items.map(({ identityId }) => identityId), [ben.userId])
	await root.permissions.deleteAssignment({ permissionId: permission.id, assignmentId: assignment.id })
	await refused(ben.client.keys.listKeys(), 403)
})

test('a permission is changed and archived', async () => {
	const cara = await makeUser('cara@example.com')
	const { id: permissionId } = await root.permissions.createPermission({ body: { name: 'stores', operations: ['KeyStores:Read'] } })
	await root.permissions.createAssignment({ permissionId, body: { identityId: cara.userId } })
	await cara.client.signers.listKeyStores()
	const changed = await root.permissions.updatePermission({ permissionId, body: { name: 'other', operations: ['Keys:Read'] } })
	assert.deepEqual([changed.name, changed.operations], ['other', ['Keys:Read']])
	await refused(cara.client.signers.listKeyStores(), 403)
	assert.equal((await root.permissions.archivePermission({ permissionId, body: { isArchived: true } })).isArchived, true)
	await refused(cara.client.keys.listKeys(), 403)
	await refused(root.permissions.createPermission({ body: { name: 'other', operations: [] } }), 409)
	await refused(root.permissions.updatePermission({ permissionId: admin.id, body: { operations: [] } }), 409, /built in/)
})

test('a service account signs with what it was given; a machine makes no machines', async () => {
	const { id: permissionId } = await root.permissions.createPermission({ body: { name: 'signing', operations: ['Keys:Read', 'Keys:Create', 'Keys:Signatures:Create'] } })
	await refused(makeServiceAccount(root, 'by a machine', permissionId), 403, /service accounts/)
	const bot = await makeServiceAccount(anna.client, 'bot', permissionId)
	assert.equal(bot.userInfo.isServiceAccount, true)
	assert.equal(bot.accessTokens[0].linkedUserId, bot.userInfo.userId)
	const key = await bot.client.keys.createKey(KEY)
	const signature = await bot.client.keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: '11'.repeat(32) } })
	assert.equal(signature.status, 'Signed')
	await refused(bot.client.keys.deleteKey({ keyId: key.id }), 403, /Keys:Delete/)
	await refused(makeServiceAccount(anna.client, 'bot', permissionId), 409)
	const listed = (await root.auth.listServiceAccounts()).items.find(({ userInfo }) => userInfo.userId === bot.userInfo.userId)
	assert.equal(listed.accessTokens[0].accessToken, undefined)
	const serviceAccountId = bot.userInfo.userId
	assert.equal((await root.auth.updateServiceAccount({ serviceAccountId, body: { name: 'robot' } })).userInfo.name, 'robot')
	await root.auth.deactivateServiceAccount({ serviceAccountId })
	await refused(bot.client.keys.listKeys(), 401, /user token is missing or invalid/)
	await root.auth.activateServiceAccount({ serviceAccountId })
	await bot.client.keys.listKeys()
	await root.auth.archiveServiceAccount({ serviceAccountId })
	await refused(bot.client.keys.listKeys(), 401)
	await refused(root.auth.getServiceAccount({ serviceAccountId }), 404)
})

test('a personal access token that may only read keys can do nothing else', async () => {
	const { id: permissionId } = await root.permissions.createPermission({ body: { name: 'reading', operations: ['Keys:Read'] } })
	const pat = await makeToken(anna.client, 'reader', permissionId)
	const { keys, auth, permissions, policies, signers, wallets, webhooks } = pat.client
	const key = (await keys.listKeys()).items[0]
	await keys.getKey({ keyId: key.id })
	const others = {
		createKey: () => keys.createKey(KEY),
		updateKey: () => keys.updateKey({ keyId: key.id, body: { name: 'x' } }),
		deleteKey: () => keys.deleteKey({ keyId: key.id }),
		generateSignature: () => keys.generateSignature({ keyId: key.id, body: { kind: 'Hash', hash: '11'.repeat(32) } }),
		listSignatures: () => keys.listSignatures({ keyId: key.id }),
		listKeyStores: () => signers.listKeyStores(),
		createWallet: () => wallets.createWallet({ body: { network: 'KeyEdDSA' } }),
		listWallets: () => wallets.listWallets(),
		listUsers: () => auth.listUsers(),
		getUser: () => auth.getUser({ userId: anna.userId }),
		createUser: () => auth.createUser({ body: { email: 'x@example.com', kind: 'CustomerEmployee' } }),
		deactivateUser: () => auth.deactivateUser({ userId: anna.userId }),
		listServiceAccounts: () => auth.listServiceAccounts(),
		createServiceAccount: () => makeServiceAccount(pat.client, 'x'),
		listPersonalAccessTokens: () => auth.listPersonalAccessTokens(),
		createPersonalAccessToken: () => makeToken(pat.client, 'x'),
		archivePersonalAccessToken: () => auth.archivePersonalAccessToken({ tokenId: pat.tokenId }),
		listPermissions: () => permissions.listPermissions(),
		createPermission: () => permissions.createPermission({ body: { name: 'x', operations: [] } }),
		updatePermission: () => permissions.updatePermission({ permissionId, body: { operations: ['Keys:Create'] } }),
		createAssignment: () => permissions.createAssignment({ permissionId: admin.id, body: { identityId: pat.tokenId } }),
		listPolicies: () => policies.listPolicies(),
		listApprovals: () => policies.listApprovals(),
		listWebhooks: () => webhooks.listWebhooks(),
	}
	for (const [name, call] of Object.entries(others))
		await assert.rejects(call, (error) => error instanceof DfnsError && error.httpStatus === 403, name)
})

test('a personal access token comes and goes with its user', async () => {
	const dora = await makeUser('dora@example.com')
	const assignment = await root.permissions.createAssignment({ permissionId: admin.id, body: { identityId: dora.userId } })
	const pat = await makeToken(dora.client, 'mine')
	await pat.client.signers.listKeyStores()
	assert.deepEqual((await dora.client.auth.listPersonalAccessTokens()).items.map(({ tokenId }) => tokenId), [pat.tokenId])
	await refused(anna.client.auth.getPersonalAccessToken({ tokenId: pat.tokenId }), 404)
	await dora.client.auth.deactivatePersonalAccessToken({ tokenId: pat.tokenId })
	await refused(pat.client.signers.listKeyStores(), 401)
	await dora.client.auth.activatePersonalAccessToken({ tokenId: pat.tokenId })
	await pat.client.signers.listKeyStores()
	await root.permissions.deleteAssignment({ permissionId: admin.id, assignmentId: assignment.id })
	await refused(pat.client.signers.listKeyStores(), 403)
	await root.auth.deactivateUser({ userId: dora.userId })
	await refused(pat.client.signers.listKeyStores(), 401)
	await refused(dora.client.auth.listPersonalAccessTokens(), 401)
})

test('nobody shuts himself out, and one with full access remains', async () => {
	const page = await root.permissions.listAssignments({ permissionId: admin.id })
	const mine = page.items.find(({ identityId }) => identityId === anna.userId)
	await refused(anna.client.auth.deactivateUser({ userId: anna.userId }), 409)
	await refused(anna.client.permissions.deleteAssignment({ permissionId: admin.id, assignmentId: mine.id }), 409, /force/)
	await anna.client.permissions.deleteAssignment({ permissionId: admin.id, assignmentId: mine.id, query: { force: true } })
	await refused(anna.client.keys.listKeys(), 403)
	const last = page.items.find(({ identityId }) => identityId.startsWith('us-') && identityId !== anna.userId)
	await refused(root.permissions.deleteAssignment({ permissionId: admin.id, assignmentId: last.id, query: { force: true } }), 409, /nobody would be left/)
})
