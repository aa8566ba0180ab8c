// SPDX-License-Identifier: Apache-2.0
// Who else is there in script/demo: an administrator, a user who may approve, and a service account that may only read keys, made
// once with the official client. Prints shell assignments. Login tokens end after a day: each start of the demo makes new ones.
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import sdk from '@dfns/sdk'
import { BaseAuthApi } from '@dfns/sdk/baseAuthApi.js'
import keysigner from '@dfns/sdk-keysigner'

const { DFNS_API_URL: baseUrl, DFNS_AUTH_TOKEN, DFNS_CRED_ID, DFNS_ORG_ID: orgId, DFNS_PRIVATE_KEY_FILE } = process.env
const dir = process.argv[2]
const remembered = join(dir, 'people.json')

const signer = (credId, keyFile) => new keysigner.AsymmetricKeySigner({ credId, privateKey: readFileSync(keyFile, 'utf8') })
const client = (authToken, credId, keyFile) => new sdk.DfnsApiClient({ baseUrl, orgId, authToken, signer: signer(credId, keyFile) })

/** A key pair in DIR/NAME-key.pem; returns the public half. */
function keyPair(name) {
	const { publicKey, privateKey } = generateKeyPairSync('ed25519')
	writeFileSync(join(dir, `${name}-key.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
	return publicKey.export({ type: 'spki', format: 'pem' })
}

const keyFile = (name) => join(dir, `${name}-key.pem`)

/** The login's challenge tells which credential may answer it. */
async function logIn(username, name) {
	const challenge = await BaseAuthApi.createUserLoginChallenge({ username, orgId }, { baseUrl })
	const credId = challenge.allowCredentials.key[0].id
	const firstFactor = await signer(credId, keyFile(name)).sign(challenge)
	const { token } = await BaseAuthApi.createUserLogin({ challengeIdentifier: challenge.challengeIdentifier, firstFactor }, { baseUrl })
	return { token, credId }
}

/** A run that was interrupted may have left people of these names behind: they go, and the names are free again. */
async function makeUser(as, name, permissionId) {
	const email = `${name}@bank.example`
	for (const user of (await as.auth.listUsers({})).items)
		if (user.username === email && user.isActive) await as.auth.archiveUser({ userId: user.userId })
	const user = await as.auth.createUser({ body: { email, kind: 'CustomerEmployee', publicKey: keyPair(name) } })
	await as.permissions.createAssignment({ permissionId, body: { identityId: user.userId } })
	return { email, userId: user.userId }
}

async function makeAccount(as, name, permissionId) {
	for (const { userInfo } of (await as.auth.listServiceAccounts()).items)
		if (userInfo.name === name && userInfo.isActive) await as.auth.archiveServiceAccount({ serviceAccountId: userInfo.userId })
	const { userInfo, accessTokens: [access] } = await as.auth.createServiceAccount({ body: { name, publicKey: keyPair('limited'), permissionId, daysValid: 365 } })
	return { userId: userInfo.userId, token: access.accessToken, credId: access.credId }
}

async function permission(as, name, operations) {
	const known = (await as.permissions.listPermissions()).items.find((one) => one.name === name)
	return known ?? as.permissions.createPermission({ body: { name, operations } })
}

/** The first service account makes the administrator; what only people may do is the administrator's. */
async function makeAll() {
	const treasury = client(DFNS_AUTH_TOKEN, DFNS_CRED_ID, DFNS_PRIVATE_KEY_FILE)
	const everything = (await treasury.permissions.listPermissions()).items.find((one) => one.isImmutable)
	const admin = await makeUser(treasury, 'admin', everything.id)
	const { token, credId } = await logIn(admin.email, 'admin')
	const asAdmin = client(token, credId, keyFile('admin'))

	const approving = await permission(asAdmin, 'Approver', ['Policies:Read', 'Policies:Approvals:Read', 'Policies:Approvals:Approve',
		'Keys:Read', 'Wallets:Read', 'Keys:Signatures:Read'])
	const approver = await makeUser(asAdmin, 'approver', approving.id)
	const reading = await permission(asAdmin, 'Keys, read only', ['Keys:Read'])
	return { admin, approver, limited: await makeAccount(asAdmin, 'auditing-service', reading.id) }
}

const print = (values) => Object.entries(values).forEach(([name, value]) => console.log(`${name}='${value}'`))

async function main() {
	if (!existsSync(remembered)) writeFileSync(remembered, JSON.stringify(await makeAll()), { mode: 0o600 })
	const { admin, approver, limited } = JSON.parse(readFileSync(remembered, 'utf8'))
	for (const [prefix, user, name] of [['DFNS_ADMIN', admin, 'admin'], ['DFNS_APPROVER', approver, 'approver']]) {
		const { token, credId } = await logIn(user.email, name)
		print({ [`${prefix}_AUTH_TOKEN`]: token, [`${prefix}_CRED_ID`]: credId, [`${prefix}_PRIVATE_KEY_FILE`]: keyFile(name), [`${prefix}_USER_ID`]: user.userId })
	}
	print({ DFNS_LIMITED_AUTH_TOKEN: limited.token, DFNS_LIMITED_CRED_ID: limited.credId, DFNS_LIMITED_PRIVATE_KEY_FILE: keyFile('limited'), DFNS_LIMITED_USER_ID: limited.userId })
}

main().catch((error) => {
	console.error(error instanceof sdk.DfnsError ? `${error.httpStatus} ${error.message}` : error)
	process.exitCode = 1
})
