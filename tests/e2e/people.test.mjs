// SPDX-License-Identifier: Apache-2.0
// People prove who they are, with the official client: registration, login, credentials, recovery, delegated calls, and
// the tokens that come of it.
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { after, before, test } from 'node:test'

import sdk from '@dfns/sdk'

import { Authenticator, KeyPair } from './authenticator.mjs'
import { request } from './raw.mjs'
import { DfnsApiClient, Stack } from './stack.mjs'

const { DfnsAuthenticator } = sdk
const { BaseAuthApi } = await import('@dfns/sdk/baseAuthApi.js')
let stack, machine, orgId

before(async () => {
	stack = await Stack.start({ drivers: 0, server: { args: ['--rp-id', 'bank.example', '--origin', 'https://app.bank.example,https://ops.bank.example', '--login-rate', '0'] } })
	machine = stack.client()
	orgId = stack.account.DFNS_ORG_ID
})
after(() => stack?.stop())

const is = (status, words = /./) => (error) => {
	assert.equal(error.httpStatus, status, error.message)
	assert.match(error.message, words)
	return true
}

const options = (signer) => ({ baseUrl: stack.apiUrl, orgId, signer })
const as = (authToken, signer) => new DfnsApiClient({ ...options(signer), authToken })
const open = () => new DfnsApiClient({ baseUrl: stack.apiUrl, authToken: '', signer: undefined })

async function code(username, ...args) {
	const result = await stack.holdfast(['server', 'user-code', ...stack.serverDatabase, '--username', username, ...args], { pin: null })
	assert.equal(result.code, 0, result.stderr)
	return result.stdout.trim()
}

async function register(username, signer = new KeyPair()) {
	await machine.auth.createUser({ body: { email: username, kind: 'CustomerEmployee' } })
	const made = await new DfnsAuthenticator(options(signer)).register({ username, registrationCode: await code(username), orgId })
	assert.equal(made.user.username, username)
	return signer
}

async function login(username, signer) {
	const { token } = await new DfnsAuthenticator(options(signer)).login({ username, orgId })
	return as(token, signer)
}

async function addCredential(client, signer) {
	const challenge = await client.auth.createCredentialChallenge({ body: { kind: signer.kind ?? 'Fido2' } })
	const made = await signer.create(challenge)
	return client.auth.createCredential({ body: { credentialName: 'another', ...made, challengeIdentifier: challenge.challengeIdentifier } })
}

test('a user registers with a code, logs in, and sees his credential', async () => {
	const key = await register('alice@bank.example', new KeyPair({ name: 'laptop' }))
	const alice = await login('alice@bank.example', key)
	const { items } = await alice.auth.listCredentials()
	assert.equal(items.length, 1)
	assert.deepEqual({ ...items[0], credentialUuid: '', dateCreated: '' }, { kind: 'Key', credentialId: key.credId, credentialUuid: '', dateCreated: '',
		isActive: true, name: 'laptop', publicKey: key.pem, relyingPartyId: '', origin: '' })
	const { items: users } = await machine.auth.listUsers({})
	assert.equal(users.find((user) => user.username === 'alice@bank.example').isRegistered, true)
})

test('each kind of key logs in', async () => {
	for (const [name, key] of Object.entries({ p256: new KeyPair({ type: 'ec', options: { namedCurve: 'P-256' } }), rsa: new KeyPair({ type: 'rsa', options: { modulusLength: 3072 } }) })) {
		await register(`${name}@bank.example`, key)
		await login(`${name}@bank.example`, key)
	}
})

