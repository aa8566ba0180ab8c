# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the two stories of script/demo share. Sourced, never run, after lib.sh.

# shellcheck disable=SC2034  # used by those who source this
HOLDFAST=$BUILD/src/cli/holdfast
STAY=
PIDS=() # of what runs, in the order in which it is to be stopped

# Sets D and STAY; `usage` is the caller's.
options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--dir) D=${2:?--dir needs a directory} && shift ;;
		--dir=*) D=${1#--dir=} ;;
		--stay) STAY=1 ;;
		-h | --help) usage && exit ;;
		*) usage >&2 && exit 2 ;;
		esac
		shift
	done
	mkdir -p "$D"
	D=$(cd "$D" && pwd)
}

# Stops what this script started, by pid.
stop() {
	trap - EXIT INT TERM
	rm -f "$D/env" "$D/env.new"
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" || true
	done
}

stop_at_the_end() {
	trap stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# Two runs in one directory would fight over its token and databases.
only_one() {
	exec 8>"$D/lock"
	flock -n 8 || die "a demo is running in $D already" "stop it, or choose another directory: --dir DIR"
	rm -f "$D"/env "$D"/*.ready
}

# start ROLE COMMAND …: in the background, its log in D/ROLE.log; returns when its ready file is there. What starts later stops
# earlier.
start() {
	local role=$1
	shift
	"$HOLDFAST" "$@" --ready-file "$D/$role.ready" --log-format json >"$D/$role.log" 2>&1 8>&- &
	PIDS=($! "${PIDS[@]}")
	echo $! >"$D/$role.pid"
	for _ in {1..1200}; do
		[ ! -s "$D/$role.ready" ] || return 0
		kill -0 $! 2>/dev/null || break
		sleep 0.05
	done
	warn "The $role does not come up. The end of $D/$role.log:"
	tail -n 15 "$D/$role.log" | sed 's/^/  | /' >&2
	die "the $role did not start" "if an older version left its files in $D, remove the directory and run this again"
}

port() { sed -n "s/.*\b$2=\([0-9]*\).*/\1/p" "$D/$1.ready"; }

# stay HINT PID …: until interrupted, or one of these ends; D/env is there only now, and all at once, so that who waits for it finds everything ready.
stay() {
	mv "$D/env.new" "$D/env"
	say "Running until interrupted (Ctrl-C). $1" "" "  set -a; . '$D/env'" ""
	shift
	wait -n "$@" || true
	die "a process of the demo ended" "see the logs in $D"
}

# A SoftHSM2 of its own: soft_token DIR LABEL PIN
soft_token() {
	rm -rf "$1/tokens" &&
		mkdir -p "$1/tokens" &&
		printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$1/tokens" >"$1/softhsm2.conf" &&
		# A vendor's tool asks for the PIN; SoftHSM's takes it in argv, which a demo can live with.
		SOFTHSM2_CONF=$1/softhsm2.conf softhsm2-util --init-token --free --label "$2" --pin "$3" --so-pin "$(openssl rand -hex 8)"
}
