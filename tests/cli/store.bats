#!/usr/bin/env bats
# weir-store as a process.

load ../helpers

setup() { weir_setup; }

teardown() {
	weir_teardown
	if [ -d "$T/small" ] && mountpoint -q "$T/small"; then
		umount "$T/small"
	fi
}

store() { "$BIN/weir-store" --dir "$DIR" "$@"; }

# One line on standard error that says $1.
one_line() {
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ ${stderr_lines[0]} == *"$1"* ]]
}

@test "help and version are answered on stdout" {
	run --separate-stderr store --help
	[ "$status" -eq 0 ]
	[[ $output == *--max-bytes* && $output == *--backup* ]]
	[ -z "$stderr" ]
	run --separate-stderr store --version
	[ "$status" -eq 0 ]
	[[ $output == weir-store\ * ]]
}

@test "bad options and operands are usage errors that name them" {
	for bad in --max-bytes=1T --retain-every=5 --no-such -x; do
		run --separate-stderr store "$bad"
		[ "$status" -eq 64 ]
		name=${bad%%=*}
		one_line "${name#--}"
	done
	run --separate-stderr store -vx
	[ "$status" -eq 64 ]
	one_line "-x"
	run --separate-stderr store operand
	[ "$status" -eq 64 ]
	one_line operand
	for both in "--check --collect" "--collect --backup $T/b" "--backup $T/b --check" "--check --keygen $T/k" "--keygen $T/k --backup $T/b"; do
		# shellcheck disable=SC2086
		run --separate-stderr store $both
		[ "$status" -eq 64 ]
		one_line "one at a time"
		[ ! -e "$T/k" ]
	done
}

@test "the configuration is checked, with file and line" {
	printf '[store]\nmax-bytes = 1G\n[retention price.update]\ncount = 3\n' >"$T/good"
	run --separate-stderr store --config "$T/good" --check-config
	[ "$status" -eq 0 ]
	[[ $output == *"configuration OK"* ]]
	printf '[store]\nmax-bytes = 1G\n[retention price.update]\ncount = few\n' >"$T/bad"
	run --separate-stderr store --config "$T/bad" --check-config
	[ "$status" -eq 78 ]
	run --separate-stderr store --config "$T/bad"
	[ "$status" -eq 78 ]
	one_line "$T/bad:4"
	run --separate-stderr store --config "$T/none"
	[ "$status" -eq 66 ]
	one_line "$T/none"
}

@test "it says that it is ready, and ends with 0 when told to" {
	start_store
	grep -q "ready dir=$DIR epoch=[0-9a-f]\{8\} head=0" "$T/store.err"
	stop_store
	start_store
	kill -INT "$store"
	wait "$store"
}

@test "a supervisor that does not read what it is told stops nothing" {
	python3 - "$T/notify" 3>&- <<-'PY' &
		import os, signal, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		full = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		full.setblocking(False)
		try:
		    while True:
		        full.sendto(b"x", sys.argv[1])
		except BlockingIOError:
		    os.rename(sys.argv[1], sys.argv[1] + ".full")
		signal.pause()
	PY
	listener=$!
	daemons+=("$listener")
	wait_for test -S "$T/notify.full"
	NOTIFY_SOCKET=$T/notify.full start_store
	numbers 1 3 >"$T/in"
	pub -t test.n --timeout 3s "$T/in"
	in_order 3
	stop_store
}

@test "a second store on the same directory is refused and harms nothing" {
	start_store
	run --separate-stderr store
	[ "$status" -eq 75 ]
	one_line "in use"
	numbers 1 3 | pub -t test.n
	in_order 3
	stop_store
}

@test "a second store on the same sockets is refused, whatever its directory" {
	for end in ingest feed; do
		start_store "--$end" "ipc://$T/$end"
		run --separate-stderr timeout 20 "$BIN/weir-store" --dir "$T/d2" "--$end" "ipc://$T/$end"
		[ "$status" -eq 75 ]
		one_line "ipc://$T/$end: in use"
		numbers 1 3 | pub "--$end" "ipc://$T/$end" -t "test.$end"
		[ "$(log "test.$end" | wc -l)" -eq 3 ]
		stop_store
	done
	# One that was killed leaves nothing behind that is in the way.
	start_store
	kill_store
	start_store
	stop_store
}