test('a registration code is good once, for its user', async () => {
	await register('once@bank.example')
	await machine.auth.createUser({ body: { email: 'twice@bank.example', kind: 'CustomerEmployee' } })
	const registrationCode = await code('twice@bank.example')
	const begin = (username, c = registrationCode) => open().auth.createRegistrationChallenge({ body: { username, registrationCode: c, orgId } })
	await assert.rejects(begin('once@bank.example'), is(401, /code is not valid/))
	const [first, second] = [await begin('twice@bank.example'), await begin('twice@bank.example', registrationCode.toUpperCase().replaceAll('-', ' '))]
	const finish = async (challenge, key) => BaseAuthApi.createUserRegistration({ firstFactorCredential: await key.create(challenge) },
		{ ...options(key), authToken: challenge.temporaryAuthenticationToken })
	await finish(first, new KeyPair())
	await assert.rejects(finish(second, new KeyPair()), is(401, /was used/))
	await assert.rejects(finish(first, new KeyPair()), is(400, /used already/))
	const again = await stack.holdfast(['server', 'user-code', ...stack.serverDatabase, '--username', 'twice@bank.example'], { pin: null })
	assert.equal(again.code, 1)
	assert.match(again.stderr, /registered already.*--replace/s)
	const none = await stack.holdfast(['server', 'user-code', ...stack.serverDatabase, '--username', 'nobody@bank.example'], { pin: null })
	assert.match(none.stderr, /no active user/)
})

test('a new key has to sign, for this very registration', async () => {
	await machine.auth.createUser({ body: { email: 'sign@bank.example', kind: 'CustomerEmployee' } })
	const challenge = await open().auth.createRegistrationChallenge({ body: { username: 'sign@bank.example', registrationCode: await code('sign@bank.example'), orgId } })
	const finish = (made, token = challenge.temporaryAuthenticationToken) => BaseAuthApi.createUserRegistration({ firstFactorCredential: made }, { ...options(), authToken: token })
	const [key, other] = [new KeyPair(), new KeyPair()]
	const good = await key.create(challenge)
	const swapped = JSON.parse(Buffer.from(good.credentialInfo.attestationData, 'base64url'))
	swapped.publicKey = other.pem
	await assert.rejects(finish({ ...good, credentialInfo: { ...good.credentialInfo, attestationData: Buffer.from(JSON.stringify(swapped)).toString('base64url') } }), is(401, /does not verify/))
	await assert.rejects(finish(await key.create({ challenge: 'another' })), is(400, /challenge/))
	await assert.rejects(finish({ credentialKind: 'Password', credentialInfo: { password: 'x' } }), is(400, /passwords/))
	await assert.rejects(finish(good, stack.account.DFNS_AUTH_TOKEN), is(401, /temporary authentication token/))
	assert.equal((await finish(good)).credential.kind, 'Key')
})

test('an authenticator registers, logs in and signs user actions; each algorithm', async () => {
	for (const algorithm of [-7, -8, -257]) {
		const username = `passkey${algorithm}@bank.example`
		const passkey = await register(username, new Authenticator({ algorithm, name: 'passkey' }))
		const user = await login(username, passkey)
		const { items: [credential] } = await user.auth.listCredentials()
		assert.deepEqual([credential.kind, credential.relyingPartyId, credential.origin], ['Fido2', 'bank.example', 'https://app.bank.example'])
		assert.ok((await user.auth.createCredentialCode({ body: { expiration: new Date(Date.now() + 60_000).toISOString() } })).code)
	}
})

test('an authenticator of another page, or that saw nobody, is refused', async () => {
	const passkey = await register('phished@bank.example', new Authenticator())
	const attempt = async (changes, status) => {
		const kept = { ...passkey }
		Object.assign(passkey, changes)
		await assert.rejects(login('phished@bank.example', passkey), is(status))
		Object.assign(passkey, kept)
	}
	await attempt({ origin: 'https://evil.example' }, 401)
	await attempt({ rpId: 'evil.example' }, 401)
	await attempt({ flags: 0x04 }, 401)
	await attempt({ flags: 0x01 }, 401)
	await login('phished@bank.example', passkey)
})

test('an authenticator whose counter does not grow has been copied', async () => {
	const passkey = await register('counter@bank.example', new Authenticator())
	passkey.counter = 7
	const user = await login('counter@bank.example', passkey)
	await assert.rejects(login('counter@bank.example', passkey), is(401))
	const codeFor = () => user.auth.createCredentialCode({ body: { expiration: Math.floor(Date.now() / 1000) + 60 } })
	await assert.rejects(codeFor(), is(401, /copied/))
	passkey.counter = 8
	await codeFor()
	await assert.rejects(codeFor(), is(401, /copied/))
	passkey.counter = 0 /* as those have it that never count: this one did */
	await assert.rejects(codeFor(), is(401, /copied/))
})

