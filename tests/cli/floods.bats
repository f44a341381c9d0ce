#!/usr/bin/env bats
# Chats that say more than can be taken: what others say comes all the same,
# and of a burst nothing is lost.

load ../helpers

setup() { weir_setup; }

teardown() { weir_teardown; }

# flood [OPTION...]: sets $flood; what is written to {say} the honest room says.
flood() {
	mkfifo "$T/say"
	python3 "$BATS_TEST_DIRNAME/../helpers/flood.py" <"$T/say" >"$T/port" 3>&- &
	daemons+=("$!")
	exec {say}>"$T/say"
	wait_for test -s "$T/port"
	flood=$(cat "$T/port")
}

scraper() { start_daemon scraper --dir "$DIR" --allow 127.0.0.1 "$@"; }

state() { log --last "scraper.status/$1" | jq -r .data.state; }
is() { [ "$(state "$1")" = "$2" ]; }

counts_turns() { get "$url/metrics" | grep -q '^weir_scraper_chat_turns_total{.* [1-9]'; }

head_offset() { log --reverse -n 1 | jq -r .offset; }
last_of() { log --last "chat.message/$1"; }
has_said() { [ "$(last_of "$1" | jq -r .data.message)" = "$2" ]; } # STREAM TEXT

# At most that many events between a word of the honest room and its place in
# the journal: two rounds (TURNS_ROUND at 450 bytes a message), a quantum of
# each, what may wait for the store (STREAM_AHEAD_MAX), and some for the time
# that our own look at the journal takes. One after the other they were 80,000.
waits_at_most=20000

@test "48 rooms flood, and the honest one waits for a bounded number of theirs" {
	flood
	start_both
	scraper
	{
		echo '{"id":"honest","url":"ws://127.0.0.1:'"$flood"'/honest"}'
		seq 48 | sed 's|.*|{"id":"eve&","url":"ws://127.0.0.1:'"$flood"'/&"}|'
	} | pub --type watch.set
	wait_for is honest live
	for i in $(seq 48); do wait_for is "eve$i" live; done
	# What the machine is busy with only adds: the least of five counts.
	least=$((waits_at_most + 1))
	for n in $(seq 5); do
		before=$(head_offset)
		echo "honest $n" >&"$say"
		wait_for has_said honest "honest $n"
		after=$(last_of honest | jq -r .offset)
		[ $((after - before)) -ge "$least" ] || least=$((after - before))
	done
	[ "$least" -le "$waits_at_most" ]
	log chat.message/honest | jq -r .data.message | cmp - <(seq -f 'honest %g' 5)
	# All of them had their turns.
	for i in $(seq 48); do
		[ "$(last_of "eve$i" | jq -r '.data.id[5:] | tonumber')" -gt 100 ]
	done
	wait_for counts_turns
}

@test "a burst of one is taken whole" {
	flood
	start_store
	scraper
	pub --type watch.set <<<'{"id":"one","url":"ws://127.0.0.1:'"$flood"'/count/50000"}'
	wait_for has_said one "n 50000"
	log chat.message/one | jq -r .data.message | cmp - <(seq -f 'n %.0f' 50000)
}