@test "the journal survives a restart under the same epoch" {
	start_store
	numbers 1 3 | pub -t test.n
	stop_store
	start_store
	numbers 4 5 | pub -t test.n
	in_order 5
	[ "$(log | jq -r .epoch | sort -u | wc -l)" -eq 1 ]
	[ "$(log | jq -r .offset | tr '\n' ' ')" = "1 2 3 4 5 " ]
	stop_store
}

@test "a directory whose path is too long for a socket works" {
	DIR=$T/$(printf 'long%.0s' $(seq 40))/d
	start_store
	numbers 1 3 | pub -t test.n
	in_order 3
	"$BIN/weir-sub" --dir "$DIR" --since 1h -n 3 >"$T/out"
	has_lines "$T/out" 3
	stop_store
}

@test "a backup taken while it runs is whole, and a journal of its own" {
	start_store
	numbers 1 500 | pub -t test.n
	numbers 501 1500 | pub -t test.n &
	run --separate-stderr store --backup "$T/b"
	[ "$status" -eq 0 ]
	wait $!
	run --separate-stderr store --backup "$T/b"
	[ "$status" -ne 0 ]
	one_line "$T/b"
	epoch=$(log -n 1 | jq -r .epoch)
	stop_store
	DIR=$T/b
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	start_store
	log test.n | jq .data.n >"$T/n"
	n=$(lines "$T/n")
	[ "$n" -ge 500 ]
	seq 1 "$n" | cmp - "$T/n"
	[ "$(log -n 1 | jq -r .epoch)" != "$epoch" ]
	# A position in the old journal goes on where the copy knows it.
	run --separate-stderr log --since "$epoch:5" -n 1
	[ "$status" -eq 0 ]
	[ "$(jq -r .offset <<<"$output")" = 6 ]
	one_line "not all"
	stop_store
}

@test "an older copy put back is another journal, however it is put back" {
	start_store
	numbers 1 5 | pub -t test.n
	cp -a "$DIR/journal" "$T/copy"
	epoch=$(log -n 1 | jq -r .epoch)
	numbers 6 9 | pub -t test.n
	kill_store
	for way in over all anew; do
		case $way in
		over) cat "$T/copy/data.mdb" >"$DIR/journal/data.mdb" ;;
		all) cp -a "$T/copy/." "$DIR/journal/" ;;
		anew) rm "$DIR/journal/data.mdb" && cp "$T/copy/data.mdb" "$DIR/journal/" ;;
		esac
		start_store
		now=$(log -n 1 | jq -r .epoch)
		[ "$now" != "$epoch" ]
		in_order 5
		numbers 6 7 | pub -t test.n
		kill_store
		start_store
		in_order 7
		[ "$(log -n 1 | jq -r .epoch)" = "$now" ]
		kill_store
	done
}

@test "--check verifies a journal in use, and finds a flipped byte" {
	start_store
	echo '"a needle in here"' | pub -t test.a
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	one_line "1 events, 0 blobs, no problems"
	stop_store
	LC_ALL=C sed -i 's/a needle/A needle/g' "$DIR/journal/data.mdb"
	run --separate-stderr store --check
	[ "$status" -eq 65 ]
	[[ $stderr == *"event 1 is damaged"* ]]
}

@test "a journal that is not there cannot be checked or copied" {
	run --separate-stderr store --check
	[ "$status" -eq 66 ]
	one_line "$DIR"
	run --separate-stderr store --backup "$T/b"
	[ "$status" -eq 66 ]
}