test('a login signed by another key, replayed, or for a credential that is not his, is refused', async () => {
	const [key, other] = [await register('bob@bank.example'), await register('eve@bank.example')]
	const challenge = await BaseAuthApi.createUserLoginChallenge({ username: 'bob@bank.example', orgId }, options())
	const finish = (firstFactor) => BaseAuthApi.createUserLogin({ challengeIdentifier: challenge.challengeIdentifier, firstFactor }, options())
	const forged = other.assertion(challenge.challenge)
	await assert.rejects(finish(forged), is(401, /login is refused/))
	forged.credentialAssertion.credId = key.credId
	await assert.rejects(finish(forged), is(401, /login is refused/))
	const good = key.assertion(challenge.challenge)
	assert.ok((await finish(good)).token)
	await assert.rejects(finish(good), is(400, /used already/))
})

test('two factors are checked when two are given', async () => {
	const key = await register('both@bank.example'), passkey = new Authenticator()
	await addCredential(await login('both@bank.example', key), passkey)
	const attempt = async (second) => {
		const challenge = await BaseAuthApi.createUserLoginChallenge({ username: 'both@bank.example', orgId }, options())
		return BaseAuthApi.createUserLogin({ challengeIdentifier: challenge.challengeIdentifier, firstFactor: await key.sign(challenge), secondFactor: await second.sign(challenge) }, options())
	}
	assert.ok((await attempt(passkey)).token)
	await assert.rejects(attempt(new Authenticator()), is(401))
	await assert.rejects(attempt(key), is(400, /another credential/))
})

test('a name that nobody has is answered like one that somebody has', async () => {
	const ask = (username) => BaseAuthApi.createUserLoginChallenge({ username, orgId }, options())
	const [known, nobody, again] = [await ask('bob@bank.example'), await ask('nobody@bank.example'), await ask('nobody@bank.example')]
	assert.deepEqual(Object.keys(nobody).sort(), Object.keys(known).sort())
	assert.equal(nobody.allowCredentials.key.length, 1)
	assert.equal(nobody.allowCredentials.key[0].id.length, known.allowCredentials.key[0].id.length)
	assert.deepEqual(nobody.allowCredentials, again.allowCredentials)
	const key = new KeyPair()
	key.credId = nobody.allowCredentials.key[0].id
	const refused = await login('nobody@bank.example', key).catch((error) => error)
	const alsoRefused = await login('bob@bank.example', Object.assign(new KeyPair(), { credId: known.allowCredentials.key[0].id })).catch((error) => error)
	assert.deepEqual([refused.httpStatus, refused.message], [alsoRefused.httpStatus, alsoRefused.message])
})

test('without a name the credential tells who it is', async () => {
	const passkey = await register('nameless@bank.example', new Authenticator())
	const { token } = await new DfnsAuthenticator(options(passkey)).login({ orgId })
	assert.equal((await as(token, passkey).auth.listCredentials()).items[0].credentialId, passkey.credId)
})

test('what is deactivated stops working at once, with the sessions that it opened; the last one stays', async () => {
	const key = await register('carol@bank.example'), second = new KeyPair()
	const carol = await login('carol@bank.example', key)
	const added = await addCredential(carol, second)
	const other = await login('carol@bank.example', second)
	const first = (await carol.auth.listCredentials()).items.find((one) => one.credentialId === key.credId)
	assert.deepEqual(await other.auth.deactivateCredential({ body: { credentialUuid: first.credentialUuid } }), { message: 'success' })
	await assert.rejects(carol.auth.listCredentials(), is(401))
	await assert.rejects(login('carol@bank.example', key), is(401))
	await assert.rejects(other.auth.deactivateCredential({ body: { credentialUuid: added.credentialUuid } }), is(409, /last active credential/))
	await other.auth.activateCredential({ body: { credentialUuid: first.credentialUuid } })
	await login('carol@bank.example', key)
	await assert.rejects(other.auth.deactivateCredential({ body: { credentialUuid: 'cr-01k9h-x3v7q-8m2c4d6e8f0g1h2j' } }), is(404))
})

