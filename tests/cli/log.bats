#!/usr/bin/env bats
# weir-log as a process.

load ../helpers

setup() {
	weir_setup
	start_store
	epoch=$(sed -n 's/.*epoch=\([0-9a-f]*\).*/\1/p' "$T/store.err")
}

teardown() { weir_teardown; }

# offsets ARG...: of what is printed, on one line
offsets() { log "$@" | jq -r .offset | tr '\n' ' '; }

# Six events: 1 test.n/a, 2 test.n/b, 3 test.n/a ..., one call each.
six() {
	for i in 1 2 3 4 5 6; do
		numbers "$i" "$i" | pub -t test.n -s "$([ $((i % 2)) = 1 ] && echo a || echo b)"
	done
}

@test "help, version and bad options" {
	run --separate-stderr log --help
	[ "$status" -eq 0 ]
	[[ $output == *--since* && $output == *--follow* ]]
	run --separate-stderr log --version
	[ "$status" -eq 0 ]
	for bad in --limit=x --limit=0 --since=yesterday --until=5 --no-such --since; do
		run --separate-stderr log "$bad"
		[ "$status" -eq 64 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		name=${bad%%=*}
		[[ $stderr == *"${name#--}"* ]]
	done
	run log --last --since 1h
	[ "$status" -eq 64 ]
	run log --follow --reverse
	[ "$status" -eq 64 ]
	for bad in 'a b' price; do
		run --separate-stderr log "$bad"
		[ "$status" -eq 64 ]
		[[ $stderr == *pattern:* ]]
	done
}

@test "without a journal it says so" {
	stop_store
	run --separate-stderr log --dir "$T/none"
	[ "$status" -eq 66 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "an empty journal prints nothing" {
	for args in "" --reverse --last "--since 1h" "--since $epoch:0" "-n 3"; do
		# shellcheck disable=SC2086
		run --separate-stderr log $args
		[ "$status" -eq 0 ]
		[ -z "$output$stderr" ]
	done
}

@test "ranges: since, until, limit, reverse, patterns" {
	six
	[ "$(offsets)" = "1 2 3 4 5 6 " ]
	[ "$(offsets -r)" = "6 5 4 3 2 1 " ]
	[ "$(offsets -n 2)" = "1 2 " ]
	[ "$(offsets -r -n 2)" = "6 5 " ]
	[ "$(offsets --since "$epoch:4")" = "5 6 " ]
	[ "$(offsets --since "$epoch:6")" = "" ]
	[ "$(offsets --until "$epoch:2")" = "1 2 " ]
	[ "$(offsets --until "$epoch:0")" = "" ]
	[ "$(offsets --since "$epoch:1" --until "$epoch:4" -r)" = "4 3 2 " ]
	[ "$(offsets --since 1h)" = "1 2 3 4 5 6 " ]
	[ "$(offsets --until 1h)" = "" ]
	[ "$(offsets --since 2000-01-01 --until 2000-01-02)" = "" ]
	third=$(log | jq -r 'select(.offset=="3").recordedtime')
	[ "$(offsets --since "$third")" = "3 4 5 6 " ]
	[ "$(offsets --until "$third")" = "1 2 3 " ]
	[ "$(offsets test.n/a)" = "1 3 5 " ]
	[ "$(offsets test.n/ -n 1)" = "1 " ]
	[ "$(offsets test.)" = "1 2 3 4 5 6 " ]
	[ "$(offsets test.n)" = "" ]
	[ "$(offsets test.n/b none.such)" = "2 4 6 " ]
	[ "$(offsets -r -n 1 test.n/a)" = "5 " ]
}

@test "only what an expression holds for" {
	six
	[ "$(offsets -e 'n > 4')" = "5 6 " ]
	[ "$(offsets -e 'n > 1' -n 2)" = "2 3 " ]
	[ "$(offsets -r --filter 'n <= 4' test.n/a)" = "3 1 " ]
	[ "$(offsets -e 'event.subject == "b" and not n in [2, 6]')" = "4 " ]
	[ "$(offsets --last -e 'n > 5')" = "6 " ]
	[ "$(offsets -e 'missing < 1 or not missing')" = "" ]
	run --separate-stderr log -e 'n > 1 && n < 3'
	[ "$status" -eq 64 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"--filter: line 1, column 7: "*"did you mean and?"* ]]
	run log -e 'n >' --check-config
	[ "$status" -eq 64 ]
	run log -e 'n > 1' --check-config
	[ "$status" -eq 0 ]
	run log -e 'n > 1' --blob x
	[ "$status" -eq 64 ]
}

@test "the newest of each topic" {
	six
	[ "$(offsets --last)" = "5 6 " ]
	[ "$(offsets --last test.n/b)" = "6 " ]
	[ "$(offsets --last none.such)" = "" ]
	# In the order of topics, each once, whatever the patterns.
	[ "$(offsets --last test.n/b test.n/a)" = "5 6 " ]
	[ "$(offsets --last test. test.n/ test.n/b test.n/b)" = "5 6 " ]
	[ "$(offsets --last test.n/b '' test.n/a)" = "5 6 " ]
	[ "$(offsets --last -n 1)" = "5 " ]
	seq -f '%04g' 1 3000 | sed 's/.*/{"type":"test.many","subject":"&","data":{"x":"&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&"}}/' | pub
	[ "$(log --last test.many/ | jq -r .subject | uniq | wc -l)" -eq 3000 ]
}

@test "a foreign or impossible position is served with an honest word" {
	six
	run --separate-stderr log --since 0badc0de:3
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 6 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"$epoch"* ]]
	run --separate-stderr log --since "$epoch:99"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 0 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	run --separate-stderr log --until 0badc0de:3
	[ "$status" -eq 65 ]
}