@test "a file that was cut short is refused with one line, also twice" {
	start_store
	numbers 1 3000 | pub -t test.n
	stop_store
	size=$(stat -c %s "$DIR/journal/data.mdb")
	cp -r "$DIR" "$T/whole"
	for cut in 5 30 60 95; do
		cp "$T/whole/journal/data.mdb" "$DIR/journal/"
		truncate -s $((size * cut / 100)) "$DIR/journal/data.mdb"
		for _ in 1 2; do
			run --separate-stderr store
			[ "$status" -eq 65 ]
			one_line "cut short"
			run --separate-stderr log
			[ "$status" -eq 65 ]
			one_line "cut short"
		done
	done
}

@test "bytes that are no journal are refused with one line" {
	mkdir -p "$DIR/journal"
	head -c 100000 /dev/urandom >"$DIR/journal/data.mdb"
	run --separate-stderr store
	[ "$status" -eq 65 ]
	one_line "$DIR/journal"
}

# ---- blobs ----

# blob DAYS TEXT: as if it had been put so long ago; $id names it.
blob() {
	id=$(printf %s "$2" | sha256sum | cut -c 1-64)
	mkdir -p "$DIR/blobs/${id:0:2}"
	printf %s "$2" >"$DIR/blobs/${id:0:2}/$id"
	touch -d "$1 days ago" "$DIR/blobs/${id:0:2}/$id"
}

has_blob() { [ "$(log --blob "$1" 2>/dev/null)" = "$2" ]; }
has_no_blob() { ! has_blob "$@"; }

# named TEXT: an event names it.
named() {
	blob 30 "$1"
	echo "{\"page\":{\"blob\": \"$id\"}}" | pub -t test.page
}

# aged: the journal's epoch was drawn long ago (1970).
aged() {
	printf '%s\n' VERSION=3 format=print database=meta type=btree \
		HEADER=END ' born' ' \00\00\00\00\00\00\00\00' DATA=END |
		mdb_load "$DIR/journal"
}

@test "an empty or a young journal takes no blob: one that was lost named it" {
	blob 30 old
	start_store
	run --separate-stderr store --collect
	[ "$status" -eq 0 ]
	one_line "0 blobs removed, 1 left: the journal is empty"
	numbers 1 1 | pub -t test.n
	run --separate-stderr store --collect
	[ "$status" -eq 0 ]
	one_line "0 blobs removed, 1 left: the journal's epoch is younger"
	has_blob "$id" old
	stop_store
	aged
	run --separate-stderr store --collect
	[ "$status" -eq 0 ]
	one_line "1 blobs removed, 0 left"
}

@test "blobs that no event names are collected, by and by and at once" {
	start_store
	stop_store
	aged
	printf '[retention test.page]\ncount = 2\n' >"$T/conf"
	blob 30 old
	old=$id
	blob 3 young
	young=$id
	start_store --config "$T/conf" --retain-every 100ms --collect-every 100ms
	named first
	first=$id
	named second
	second=$id
	wait_for has_no_blob "$old" old
	has_blob "$young" young
	has_blob "$first" first
	# Pruned events name nothing.
	named third
	wait_for has_no_blob "$first" first
	has_blob "$second" second
	has_blob "$id" third
	# Also without a store, and with another one at work.
	for state in running stopped; do
		blob 30 "$state"
		run --separate-stderr store --collect
		[ "$status" -eq 0 ]
		has_no_blob "$id" "$state"
		has_blob "$second" second
		one_line "3 left"
		[ $state = stopped ] || stop_store
	done
	run --separate-stderr store --collect --blob-grace 1d
	[ "$status" -eq 0 ]
	has_no_blob "$young" young
	one_line "1 blobs removed, 2 left"
	run --separate-stderr store --blob-grace 1s
	[ "$status" -eq 64 ]
	DIR=$T/none
	run --separate-stderr store --collect
	[ "$status" -eq 66 ]
}