test('a credential on another device, by a code that is made where one is logged in', async () => {
	const dan = await login('dan@bank.example', await register('dan@bank.example'))
	const { code: once } = await dan.auth.createCredentialCode({ body: { expiration: new Date(Date.now() + 60_000).toISOString() } })
	const phone = new Authenticator()
	const challenge = await open().auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Fido2', code: once } })
	const body = { ...await phone.create(challenge), credentialName: 'phone', challengeIdentifier: challenge.challengeIdentifier }
	assert.equal((await open().auth.createCredentialWithCode({ body })).name, 'phone')
	await login('dan@bank.example', phone)
	await assert.rejects(open().auth.createCredentialChallengeWithCode({ body: { credentialKind: 'Key', code: once } }), is(401))
	await assert.rejects(open().auth.createCredentialWithCode({ body }), is(401))
})

test('a private key that is kept here is shown to whoever has a login code', async () => {
	const key = await register('ppk@bank.example', new KeyPair({ kind: 'PasswordProtectedKey', encryptedPrivateKey: 'sealed-by-password' }))
	const begin = (loginCode) => open().auth.createLoginChallenge({ body: { username: 'ppk@bank.example', orgId, ...(loginCode && { loginCode }) } })
	const shown = async (loginCode) => (await begin(loginCode)).allowCredentials.passwordProtectedKey[0].encryptedPrivateKey
	assert.equal(await shown(), '')
	const loginCode = await code('ppk@bank.example', '--kind', 'login')
	assert.equal(await shown(loginCode), 'sealed-by-password')
	await assert.rejects(begin(loginCode), is(401))
	await login('ppk@bank.example', key)
})

async function recover(challenge, recoveryKey, newKey, { signedFor } = {}) {
	const newCredentials = { firstFactorCredential: await newKey.create(challenge), recoveryCredential: await new KeyPair({ kind: 'RecoveryKey' }).create(challenge) }
	const signed = Buffer.from(JSON.stringify(signedFor ?? newCredentials)).toString('base64url')
	return new DfnsApiClient({ ...options(), authToken: challenge.temporaryAuthenticationToken }).auth.recover({ body: { recovery: recoveryKey.assertion(signed), newCredentials } })
}

test('a recovery key and a code give new credentials, and end all that was before', async () => {
	const key = await register('lost@bank.example')
	const before = await login('lost@bank.example', key)
	const recoveryKey = new KeyPair({ kind: 'RecoveryKey', encryptedPrivateKey: 'sealed' })
	await addCredential(before, recoveryKey)
	await assert.rejects(login('lost@bank.example', recoveryKey), is(401))
	const verificationCode = await code('lost@bank.example', '--kind', 'recovery')
	const begin = (changes = {}) => open().auth.createRecoveryChallenge({ body: { username: 'lost@bank.example', verificationCode, orgId, credentialId: recoveryKey.credId, ...changes } })
	await assert.rejects(begin({ credentialId: key.credId }), is(401, /recovery key/))
	await assert.rejects(begin({ verificationCode: 'k7m2q-9qx4t-w8pz3-h5n6c' }), is(401, /code is not valid/))
	const challenge = await begin()
	assert.deepEqual(challenge.allowedRecoveryCredentials, [{ id: recoveryKey.credId, encryptedRecoveryKey: 'sealed' }])
	const found = new KeyPair()
	await assert.rejects(recover(challenge, recoveryKey, found, { signedFor: { other: 1 } }), is(401, /other credentials/))
	await assert.rejects(recover(challenge, Object.assign(new KeyPair({ kind: 'RecoveryKey' }), { credId: recoveryKey.credId }), found), is(401, /does not verify/))
	assert.equal((await recover(challenge, recoveryKey, found)).user.username, 'lost@bank.example')
	await assert.rejects(before.auth.listCredentials(), is(401))
	await assert.rejects(login('lost@bank.example', key), is(401))
	await assert.rejects(begin(), is(401))
	const { items } = await (await login('lost@bank.example', found)).auth.listCredentials()
	assert.deepEqual(items.filter((one) => one.isActive).map((one) => one.kind).sort(), ['Key', 'RecoveryKey'])
})

