# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the scripts share. Sourced, never run.

# shellcheck disable=SC2034  # used by those who source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${HOLDFAST_BUILD:-$ROOT/build}
SOFTHSM_MODULE=${SOFTHSM_MODULE:-/usr/lib/softhsm/libsofthsm2.so}
E2E=$ROOT/tests/e2e

say() { printf '%s\n' "$@"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
	warn "error: $1"
	shift
	for hint; do warn "       $hint"; done
	exit 1
}

# One line "what … 1.2 s"; the command's output goes to a log that is shown only when it fails. A shell function given as the
# command runs without `set -e`.
quietly() {
	local what=$1 log=$2 began
	shift 2
	began=$(date +%s%N)
	mkdir -p "$(dirname "$log")"
	if "$@" >"$log" 2>&1; then
		printf '  %-46s %6s s\n' "$what" "$(seconds_since "$began")"
		return
	fi
	warn "  $what: failed. The end of $log:"
	say "$what" >>"${FAILURES:-/dev/null}"
	tail -n 30 "$log" | sed 's/^/  | /' | tee -a "${FAILURES:-/dev/null}" >&2
	return 1
}

seconds_since() {
	local ms=$((($(date +%s%N) - $1) / 1000000))
	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

missing_packages() {
	local p
	for p; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || printf '%s ' "$p"
	done
}

# Debian's packages for what is missing, and nothing (no network either) when all is there.
install_packages() {
	local missing sudo=()
	command -v dpkg-query >/dev/null || die "this script installs packages with apt-get, and this is not a Debian" \
		"install the equivalents of: $*"
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "packages are missing and there is no sudo" \
			"as root, run: apt-get install --no-install-recommends $missing"
		sudo=(sudo)
	fi
	say "Installing from Debian: $missing"
	# shellcheck disable=SC2086  # a list of words on purpose
	{ "${sudo[@]}" apt-get update -q &&
		"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } ||
		die "apt-get failed" "see its message above; then run this again"
}

BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config libssl-dev libevent-dev libcurl4-openssl-dev
	libjansson-dev libsqlite3-dev libp11-kit-dev libsecp256k1-dev libcmocka-dev libseccomp-dev libpq-dev
	libfido2-dev libgmp-dev nettle-dev libsodium-dev)
RUN_PACKAGES=(softhsm2 openssl ca-certificates)
PACKAGING_PACKAGES=(debhelper dpkg-dev fakeroot rpm)
TEST_PACKAGES=(clang clang-tidy clang-format libclang-rt-14-dev llvm-14 mandoc sqlite3 python3 shellcheck git postgresql-15
	iproute2 libfaketime libnss3 opencryptoki libopencryptoki0 libtpm2-pkcs11-1 libtss2-tcti-tabrmd0
	libtss2-tcti-swtpm0 swtpm tpm2-abrmd dbus-daemon rsyslog rsyslog-openssl)
TEST_PACKAGES+=(curl fish haproxy opensc python3-cryptography-vectors "${PACKAGING_PACKAGES[@]}" lintian rpmlint debootstrap python3-yaml spin)

node_is_new_enough() {
	command -v node >/dev/null && command -v npm >/dev/null &&
		node -e 'process.exit(process.versions.node.split(".")[0] >= 18 ? 0 : 1)'
}

# A newer node than Debian's is kept.
install_node() {
	node_is_new_enough || install_packages nodejs npm
	node_is_new_enough || die "node 18 or newer and npm are needed" "install them from https://nodejs.org or Debian 12"
}

# The official client, exactly as package-lock.json names it. Nothing is fetched when it is there already.
install_client() {
	local stamp=$E2E/node_modules/.holdfast-stamp
	if [ -f "$stamp" ] && cmp -s "$stamp" "$E2E/package-lock.json"; then return; fi
	say "Installing the official client from npm (tests/e2e/package-lock.json)"
	npm --prefix "$E2E" ci --no-audit --no-fund --loglevel=error >/dev/null ||
		die "npm ci failed in tests/e2e" "is the npm registry reachable from here? (npm ping)"
	cp "$E2E/package-lock.json" "$stamp"
}

# meson_build DIR [meson options …]: configures once, then builds what changed.
meson_build() {
	local dir=$1
	shift
	{ [ -f "$dir/build.ninja" ] || meson setup "$dir" "$ROOT" "$@"; } && ninja -C "$dir"
}

require_module() {
	[ -r "$SOFTHSM_MODULE" ] || die "there is no PKCS#11 module at $SOFTHSM_MODULE" \
		"install softhsm2, or set SOFTHSM_MODULE to where libsofthsm2.so is"
}