@test "--check finds blobs that are missing or damaged" {
	start_store
	named good
	good=$id
	named bad
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	one_line "2 events, 2 blobs, no problems"
	printf Bad >"$DIR/blobs/${id:0:2}/$id"
	rm "$DIR/blobs/${good:0:2}/$good"
	run --separate-stderr store --check
	[ "$status" -eq 65 ]
	[ "${#stderr_lines[@]}" -eq 3 ]
	[[ $stderr == *"$id: is damaged"* && $stderr == *"event 1: blob $good: is not there"* ]]
	stop_store
}

@test "--backup has all blobs, linked or copied" {
	start_store
	named page
	run --separate-stderr store --backup "$T/near"
	[ "$status" -eq 0 ]
	one_line "and 1 blobs"
	[ "$T/near/blobs/${id:0:2}/$id" -ef "$DIR/blobs/${id:0:2}/$id" ]
	mkdir "$T/small"
	mount -t tmpfs -o size=20m tmpfs "$T/small" 2>/dev/null ||
		skip "mounting another disk is not permitted"
	run --separate-stderr store --backup "$T/small"
	[ "$status" -eq 0 ]
	one_line "and 1 blobs"
	[ "$(log --dir "$T/small" --blob "$id")" = page ]
	run --separate-stderr store --dir "$T/small" --check
	[ "$status" -eq 0 ]
	one_line "1 events, 1 blobs, no problems"
	stop_store
}

# ---- what comes in ----

@test "a peer that sends garbage harms nothing" {
	start_store
	numbers 1 10 | pub -t test.n
	for seed in 1 2 3; do
		"$HELPERS/garbage" "ipc://$DIR/run/ingest" $seed 3000
	done
	numbers 11 20 | pub -t test.n
	alive "$store"
	in_order 20
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	# What had an id in turn but could not be taken says so in its place.
	[ "$(log event.refused | wc -l)" -gt 0 ]
	log event.refused | jq -e '.data.reason|length > 0' >/dev/null
	# Complaints are bounded, and each is one line.
	[ "$(grep -c . "$T/store.err")" -lt 100 ]
	! grep -qP '[^\x20-\x7e]' "$T/store.err"
	stop_store
}

# ---- kills ----

@test "killed at 25 moments, what was acknowledged is there once, in order" {
	start_store
	for i in $(seq 60); do
		numbers $((i * 200 - 199)) $((i * 200))
		sleep 0.05
	done | pub -t test.n --timeout 60s &
	publisher=$!
	for i in $(seq 25); do
		sleep "0.$(printf %03d $((RANDOM % 150)))"
		kill_store
		start_store
	done
	wait "$publisher"
	in_order 12000
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	stop_store
}

# ---- a full disk ----

@test "a full disk: nothing acknowledged is lost, and it goes on by itself" {
	mkdir "$T/small"
	mount -t tmpfs -o size=2m tmpfs "$T/small" 2>/dev/null ||
		skip "mounting a small disk is not permitted"
	DIR=$T/small
	start_store
	fat=$(printf 'x%.0s' $(seq 1000))
	seq 1 4000 | sed "s/.*/{\"n\":&,\"x\":\"$fat\"}/" >"$T/in"
	head -n 300 "$T/in" | pub -t test.n
	tail -n +301 "$T/in" | pub -t test.n --timeout 100s &
	publisher=$!
	wait_for grep -q 'disk full' "$T/store.err"
	alive "$store"
	alive "$publisher"
	# It answers the living: heartbeats go on, the journal can be read.
	n=$(log test.n | wc -l)
	[ "$n" -ge 300 ]
	log test.n | jq .data.n | cmp - <(seq 1 "$n")
	# Killed and started again on the full disk, it still has them.
	mount -o remount,size=20m "$T/small"
	wait "$publisher"
	grep -q 'there is room again' "$T/store.err"
	[ "$(grep -c 'disk full' "$T/store.err")" -eq 1 ]
	in_order 4000
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	stop_store
}

# ---- a clock that was ahead ----