test('who lost everything registers anew, when an administrator says so', async () => {
	const key = await register('anew@bank.example')
	const before = await login('anew@bank.example', key)
	const fresh = new KeyPair()
	await new DfnsAuthenticator(options(fresh)).register({ username: 'anew@bank.example', registrationCode: await code('anew@bank.example', '--replace'), orgId })
	await assert.rejects(before.auth.listCredentials(), is(401))
	await login('anew@bank.example', fresh)
})

test('a service account registers, logs in and recovers end users, and nobody else', async () => {
	const email = 'customer@example.com', key = new KeyPair()
	const challenge = await machine.auth.createDelegatedRegistrationChallenge({ body: { email, kind: 'EndUser', externalId: 'c-1' } })
	const client = (token) => new DfnsApiClient({ ...options(key), authToken: token })
	const recoveryKey = new KeyPair({ kind: 'RecoveryKey' })
	const made = await client(challenge.temporaryAuthenticationToken).auth.registerEndUser({ body: {
		firstFactorCredential: await key.create(challenge), recoveryCredential: await recoveryKey.create(challenge), wallets: [] } })
	assert.deepEqual(made.wallets, [])
	assert.equal((await client(made.authentication.token).auth.listCredentials()).items.length, 2)
	await assert.rejects(machine.auth.createDelegatedRegistrationChallenge({ body: { email, kind: 'EndUser' } }), is(409))
	const { token } = await machine.auth.delegatedLogin({ body: { username: email } })
	assert.equal((await client(token).auth.listCredentials()).items[0].credentialId, key.credId)
	await assert.rejects(machine.auth.delegatedLogin({ body: { username: 'alice@bank.example' } }), is(404, /end user/))
	const again = await machine.auth.createDelegatedRecoveryChallenge({ body: { username: email, credentialId: recoveryKey.credId } })
	const found = new KeyPair()
	await recover(again, recoveryKey, found)
	await assert.rejects(client(token).auth.listCredentials(), is(401))
	await login(email, found)
	const person = await login('alice@bank.example', await replaceKeyOf('alice@bank.example'))
	await assert.rejects(person.auth.delegatedLogin({ body: { username: email } }), is(403))
})

async function replaceKeyOf(username) {
	const key = new KeyPair()
	await new DfnsAuthenticator(options(key)).register({ username, registrationCode: await code(username, '--replace'), orgId })
	return key
}

test('wallets are not made along with a registration: said before anything is', async () => {
	const challenge = await machine.auth.createDelegatedRegistrationChallenge({ body: { email: 'wallets@example.com', kind: 'EndUser' } })
	const client = new DfnsApiClient({ ...options(), authToken: challenge.temporaryAuthenticationToken })
	const body = { firstFactorCredential: await new KeyPair().create(challenge), wallets: [{ network: 'Ethereum' }] }
	await assert.rejects(client.auth.registerEndUser({ body }), is(400, /wallets/))
	assert.ok((await client.auth.registerEndUser({ body: { ...body, wallets: [] } })).authentication.token)
})

test('a session ends with its log-out, or all do', async () => {
	const key = await register('out@bank.example')
	const [one, two, three] = [await login('out@bank.example', key), await login('out@bank.example', key), await login('out@bank.example', key)]
	await BaseAuthApi.userLogout(one.apiOptions)
	await assert.rejects(one.auth.listCredentials(), is(401))
	await two.auth.logout({ body: { allSessions: true } })
	await assert.rejects(three.auth.listCredentials(), is(401))
	await assert.rejects(machine.auth.logout({ body: {} }), is(400, /service account/))
})

test('machines have no say in people\'s credentials', async () => {
	await assert.rejects(machine.auth.createCredentialChallenge({ body: { kind: 'Key' } }), is(403))
	await assert.rejects(machine.auth.createCredentialCode({ body: { expiration: 1 } }), is(403))
})

test('what needs e-mail or other services says what to do instead; applications there are none', async () => {
	const username = 'alice@bank.example'
	await assert.rejects(open().auth.resendRegistrationCode({ body: { username, orgId } }), is(501, /user-code/))
	await assert.rejects(open().auth.sendLoginCode({ body: { username, orgId } }), is(501, /user-code/))
	await assert.rejects(open().auth.sendRecoveryCode({ body: { username, orgId } }), is(501, /user-code/))
	await assert.rejects(open().auth.socialLogin({ body: { socialLoginProviderKind: 'Oidc', idToken: 'x' } }), is(501))
	assert.deepEqual(await machine.auth.listApplications(), { items: [] })
	await assert.rejects(machine.auth.getApplication({ appId: 'ap-1' }), is(404))
})

