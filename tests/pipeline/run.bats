#!/usr/bin/env bats
# scripts/run as a user types it: what it starts, what it refuses, and that
# nothing stays when it ends.

bats_require_minimum_version 1.5.0

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup() {
	# It builds and runs build/bin, so that other binaries are not its own.
	[ "$(readlink -f "${BIN:-$root/build/bin}")" = "$root/build/bin" ] ||
		skip "scripts/run starts build/bin, which is tested without ASan"
	unset "${!WEIR_@}"
	T=$BATS_TEST_TMPDIR
	dir=$T/d
	run=$root/scripts/run
}

teardown() {
	[ ! -e "$dir/sv" ] || "${run:-true}" --dir "$dir" --stop >/dev/null 2>&1 || true
	[ -z "${away:-}" ] || rm -rf "$away"
}

# A port that is free, and the next one, too (the simulated sites take it).
free_port() {
	python3 - <<-'PY'
		import socket
		while True:
		    with socket.socket() as a, socket.socket() as b:
		        a.bind(("127.0.0.1", 0))
		        port = a.getsockname()[1]
		        try:
		            b.bind(("127.0.0.1", port + 1))
		        except (OSError, OverflowError):
		            continue
		        print(port)
		        break
	PY
}

get() { curl -sS --max-time 20 "$@"; }
status() { get -o /dev/null -w '%{http_code}' "$@"; }

wait_for() {
	local _
	for _ in $(seq 1200); do
		"$@" && return 0
		sleep 0.05
	done
	echo "waited in vain for: $*" >&2
	return 1
}

# The services that live in a folder, by the directory they run in.
services() {
	find /proc -maxdepth 2 -name cwd -lname "$1/sv*" 2>/dev/null | wc -l
}

# Nothing runs in $dir any more, and its locks are free.
ended() {
	[ "$(services "$dir")" -eq 0 ]
	flock -n "$dir/run/lock" true
	flock -n "$dir/journal/lock" true
	[ ! -e "$dir/run/address" ]
	run ! curl -s --max-time 2 "http://127.0.0.1:$port/healthz"
}

start() { # OPTION...
	port=$(free_port)
	"$run" --detach --port "$port" --dir "$dir" "$@" >"$T/out" 2>"$T/err" 3>&-
	url=http://127.0.0.1:$port
}

position() { get "$url/api/v1/status" | jq -r .position; }

prices() { # how many there are
	get "$url/api/v1/events?topic=price.update/&limit=1000" | jq '.events | length'
}

@test "--detach returns when all is ready, and prints the address" {
	start
	[ "$(status "$url/readyz")" = 200 ]
	[ "$(cat "$T/out")" = "weir is running: $url" ]
	# Nothing was to be built; where others find it is all there is to say.
	[ "$(cat "$T/err")" = "for other commands: export WEIR_DIR=$dir" ]
	[ "$(WEIR_DIR=$dir "$root/build/bin/weir" status | jq .ready)" = true ]
	[ "$(get "$url/api/v1/watches" | jq -c '[.watches[].id] | sort')" = \
		"$(cat "$root"/etc/recipes/{prices,listings}/watches.jsonl | jq -sc 'map(.id) | sort')" ]
	[ "$(get "$url/" | grep -ci '<!doctype html>')" -eq 1 ]

	# A second one in the same place, and one at the same port.
	run "$run" --detach --port "$(free_port)" --dir "$dir"
	[ "$status" -eq 75 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"already running in $dir (scripts/run --dir $dir --stop ends it)"* ]]
	run "$run" --detach --port "$port" --dir "$T/other"
	[ "$status" -eq 75 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"port $port is in use"* ]]
	[ "$(services "$T/other")" -eq 0 ]
	[ ! -e "$T/other" ]
	[ "$(status "$url/readyz")" = 200 ]

	run "$run" --dir "$dir" --stop
	[ "$status" -eq 0 ]
	[ "$output" = stopped ]
	ended
	# As other commands are told to find it.
	WEIR_DIR=$dir run "$run" --stop
	[ "$status" -eq 1 ]
	[ "$output" = "scripts/run: nothing is running in $dir" ]
}

@test "what was recorded, and what was changed, is there at the next start" {
	start prices
	export WEIR_DIR=$dir
	some_prices() { [ "$(prices)" -ge 6 ]; }
	wait_for some_prices
	"$root/build/bin/weir" watch rm random-walk
	"$root/build/bin/weir" search add mine keywords=lamp
	"$run" --dir "$dir" --stop
	first=$("$root/build/bin/weir-log" | sha256sum)
	n=$("$root/build/bin/weir-log" | wc -l)

	"$run" --detach --port "$port" --dir "$dir" prices >"$T/out" 2>"$T/err" 3>&-
	[ "$("$root/build/bin/weir-log" | head -n "$n" | sha256sum)" = "$first" ]
	[ "$("$root/build/bin/weir" watch list | jq -s length)" -eq 5 ]
	[ "$("$root/build/bin/weir" watch list random-walk)" = "" ]
	[ "$("$root/build/bin/weir" search list mine | jq -r .keywords)" = lamp ]
	# No baseline again: what the scraper knows was kept.
	[ "$("$root/build/bin/weir-log" | tail -n "+$((n + 1))" |
		jq -c 'select(.data.baseline)' | wc -l)" -eq 0 ]
	"$root/build/bin/weir-store" --check
}

