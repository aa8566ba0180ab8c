# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the checks share. A check prints one line for each thing that it finds, "file:line: what is wrong", and fails if there
# was any. Checks read the sources only: they take seconds and need no build.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

sources() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ ! -e "$f" ] || printf '%s\n' "$f"; done; }

# Reads findings on stdin.
conclude() {
	local found
	found=$(cat)
	[ -n "$found" ] || return 0
	printf '%s\n' "$found"
	return 1
}
