#!/usr/bin/env bats
# What comes in when, and what must go out when: tests/scenarios/README. And
# that the one who judges that is no pushover.

bats_require_minimum_version 1.5.0

setup() {
	BIN=$(realpath "${BIN:-build/bin}")
	run=tests/scenarios/run.py
	cd "$BATS_TEST_TMPDIR"
	cat >deal.txt <<-'EOT'
		scenario a deal
		rule deal {"on":"price.update/",
		 "target":"80"}
		at 0  price lamp 90 EUR
		at 5m price lamp 79 EUR
		want at 5m alert.new/lamp/deal "Lamp: 79 EUR, …" currentPrice=79
		want between 4m 6m user.notification/default "Target reached: Lamp"
		want nothing else
	EOT
	cd "$OLDPWD"
}

# judge FILE [OPTION...]: $status and $output of one file of scenarios
judge() {
	run "$run" --tool "$BIN/weir-alerter" "${@:2}" "$BATS_TEST_TMPDIR/$1"
}

# with SED-SCRIPT: the deal, but
with() {
	sed "$1" "$BATS_TEST_TMPDIR/deal.txt" >"$BATS_TEST_TMPDIR/other.txt"
	judge other.txt
}

@test "every scenario goes as it is written" {
	"$run" --tool "$BIN/weir-alerter"
}

@test "what does not come, comes at another time or says something else is named" {
	judge deal.txt
	[ "$status" -eq 0 ]
	[ "$output" = "1 scenarios, 0 failed" ]
	with 's/90 EUR/79 EUR/'
	[ "$status" -eq 1 ]
	[[ $output == *"other.txt:6: did not come: at 5m alert.new/lamp/deal"* ]]
	[[ $output == *'came, and was not wanted: at 0 alert.new/lamp/deal "Lamp: 79 EUR'* ]]
	for wrong in 's/want at 5m/want at 6m/' 's/4m 6m/6m 7m/' 's/currentPrice=79/currentPrice=78/' \
		's/reached: Lamp/reached/' 's/79 EUR, …"/79 EUR"/' 's/currentPrice=79/currentPrice=/' \
		's/Price=79/Price=79 item.id=lam/' '/want at/d' '/want between/d' \
		's/want nothing/want log "there is a warning"\n&/' 's/at 0 .*/at 0 silence s {}/'; do
		with "$wrong"
		[ "$status" -eq 1 ] || { echo "$wrong: $output" && false; }
		[[ $output == *"1 scenarios, 1 failed"* ]]
	done
}

@test "a scenario with a word that is unknown is an error that names it" {
	while IFS='|' read -r script why; do
		with "$script"
		[ "$status" -eq 65 ] || { echo "$script: $output" && false; }
		[[ $output == *"$why"* ]] || { echo "$script: $output" && false; }
	done <<-'EOT'
		s/^want nothing/want something/|something
		s/^want nothing/wish nothing/|wish: unknown
		s/price lamp 79/prize lamp 79/|other.txt:5: prize: unknown
		s/79 EUR$/79 EUR shop more/|more: not understood
		s/79 EUR$/cheap EUR/|a price, or -
		s/at 5m price/at 5x price/|5x: not a time
		s/4m 6m/6m 4m/|ends before it begins
		s/"target"/target/|not JSON
		s/^scenario.*//|before the first scenario
		s/^want nothing else/until 1m/|until: before a time
		/^[^s]/d|nothing comes in
	EOT
}

@test "a tool that forgets when it is killed is found out" {
	cat >"$BATS_TEST_TMPDIR/forgets" <<-EOT
		#!/bin/sh
		exec "$BIN/weir-alerter" -i - -o - \$(case \$* in *-p*) echo -p ;; esac)
	EOT
	sed 's/lamp 79 EUR$/&\nat 6m price lamp 79 EUR/' "$BATS_TEST_TMPDIR/deal.txt" \
		>"$BATS_TEST_TMPDIR/other.txt"
	chmod +x "$BATS_TEST_TMPDIR/forgets"
	judge other.txt
	[ "$status" -eq 0 ]
	judge other.txt --tool "$BATS_TEST_TMPDIR/forgets"
	[ "$status" -eq 1 ]
	[[ $output == *"killed and started again, it says something else"* ]]
}