@test "Ctrl-C ends everything" {
	port=$(free_port)
	# As a terminal does it: the signal goes to the whole foreground group.
	env --default-signal=INT setsid "$run" --port "$port" --dir "$dir" prices \
		>"$T/out" 2>&1 3>&- &
	pid=$!
	wait_for grep -q 'weir is running' "$T/out"
	[ "$(services "$dir")" -gt 10 ]
	kill -INT -- "-$pid"
	code=0
	wait "$pid" || code=$?
	[ "$code" -eq 130 ]
	ended
}

@test "Ctrl-C while it starts ends everything, too" {
	port=$(free_port)
	mkdir -p "$dir"
	printf '[gateway]\nexpect = nobody\n' >"$dir/local.conf"
	env --default-signal=INT setsid "$run" --port "$port" --dir "$dir" prices \
		>"$T/out" 2>&1 3>&- &
	pid=$!
	some_services() { [ "$(services "$dir")" -gt 7 ]; }
	wait_for some_services
	kill -INT -- "-$pid"
	code=0
	wait "$pid" || code=$?
	[ "$code" -eq 130 ]
	ended
	run ! grep -q 'weir is running' "$T/out"
}

@test "--stop ends services that have lost runsvdir" {
	start prices
	kill -KILL "$(cat "$dir/run/runsvdir.pid")"
	run "$run" --detach --port "$(free_port)" --dir "$dir"
	[ "$status" -eq 75 ]
	"$run" --dir "$dir" --stop
	ended
}

@test "where it cannot write, it says so and starts nothing" {
	as_nobody=
	away=$(mktemp -d /tmp/weir-run.XXXXXX)
	mkdir -p "$away/etc" "$away/place"
	cp -R "$root/scripts" "$away"
	cp -R "$root/etc/recipes" "$away/etc"
	chmod 555 "$away/place"
	chmod 755 "$away"
	[ "$(id -u)" != 0 ] ||
		as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
	for place in "$away/place" "$away/place/deeper" /proc/none; do
		# shellcheck disable=SC2086 # a list of words
		run $as_nobody "$away/scripts/run" --dir "$place"
		[ "$status" -eq 73 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$place: cannot write there"* ]]
	done
}

@test "what it does not know is a usage error in one line" {
	for bad in no-such-recipe --no-such --port --port=0 --port=65536 --port=x; do
		run "$run" --dir "$dir" "$bad"
		[ "$status" -eq 64 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"${bad%%=*}"* ]]
		[ ! -e "$dir" ]
	done
	run "$run" --dir "$dir" --detach no-such-recipe
	[[ $output == *listings*prices* ]]
}

@test "a setting that is wrong starts nothing" {
	mkdir -p "$dir"
	printf '[gateway]\nlisten = 0.0.0.0\n' >"$dir/local.conf"
	run "$run" --detach --port "$(free_port)" --dir "$dir"
	[ "$status" -eq 78 ]
	[[ $output == *"nothing was started" ]]
	[[ $output == *token-file* ]]
	[ "$(services "$dir")" -eq 0 ]
	# The file and the line are the user's.
	printf '[gateway]\n\nport = x\n' >"$dir/local.conf"
	run "$run" --detach --port "$(free_port)" --dir "$dir"
	[ "$status" -eq 78 ]
	[[ ${lines[0]} == *"$dir/local.conf:3: port: 'x'"* ]]
	[ "$(services "$dir")" -eq 0 ]
}

@test "a checkout with a path of more than 150 bytes works" {
	deep=$T/$(printf 'd%.0s' $(seq 80))/$(printf 'e%.0s' $(seq 80))/weir
	mkdir -p "$deep/build"
	cp -R --preserve=timestamps "$root"/{Makefile,cmd,common,etc,scripts} "$deep"
	cp -R --preserve=timestamps "$root"/build/{bin,lib,obj} "$deep/build"
	[ "${#deep}" -gt 150 ]
	run=$deep/scripts/run dir=$deep/.weir
	port=$(free_port)
	"$run" --detach --port "$port" prices 3>&-
	url=http://127.0.0.1:$port
	[ "$(status "$url/readyz")" = 200 ]
	[ -d "$dir/journal" ]
	[ -n "$(unset WEIR_DIR && "$deep/build/bin/weir" watch list rolex-submariner)" ]
	"$run" --stop
	ended
}
