#!/usr/bin/env bats
# The tools as filters: no store, no configuration, no state, and the same
# input gives the same bytes.

load ../helpers

setup() {
	weir_setup
	F=$BATS_TEST_DIRNAME/../fixtures/pipes
	PATH=$BIN:$PATH
	cd "$T" || return
}

teardown() { weir_teardown; }

# the_same FILTER FILE WANT: jq's FILTER of each line of FILE, as in WANT
the_same() { diff <(jq -cS "$1" "$2") "$F/$3"; }

@test "one look at some watches, through statistics and rules" {
	look() {
		weir-scraper -1 -w "$F/watches.jsonl" -o - 2>>log |
			weir-analyzer -p -i - -o - |
			weir-alerter -i - -o - -r "$F/rules.jsonl"
	}
	look >first
	look >second
	# Only when it happened differs, and what is made from that.
	jq -c '[.source, .id, .type, .subject, .data.message]' first >first.said
	jq -c '[.source, .id, .type, .subject, .data.message]' second | cmp - first.said
	cat >want <<-'EOT'
		["weir/alerter/-","1","alert.new","gold/target","Gold: 12000 USD, target 12100, at mock"]
		["weir/alerter/-","2","user.notification","default","Gold: 12000 USD, target 12100, at mock"]
	EOT
	diff first.said want
	[ -z "$(find . -name '*.mdb')" ]
}

@test "a stage passes on what it reads only with -p" {
	weir-analyzer -i - -o - <"$F/events.jsonl" >found
	[ "$(jq -r .type found | sort -u | tr '\n' ' ')" = 'price.anomaly price.stats ' ]
	weir-analyzer -p -i - -o - <"$F/events.jsonl" >passed
	jq -c 'select(.source == "weir/analyzer/-")' passed | diff - <(jq -c . found)
	jq -cS 'select(.source != "weir/analyzer/-") | [.source, .id, .data]' passed |
		diff - <(jq -cS '[.source, .id, .data]' "$F/events.jsonl")
}

@test "what was decided is the same twice, byte for byte, and as it should be" {
	decide() {
		weir-analyzer -p -i - -o - <"$F/events.jsonl" |
			weir-alerter -i - -o - -r "$F/rules.jsonl"
	}
	decide >first
	decide >second
	cmp first second
	the_same . first decided.want
}

@test "a new rule is tried on what was recorded, also without a store" {
	start_store
	pub <"$F/events.jsonl"
	stop_store
	export WEIR_DIR=$DIR
	backtest() {
		weir-log --since 90d |
			weir-alerter -i - -o - -r "$F/new-rule.jsonl"
	}
	backtest >first
	backtest >second
	cmp first second
	# Ids are made from the cause, which weir-pub has named anew.
	the_same '[.type, .subject, .time, (.data | del(.id, .alert, .data.id, .alerts, .update))]' first backtest.want
	[ "$(jq -s length first)" -eq "$(wc -l <"$F/backtest.want")" ]
	# By type, as the manual shows it.
	weir-log --since 90d price.update/ |
		weir-alerter -i - -o - -r "$F/new-rule.jsonl" >prices
	cmp <(jq -c .data first) <(jq -c .data prices)
}

@test "a filter that is asked to keep state goes on where it was" {
	head -n 9 "$F/events.jsonl" | weir-alerter -i - -o - -s state -r "$F/rules.jsonl" >first
	tail -n +10 "$F/events.jsonl" | weir-alerter -i - -o - -s state -r "$F/rules.jsonl" >second
	weir-alerter -i - -o - -r "$F/rules.jsonl" <"$F/events.jsonl" >whole
	diff <(jq -c '[.type, .subject, .time, .data]' first second) \
		<(jq -c '[.type, .subject, .time, .data]' whole)
}

@test "a reader that has enough ends the pipe quietly" {
	for _ in $(seq 200); do cat "$F/events.jsonl"; done |
		weir-analyzer -p -i - -o - 2>err | head -n 1 >line
	[ "$(wc -l <line)" -eq 1 ]
	[ ! -s err ]
}
