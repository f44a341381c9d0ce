#!/usr/bin/env bats
# What each tool that stays tells its supervisor.

load ../helpers

setup() {
	weir_setup
	python3 - "$T/notify" >>"$T/told" 3>&- <<-'PY' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		while True:
		    print(s.recv(100).decode(), flush=True)
	PY
	daemons+=("$!")
	wait_for test -S "$T/notify"
}

teardown() { weir_teardown; }

told() { grep -qx "$1" "$T/told"; }

# tells TOOL ARG...: that it is ready, and that it ends; and so does its log,
# once, unless its work is to print.
tells() {
	local tool=$1
	shift
	: >"$T/told"
	NOTIFY_SOCKET=$T/notify "$BIN/weir-$tool" "$@" >"$T/$tool.out" 2>"$T/$tool.err" 3>&- &
	daemon=$!
	daemons+=("$daemon")
	wait_for told READY=1
	case $tool in
	log | sub) ;;
	*) [ "$(grep -c ': info: ready ' "$T/$tool.err")" -eq 1 ] ;;
	esac
	stop_daemon
	wait_for told STOPPING=1
	[ "$(grep -v WATCHDOG "$T/told" | tr '\n' ' ')" = "READY=1 STOPPING=1 " ]
}

@test "all that stay tell when they are ready, and when they end" {
	tells store --dir "$DIR"
	tells sim --listen 127.0.0.1:0 --tick 0
	start_store
	tells gateway --dir "$DIR" --port 0
	tells log --dir "$DIR" --follow
	for tool in sub scraper analyzer alerter notifier; do
		tells "$tool" --dir "$DIR"
	done
	stop_store
}

@test "the manual of each says so in the same words" {
	cd "$BATS_TEST_DIRNAME/../../man"
	for tool in store sim gateway log sub scraper analyzer alerter notifier; do
		grep -A6 '^.It Ev NOTIFY_SOCKET' "weir-$tool.1" >"$T/says"
		printf '%s\n' '.It Ev NOTIFY_SOCKET' Where '.Dq READY=1 ,' '.Dq WATCHDOG=1' \
			and '.Dq STOPPING=1' 'are sent.' | cmp - "$T/says"
	done
}
