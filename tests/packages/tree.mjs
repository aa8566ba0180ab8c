// SPDX-License-Identifier: Apache-2.0
// A minimal Debian in a directory: packages are installed into it, and its own systemd runs them as on a real host.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
export const packages = process.env.HOLDFAST_PACKAGES ?? join(root, 'build-packages')
const script = join(root, 'tests/packages/debian-tree')
const path = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }

/** Runs a command to its end and returns its output; throws when it fails. */
export function run(argv, options = {}) {
	return execFileSync(argv[0], argv.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 300_000, stdio: ['pipe', 'pipe', 'pipe'], ...options })
}

export const debs = () => readdirSync(join(packages, 'deb')).filter((f) => f.endsWith('.deb') && !f.includes('dbgsym')).map((f) => join(packages, 'deb', f))
export const rpms = () => readdirSync(join(packages, 'rpm')).filter((f) => f.endsWith('.rpm')).map((f) => join(packages, 'rpm', f))

export class Tree {
	constructor(dir) {
		this.dir = dir
	}

	static make(dir) {
		run([script, 'make', dir, join(packages, 'bookworm.tar')])
		return new Tree(dir)
	}

	path(...parts) {
		return join(this.dir, ...parts)
	}

	write(file, text, mode = 0o644) {
		mkdirSync(dirname(this.path(file)), { recursive: true })
		writeFileSync(this.path(file), text, { mode })
	}

	/** In the tree, while its systemd does not run: with /proc, and the machine's network. */
	chroot(...argv) {
		const inside = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
		return run(['unshare', '--mount', 'sh', '-c', inside, this.dir, ...argv], { env: { ...path, DEBIAN_FRONTEND: 'noninteractive' } })
	}

	install(files) {
		mkdirSync(this.path('root/packages'), { recursive: true })
		for (const file of files) run(['cp', file, this.path('root/packages')])
		this.chroot('apt-get', 'update', '-q')
		this.chroot('apt-get', 'install', '-q', '-y', '--no-install-recommends', ...files.map((f) => `/root/packages/${basename(f)}`))
		this.chroot('apt-get', 'clean')
		rmSync(this.path('root/packages'), { recursive: true })
	}

	/** Every file and directory but those that apt, dpkg and systemd keep for themselves. */
	files() {
		const found = run(['find', '.', '-xdev', '-not', '-type', 'd', '-printf', '%P %m %U:%G\n'], { cwd: this.dir })
		return found.split('\n').filter((f) => !/^(var\/(lib\/(apt|dpkg|systemd)|cache|log)|etc\/(ld\.so\.cache|\.pwd\.lock|(passwd|group|g?shadow)-?)|run|tmp)\b/.test(f))
	}

	async boot() {
		this.unshare = spawn(script, ['boot', this.dir], { stdio: 'ignore' })
		this.ended = new Promise((done) => this.unshare.on('close', done))
		for (let i = 0; i < 1200; i++) {
			await sleep(100)
			if (this.unshare.exitCode !== null) break
			const children = readFileSync(`/proc/${this.unshare.pid}/task/${this.unshare.pid}/children`, 'utf8').trim()
			if (!children) continue
			this.init = children.split(' ')[0]
			try {
				if (/running|degraded/.test(this.run('sh', '-c', 'systemctl is-system-running || :'))) return
			} catch {
				// not yet
			}
		}
		throw new Error('systemd does not come up in the tree')
	}

	/** In the running tree, as root. */
	run(...argv) {
		return run(['nsenter', '-t', this.init, '-m', '-p', '-u', '-i', '-C', '-n', ...argv], { env: path })
	}

	/** As run, with the machine's files: for programs that are not part of the tree and have to reach it. */
	beside(argv, env) {
		return run(['nsenter', '-t', this.init, '-n', ...argv], { env })
	}

	property(unit, name) {
		return this.run('systemctl', 'show', '-p', name, '--value', unit).trim()
	}

	log(unit) {
		return this.run('journalctl', '--no-pager', '-o', 'cat', '-u', unit)
	}

	async until(what, condition) {
		for (let i = 0; i < 1200; i++) {
			if (condition()) return
			await sleep(100)
		}
		throw new Error(`never came: ${what}`)
	}

	async powerOff() {
		if (!this.unshare) return
		const group = run(['sh', '-c', 'sed -n s/^0:://p "/proc/$0/cgroup"', String(this.unshare.pid)]).trim()
		try {
			this.run('sh', '-c', 'systemctl poweroff --force || :')
		} catch {
			// it went while it was asked
		}
		const late = setTimeout(() => this.unshare.kill('SIGKILL'), 30_000)
		await this.ended
		clearTimeout(late)
		for (const top of ['/sys/fs/cgroup/unified', '/sys/fs/cgroup']) {
			try {
				run(['find', top + group, '-depth', '-type', 'd', '-delete'])
			} catch {
				// the other one
			}
		}
		this.unshare = undefined
	}

	async remove() {
		await this.powerOff()
		run(['rm', '-rf', '--one-file-system', this.dir])
	}
}