@test "a clock that was ahead: one warning, not ready, until it is set back" {
	start_store
	start_daemon gateway --dir "$DIR" --port 0
	gateway=$daemon
	url=$(grep -o 'http://[^ ]*' "$T/gateway.err")
	says() { curl -s "${url}readyz" | grep -qF "$1"; }
	wait_for says '"ready":true'
	stop_store
	touch -d '+1 hour' "$DIR"/journal/head.*
	start_store
	wait_for says '"name":"store","why":"clock"'
	[ "$(grep -c "ahead of the machine's" "$T/store.err")" -eq 1 ]
	grep -Eq "clock is 3[56][0-9][0-9] s ahead" "$T/store.err"
	stop_store
	touch "$DIR"/journal/head.*
	start_store
	wait_for says '"ready":true'
	run -1 grep ahead "$T/store.err"
	stop_daemon "$gateway"
	stop_store
}

# ---- what is taken away from under it ----

@test "a journal that is moved away: not ready, nothing taken, until it is back" {
	start_store
	numbers 1 3 | pub -t test.n
	start_daemon gateway --dir "$DIR" --port 0
	url=$(grep -o 'http://[^ ]*' "$T/gateway.err")
	says() { curl -s "${url}readyz" | grep -qF "$1"; }
	wait_for says '"ready":true'
	mv "$DIR/journal" "$T/aside"
	wait_for says '"name":"store","why":"journal moved"'
	numbers 4 4 >"$T/in"
	run --separate-stderr pub -t test.n --timeout 1s "$T/in"
	[ "$status" -eq 75 ]
	# A copy in its place is another journal.
	cp -r "$T/aside" "$DIR/journal"
	[ "$(log test.n | wc -l)" -eq 3 ]
	run --separate-stderr pub -t test.n --timeout 1s "$T/in"
	[ "$status" -eq 75 ]
	rm -r "$DIR/journal"
	mv "$T/aside" "$DIR/journal"
	wait_for says '"ready":true'
	[ "$(grep -c 'journal was moved' "$T/store.err")" -eq 1 ]
	grep -q 'journal is back' "$T/store.err"
	numbers 4 4 | pub -t test.n
	in_order 4
	stop_daemon
	stop_store
}

@test "without its directory it neither ends nor begins an empty journal" {
	start_store
	rm -r "$DIR"
	wait_for grep -q 'journal was moved' "$T/store.err"
	alive "$store"
	[ ! -e "$DIR" ]
	stop_store
	[ ! -e "$DIR/journal" ]
}

@test "a socket that is removed or replaced ends it with 75, to be started anew" {
	for end in ingest feed; do
		start_store
		numbers 1 1 | pub -t test.n
		rm "$DIR/run/$end"
		[ $end = ingest ] || touch "$DIR/run/$end"
		wait_for gone "$store"
		status=0
		wait "$store" || status=$?
		[ "$status" -eq 75 ]
		[ "$(grep -c "error: the socket of $end was removed" "$T/store.err")" -eq 1 ]
	done
	start_store
	numbers 1 1 | pub -t test.n
	[ "$(log test.n | wc -l)" -eq 3 ]
	stop_store
}

# ---- retention ----

retain() { # SECTION...
	printf '%s\n' "$@" >"$T/conf"
	start_store --config "$T/conf" --retain-every 100ms
}

topic_has() { [ "$(log "$1" | wc -l)" -eq "$2" ]; }

@test "retention by count keeps the newest of each topic" {
	retain '[retention test.n]' 'count = 3'
	for topic in a b c; do
		numbers 1 400 | pub -t test.n -s $topic
	done
	numbers 1 10 | pub -t test.other
	for topic in a b c; do
		wait_for topic_has test.n/$topic 3
		[ "$(log test.n/$topic | jq .data.n | tr '\n' ' ')" = "398 399 400 " ]
	done
	topic_has test.other 10
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	stop_store
}

@test "SIGHUP: retention is read again, a broken file changes nothing" {
	retain '[retention test.n]' 'count = 300'
	log_has() { grep -q "$1" "$T/store.err"; }
	numbers 1 400 | pub -t test.n
	wait_for topic_has test.n 300
	printf '%s\n' '[retention test.n]' 'count = few' >"$T/conf"
	kill -HUP "$store"
	wait_for log_has 'error: not reloaded: .*few'
	numbers 401 450 | pub -t test.n
	wait_for topic_has test.n 300
	printf '%s\n' '[retention test.n]' 'count = 3' >"$T/conf"
	kill -HUP "$store"
	wait_for log_has 'info: reloaded'
	wait_for topic_has test.n 3
	stop_store
}

@test "retention by age and by bytes" {
	retain '[retention test.old]' 'age = 1s' '[retention test.fat]' 'bytes = 4K'
	numbers 1 20 | pub -t test.old
	numbers 1 500 | pub -t test.fat
	echo 1 | pub -t test.last
	wait_for topic_has test.old 0
	few() { [ "$(log test.fat | wc -l)" -lt 80 ]; }
	wait_for few
	[ "$(log test.fat | wc -l)" -gt 20 ]
	[ "$(log -r -n 1 test.fat | jq .data.n)" -eq 500 ]
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	stop_store
}

@test "retention by what blobs take, each counted once; a section goes over ours" {
	few() { # KIND WITHIN
		log "$1" | wc -l >"$T/n"
		[ "$(cat "$T/n")" -le "$2" ]
	}
	retain '[retention test.page]' 'blobs = 4K' \
		'[retention observation.record]' 'count = 2'
	for i in 1 2 3 4 5 6 7 8; do
		named "$(head -c 1000 /dev/zero | tr '\0' "$i")"
	done
	# The same one again takes no room: four stay, and what names them too.
	echo "{\"page\":{\"blob\": \"$id\"}}" >"$T/again"
	for i in 1 2 3; do
		pub -t test.page <"$T/again"
	done
	for i in 1 2 3; do
		echo '{"watch":"w","outcome":"changed"}' | pub -t observation.record -s w
	done
	wait_for few observation.record/w 2
	wait_for few test.page 7
	[ "$(log test.page | jq -r .data.page.blob | sort -u | wc -l)" -eq 4 ]
	[ "$(log test.page | wc -l)" -eq 7 ]
	run --separate-stderr store --check
	[ "$status" -eq 0 ] || [ "$(grep -vc 'is not there' <<<"$output")" -gt 0 ]
	stop_store
}

@test "values that are state are never pruned" {
	retain '[retention watch.set]' 'count = 1' 'age = 1s'
	for i in 1 2 3; do
		for id in a b; do
			echo "{\"id\":\"$id\",\"url\":\"https://shop.example/$i\"}"
		done
	done | pub -t watch.set
	numbers 1 300 | pub -t test.n
	wait_for topic_has watch.set/ 2
	[ "$(log watch.set/ | jq -r .data.url | sort -u)" = https://shop.example/3 ]
	stop_store
	start_store --max-bytes 2K --retain-every 100ms
	few() { [ "$(log test.n | wc -l)" -lt 40 ]; }
	wait_for few
	topic_has watch.set/ 2
	run --separate-stderr store --check
	[ "$status" -eq 0 ]
	stop_store
}

@test "what a stage has not read is kept, unless the limit on the whole forces it" {
	retain '[retention test.n]' 'count = 1'
	numbers 1 50 | pub -t test.n
	epoch=$(log -n 1 | jq -r .epoch)
	wait_for topic_has test.n 1
	stop_store
	start_store
	"$HELPERS/control" "ipc://$DIR/run/ingest" '$pos' "weir/test/1 $epoch 60"
	numbers 51 100 | pub -t test.n
	stop_store
	retain '[retention test.n]' 'count = 1'
	# 50 to 60 may go, 61 to 100 may not.
	wait_for topic_has test.n 40
	stop_store
	start_store --max-bytes 1K --retain-every 100ms
	few() { [ "$(log test.n | wc -l)" -lt 20 ]; }
	wait_for few
	stop_store
}
