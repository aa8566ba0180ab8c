// SPDX-License-Identifier: Apache-2.0
// The official client's own types, read from its generated/*/types.d.ts, as the judge of answers: members that a type requires are
// there, members that it does not know are not, nothing is null that may not be. It reads as much of TypeScript as those files use.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const generated = join(dirname(createRequire(import.meta.url).resolve('@dfns/sdk')), 'generated')
const TOKEN = /\s*(?:\/\*[\s\S]*?\*\/|(\w+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}()[\]|&;:?<>,]))/y

class Parser {
	constructor(text) {
		this.tokens = []
		TOKEN.lastIndex = 0
		for (let m; TOKEN.lastIndex < text.length && (m = TOKEN.exec(text));) if (m[1]) this.tokens.push(m[1])
		this.at = 0
	}

	peek = () => this.tokens[this.at]
	next = () => this.tokens[this.at++]

	accept(token) {
		return this.peek() === token && Boolean(this.next())
	}

	expect(token) {
		if (!this.accept(token)) throw new Error(`${token} expected, and there is ${this.tokens.slice(this.at, this.at + 8).join(' ')}`)
	}

	/** Alternatives, with | between them. */
	type() {
		this.accept('|')
		const any = [this.both()]
		while (this.accept('|')) any.push(this.both())
		return any.length === 1 ? any[0] : { any }
	}

	both() {
		const all = [this.list()]
		while (this.accept('&')) all.push(this.list())
		return all.length === 1 ? all[0] : { all }
	}

	list() {
		let type = this.simple()
		while (this.peek() === '[') {
			this.expect('[')
			this.expect(']')
			type = { list: type }
		}
		return type
	}

	simple() {
		const token = this.next()
		if (token === '(') {
			const type = this.type()
			this.expect(')')
			return type
		}
		if (token === '[') return this.tuple()
		if (token === '{') return this.members()
		if (/^["']/.test(token)) return { literal: token.slice(1, -1) }
		if (/^\d/.test(token)) return { literal: Number(token) }
		return { name: token }
	}

	tuple() {
		const tuple = []
		while (!this.accept(']')) {
			tuple.push(this.type())
			this.accept(',')
		}
		return { tuple }
	}

	members() {
		const members = new Map()
		let others
		while (!this.accept('}')) {
			const index = this.accept('[')
			const name = this.next().replace(/^["']|["']$/g, '')
			if (index) {
				this.expect(':')
				this.type()
				this.expect(']')
			}
			const optional = this.accept('?')
			this.expect(':')
			const type = this.type()
			this.accept(';')
			if (index) others = type
			else members.set(name, { type, optional })
		}
		return { members, others }
	}
}

/* What Holdfast says beyond the types (docs/signing-api.md, "Beyond the official answers"). */
const ADDED = new Set(['storage', 'commitment', 'walletId', 'externalId', 'dateExpires', 'excludeCredentials', 'deliveryAttempt', 'deliveryFailed', 'retryOf', 'nextAttemptDate'])
const OTHERWISE = [/\.configuration\.currency is "ETH", not "USD"$/]

const files = new Map()

/** The text of `export type NAME = …;` up to the next export, parsed; undefined when there is none. */
function typeOf(group, name) {
	if (!files.has(group)) files.set(group, readFileSync(join(generated, group, 'types.d.ts'), 'utf8'))
	const found = new RegExp(`^export type ${name} = ([\\s\\S]*?)^(?=export )|^export type ${name} = ([\\s\\S]*)`, 'm').exec(files.get(group))
	return found ? new Parser(found[1] ?? found[2]).type() : undefined
}

const kindOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value)

function membersOf(group, type, value, at) {
	const wrong = []
	for (const [name, member] of type.members)
		if (value[name] !== undefined) wrong.push(...compare(group, member.type, value[name], `${at}.${name}`))
		else if (!member.optional) wrong.push(`${at}.${name} is missing`)
	for (const name of Object.keys(value).filter((one) => !type.members.has(one) && !ADDED.has(one)))
		if (type.others) wrong.push(...compare(group, type.others, value[name], `${at}.${name}`))
		else wrong.push(`${at}.${name} is not known to the type`)
	return wrong
}

/** All of { a } & { b }: an object that has the members of both; of ({ a } | { c }) & { b }, one for each alternative. */
function merged(group, all) {
	const [first, ...rest] = all.map((one) => (one.name ? typeOf(group, one.name) : one))
	if (first.any) return { any: first.any.map((one) => merged(group, [one, ...rest])) }
	if (!rest.length) return first
	return { members: new Map([...first.members, ...rest.flatMap((one) => [...one.members])]), others: first.others }
}

const NAMED = {
	any: () => true, unknown: () => true, undefined: (v) => v === undefined, void: (v) => v === undefined, null: (v) => v === null,
	string: (v) => typeof v === 'string', number: (v) => typeof v === 'number', boolean: (v) => typeof v === 'boolean',
	true: (v) => v === true, false: (v) => v === false,
}

/** What is wrong with `value`, as a list of words; of several alternatives, about the one that fits best. */
function compare(group, type, value, at) {
	if (type.any) return type.any.map((one) => compare(group, one, value, at)).sort((a, b) => a.length - b.length)[0]
	if (type.all) return compare(group, merged(group, type.all), value, at)
	if (type.list) return Array.isArray(value) ? value.flatMap((one, i) => compare(group, type.list, one, `${at}[${i}]`)) : [`${at} is ${kindOf(value)}, not a list`]
	if (type.tuple) return Array.isArray(value) && value.length === type.tuple.length ?
		value.flatMap((one, i) => compare(group, type.tuple[i], one, `${at}[${i}]`)) : [`${at} is not a list of ${type.tuple.length}`]
	if ('literal' in type) return value === type.literal ? [] : [`${at} is ${JSON.stringify(value)}, not ${JSON.stringify(type.literal)}`]
	if (type.members) return kindOf(value) === 'object' ? membersOf(group, type, value, at) : [`${at} is ${kindOf(value)}, not an object`]
	if (!NAMED[type.name]) return compare(group, typeOf(group, type.name), value, at)
	return NAMED[type.name](value) ? [] : [`${at} is ${kindOf(value)}, not ${type.name}`]
}

/** What is wrong with the answer of client.GROUP.METHOD(), as the client's types have it. */
export function wrongWith(group, method, answer) {
	const name = `${method[0].toUpperCase()}${method.slice(1)}Response`
	const type = typeOf(group, name)
	if (!type) return [`there is no type ${name}`]
	return compare(group, type, answer, name).filter((one) => !OTHERWISE.some((known) => known.test(one)))
}
