#!/usr/bin/env bats
# weir-sub as a process.

load ../helpers

setup() { weir_setup; }

teardown() { weir_teardown; }

sub() { "$BIN/weir-sub" --dir "$DIR" "$@"; }

# sub_background ARG...: into $T/sub
sub_background() {
	: >"$T/sub"
	"$BIN/weir-sub" --dir "$DIR" "$@" >"$T/sub" 2>"$T/sub.err" 3>&- &
	subscriber=$!
	daemons+=("$subscriber")
}

@test "help, version and bad options" {
	run --separate-stderr sub --help
	[ "$status" -eq 0 ]
	[[ $output == *--since* ]]
	run --separate-stderr sub --version
	[ "$status" -eq 0 ]
	for bad in --limit=-1 --limit=0 --since=yesterday --no-such; do
		run --separate-stderr sub "$bad"
		[ "$status" -eq 64 ]
		[ "${#stderr_lines[@]}" -eq 1 ]
		name=${bad%%=*}
		[[ $stderr == *"${name#--}"* ]]
	done
	for bad in 'a b' price price/; do
		run --separate-stderr sub "$bad"
		[ "$status" -eq 64 ]
		[[ $stderr == *pattern:* ]]
	done
}

@test "it begins with what comes, without a hole" {
	start_store
	numbers 1 100 | pub -t test.n
	sub_background
	i=100
	while [ "$(lines "$T/sub")" -eq 0 ]; do
		i=$((i + 1))
		numbers $i $i | pub -t test.n
	done
	numbers $((i + 1)) $((i + 50)) | pub -t test.n
	first=$(head -n 1 "$T/sub" | jq .data.n)
	[ "$first" -gt 100 ]
	wait_for has_lines "$T/sub" $((i + 51 - first))
	jq .data.n "$T/sub" | cmp - <(seq "$first" $((i + 50)))
	stop_daemon "$subscriber"
}

@test "since, limit and patterns" {
	start_store
	numbers 1 5 | pub -t test.a
	numbers 6 9 | pub -t test.b
	epoch=$(log -n 1 | jq -r .epoch)
	[ "$(sub --since "$epoch:0" -n 9 | jq .data.n | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 9 " ]
	[ "$(sub --since "$epoch:3" -n 2 | jq .data.n | tr '\n' ' ')" = "4 5 " ]
	[ "$(sub --since 1h -n 2 test.b | jq .data.n | tr '\n' ' ')" = "6 7 " ]
	[ "$(sub --last -n 2 | jq .data.n | tr '\n' ' ')" = "5 9 " ]
	run --separate-stderr sub --since 0badc0de:1 -n 1
	[ "$status" -eq 0 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "only what an expression holds for" {
	start_store
	numbers 1 5 | pub -t test.a
	epoch=$(log -n 1 | jq -r .epoch)
	[ "$(sub --since "$epoch:0" -e 'n > 2' -n 2 | jq .data.n | tr '\n' ' ')" = "3 4 " ]
	sub_background --since "$epoch:0" --filter 'n in [2, 7] or event.topic == "test.b"'
	wait_for has_lines "$T/sub" 1
	numbers 6 8 | pub -t test.a
	numbers 9 9 | pub -t test.b
	wait_for has_lines "$T/sub" 3
	[ "$(jq .data.n "$T/sub" | tr '\n' ' ')" = "2 7 9 " ]
	stop_daemon "$subscriber"
	run --separate-stderr sub -e 'n >'
	[ "$status" -eq 64 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"--filter: line 1, column 4: "* ]]
}

@test "it warns of what was pruned of its own topics only, once" {
	printf '[retention test.a]\ncount = 2\n' >"$T/conf"
	start_store --config "$T/conf" --retain-every 100ms
	numbers 1 9 | pub -t test.a
	numbers 10 12 | pub -t test.b
	epoch=$(log -n 1 | jq -r .epoch)
	pruned() { [ "$(log test.a | wc -l)" -eq 2 ]; }
	wait_for pruned
	for since in "$epoch:0" "$epoch:5" 1h; do
		run --separate-stderr sub --since "$since" -n 3 test.b
		[ "${#stderr_lines[@]}" -eq 0 ]
		run --separate-stderr sub --since "$since" -n 2 test.a
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"not all here"* ]]
		run --separate-stderr log --since "$since" test.b
		[ "${#stderr_lines[@]}" -eq 0 ]
		run --separate-stderr log --since "$since" test.a
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"not all here (epoch $epoch)" ]]
	done
	run --separate-stderr log -f -n 2 --since "$epoch:7" test.a
	[ "${#stderr_lines[@]}" -eq 0 ]
}

@test "a store that is killed and comes back leaves no hole" {
	start_store
	sub_background --since 1h
	for i in 1 2 3 4 5; do
		numbers $((i * 300 - 299)) $((i * 300)) | pub -t test.n
		kill_store
		start_store
	done
	wait_for has_lines "$T/sub" 1500
	jq .data.n "$T/sub" | cmp - <(seq 1 1500)
	stop_daemon "$subscriber"
}

@test "a reader that stalls misses nothing" {
	start_store
	mkfifo "$T/slow"
	"$BIN/weir-sub" --dir "$DIR" --since 1h >"$T/slow" &
	subscriber=$!
	daemons+=("$subscriber")
	exec 9<"$T/slow"
	numbers 1 20000 | pub -t test.n
	head -n 20000 <&9 | jq .data.n | cmp - <(seq 1 20000)
	exec 9<&-
}

@test "it goes on in the journal that takes the place of another" {
	start_store
	numbers 1 3 | pub -t test.n
	"$BIN/weir-store" --dir "$DIR" --backup "$T/b"
	numbers 4 5 | pub -t test.n
	sub_background --since 1h
	wait_for has_lines "$T/sub" 5
	stop_store
	rm -r "$DIR/journal"
	mv "$T/b/journal" "$DIR/journal"
	start_store
	numbers 6 7 | pub -t test.n
	wait_for has_lines "$T/sub" 7
	[ "$(jq .data.n "$T/sub" | tr '\n' ' ')" = "1 2 3 4 5 6 7 " ]
	grep -q 'another one now' "$T/sub.err"
	stop_daemon "$subscriber"
}

@test "it says what it waits for, once" {
	sub_background
	wait_for grep -q "$DIR/journal: .*; trying again" "$T/sub.err"
	start_store
	numbers 1 1 | pub -t test.n
	wait_for log -n 1
	stop_daemon "$subscriber"
	[ "$(lines "$T/sub.err")" -eq 1 ]
}

@test "it waits for a store, and whoever reads it may stop" {
	sub_background
	start_store
	stop_daemon "$subscriber"
	numbers 1 2000 | pub -t test.n
	run --separate-stderr bash -c '"$1" --dir "$2" --since 1h | head -n 1' - "$BIN/weir-sub" "$DIR"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[ -z "$stderr" ]
}