@test "a position and a time that are yet to come are waited for" {
	six
	"$BIN/weir-log" --dir "$DIR" -f -n 2 --since "$epoch:8" >"$T/log" 2>"$T/log.err" 3>&- &
	logger=$!
	"$BIN/weir-sub" --dir "$DIR" -n 2 --since "$epoch:8" >"$T/sub" 2>"$T/sub.err" 3>&- &
	subscriber=$!
	daemons+=("$logger" "$subscriber")
	for tool in log sub; do
		wait_for grep -q "the newest event is $epoch:6" "$T/$tool.err"
	done
	numbers 7 10 | pub -t test.n
	wait "$logger" "$subscriber"
	for tool in log sub; do
		[ "$(jq -r .offset "$T/$tool" | tr '\n' ' ')" = "9 10 " ]
		[ "$(lines "$T/$tool.err")" -eq 1 ]
	done
	when=$(date -u -d '+2 seconds' +%FT%TZ)
	"$BIN/weir-log" --dir "$DIR" -f -n 1 --since "$when" >"$T/log" 3>&- &
	logger=$!
	"$BIN/weir-sub" --dir "$DIR" -n 1 --since "$when" >"$T/sub" 3>&- &
	subscriber=$!
	daemons+=("$logger" "$subscriber")
	while alive "$logger" || alive "$subscriber"; do
		numbers 1 1 | pub -t test.n
	done
	for tool in log sub; do
		[[ $(jq -r .recordedtime "$T/$tool") > ${when%Z} ]]
	done
}

@test "it reads also while no store runs" {
	six
	stop_store
	[ "$(offsets)" = "1 2 3 4 5 6 " ]
	kill_me=$(offsets --last)
	[ "$kill_me" = "5 6 " ]
}

@test "it follows what comes, over a restart of the store" {
	six
	log -f -n 9 test.n/a >"$T/out" &
	follower=$!
	wait_for has_lines "$T/out" 3
	six
	wait_for has_lines "$T/out" 6
	kill_store
	start_store
	six
	wait $follower
	[ "$(jq -r .offset "$T/out" | tr '\n' ' ')" = "1 3 5 7 9 11 13 15 17 " ]
}

@test "it follows a journal that is not there yet, and one without a store" {
	stop_store
	DIR=$T/later
	"$BIN/weir-log" --dir "$DIR" -f >"$T/out" 2>"$T/err" &
	follower=$!
	daemons+=("$follower")
	start_store
	numbers 1 3 | pub -t test.n
	wait_for has_lines "$T/out" 3
	stop_store
	"$BIN/weir-log" --dir "$DIR" -f >"$T/out2" &
	second=$!
	daemons+=("$second")
	wait_for has_lines "$T/out2" 3
	start_store
	numbers 4 5 | pub -t test.n
	wait_for has_lines "$T/out" 5
	wait_for has_lines "$T/out2" 5
	stop_daemon $follower
	stop_daemon $second
	cmp "$T/out" "$T/out2"
}

@test "whoever reads it may stop at any time" {
	numbers 1 5000 | pub -t test.n
	run --separate-stderr bash -c '"$1" --dir "$2" | head -n 1' - "$BIN/weir-log" "$DIR"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[ -z "$stderr" ]
	run --separate-stderr bash -c '"$1" --dir "$2" -f | head -n 1' - "$BIN/weir-log" "$DIR"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	run --separate-stderr bash -c '"$1" --dir "$2" >/dev/full' - "$BIN/weir-log" "$DIR"
	[ "$status" -eq 74 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

# ---- blobs ----

@test "a blob is printed as it is, and only where it is right" {
	abc=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
	mkdir -p "$DIR/blobs/ba"
	printf abc >"$DIR/blobs/ba/$abc"
	run --separate-stderr log --blob $abc
	[ "$status" -eq 0 ]
	[ "$output" = abc ]
	for id in ${abc/7/8} ../../journal/data.mdb ''; do
		run --separate-stderr log --blob "$id"
		[ "$status" -eq 66 ]
		[ -z "$output" ]
		[[ $stderr == *"not there"* && ${#stderr_lines[@]} -eq 1 ]]
	done
	printf abd >"$DIR/blobs/ba/$abc"
	run --separate-stderr log --blob $abc
	[ "$status" -eq 65 ]
	[ -z "$output" ]
	[[ $stderr == *damaged* && ${#stderr_lines[@]} -eq 1 ]]
	for other in -f -l '-n 3' test.n; do
		run --separate-stderr log --blob $abc $other
		[ "$status" -eq 64 ]
	done
}