const jwks = async () => (await request(stack, { path: '/.well-known/jwks.json', auth: false })).body.keys
const part = (token, i) => JSON.parse(Buffer.from(token.split('.')[i], 'base64url'))

test('tokens can be checked by others, and their key rotates', async () => {
	const key = await register('rotate@bank.example')
	const first = (await login('rotate@bank.example', key)).apiOptions.authToken
	const rotated = await stack.holdfast(['server', 'rotate-token-key', ...stack.serverDatabase], { pin: null })
	assert.equal(rotated.code, 0, rotated.stderr)
	const second = (await login('rotate@bank.example', key)).apiOptions.authToken
	assert.deepEqual([part(first, 0).kid, part(second, 0).kid], ['token-1', 'token-2'])
	await as(first, key).auth.listCredentials()
	await as(second, key).auth.listCredentials()
	let keys = await jwks() /* which are read anew within two seconds */
	for (let left = 200; left > 0 && keys.length < 2; left--) {
		await new Promise((done) => setTimeout(done, 50))
		keys = await jwks()
	}
	assert.deepEqual(keys.map((one) => one.kid), ['token-2', 'token-1'])
	for (const token of [first, second]) {
		const [head, body, signature] = token.split('.')
		const jwk = keys.find((one) => one.kid === part(token, 0).kid)
		assert.ok(verify(undefined, Buffer.from(`${head}.${body}`), createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64url')))
	}
	assert.equal(part(second, 1).exp - part(second, 1).iat, 6 * 3600)
})

test('a token that was tampered with, or is of a key that there is not, is refused', async () => {
	const token = stack.account.DFNS_AUTH_TOKEN, [head, body, signature] = token.split('.')
	const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
	const bad = [`${head}.${encoded({ ...part(token, 1), jti: 'to-1' })}.${signature}`, `${encoded({ ...part(token, 0), kid: 'token-9' })}.${body}.${signature}`,
		`${encoded({ alg: 'none', typ: 'JWT' })}.${body}.`, `${head}.${body}`, 'x']
	for (const one of bad)
		assert.equal((await request(stack, { path: '/auth/credentials', auth: false, headers: { authorization: `Bearer ${one}` } })).status, 401)
})

test('after ten wrong codes an address has to wait', async () => {
	const guess = (i) => request(stack, { method: 'POST', path: '/auth/registration/init', auth: false, body: { username: `guess${i}@bank.example`, orgId, registrationCode: 'k7m2q-9qx4t-w8pz3-h5n6c' } })
	const statuses = []
	for (let i = 0; i < 40; i++) statuses.push((await guess(i)).status)
	assert.equal(statuses.at(-1), 429)
	assert.ok(statuses.every((status) => status === 401 || status === 429), `${statuses}`)
})

test('retired keys\' tokens are refused', async () => {
	const result = await stack.holdfast(['server', 'rotate-token-key', ...stack.serverDatabase, '--retire-old'], { pin: null })
	assert.equal(result.code, 0, result.stderr)
	const status = async () => (await request(stack, { path: '/auth/credentials' })).status
	for (let left = 200; left > 0 && (await status()) !== 401; left--) await new Promise((done) => setTimeout(done, 50))
	assert.equal(await status(), 401)
	assert.deepEqual((await jwks()).map((one) => one.kid), ['token-3'])
	const args = ['server', 'account-token', ...stack.serverDatabase, '--secret-file', stack.path('server.secret')]
	const token = (await stack.holdfast([...args, '--name', 'treasury-service'], { pin: null })).stdout.trim()
	assert.ok((await stack.client({ authToken: token }).auth.createUser({ body: { email: 'last@bank.example', kind: 'CustomerEmployee' } })).userId)
	assert.match((await stack.holdfast([...args, '--name', 'nobody'], { pin: null })).stderr, /no active service account/)
})
