#!/usr/bin/env bats
# Every daemon says in the same way that it can be used.

load ../helpers

setup() { weir_setup; }

teardown() { weir_teardown; }

# Write what each supervised process says to the socket, a line each.
listen() {
	python3 -u - "$T/notify" >"$T/told" 3>&- <<-'PY' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		while True:
		    print(s.recv(4096).decode().strip())
	PY
	daemons+=("$!")
	wait_for test -S "$T/notify"
}

# ready TOOL OPTION...: READY=1 comes, and the log says ready, once.
ready() {
	: >"$T/told"
	NOTIFY_SOCKET=$T/notify start_daemon "$@"
	wait_for grep -qx READY=1 "$T/told"
	[ "$(grep -c ': info: ready ' "$T/$1.err")" -eq 1 ]
}

@test "ready is one word of the log, and READY=1" {
	listen
	ready store --dir "$DIR"
	for tool in scraper analyzer alerter notifier; do
		ready "$tool" --dir "$DIR"
	done
	ready gateway --dir "$DIR" --port 0
	ready sim --listen 127.0.0.1:0
}
