#!/usr/bin/env bats
# An alerter whose ledger is gone learns from the journal what it has told.

load ../helpers

setup() {
	weir_setup
	export WEIR_DIR=$DIR
}
teardown() { weir_teardown; }

price() { # ITEM PRICE SOURCE
	pub --type price.update --subject "$1" <<-EOT
		{"item":{"id":"$1"},"price":"$2","currency":"EUR","source":"$3"}
	EOT
}
topic_has() { [ "$(log "$1" | wc -l)" -eq "$2" ]; }
newest() { log --last "$1" | jq -r "$2"; }
is() { [ "$(newest "$1" "$2")" = "$3" ]; }

@test "what was told is not told again without a ledger, though its reason is pruned" {
	printf '[retention price.update]\ncount = 1\n' >"$T/conf"
	start_store --config "$T/conf" --retain-every 100ms
	start_daemon alerter --dir "$DIR"
	"$BIN/weir" rule add deal on=price.update/ target=80
	price lamp 79 shop
	wait_for topic_has alert.new/lamp/deal 1
	id=$(newest alert.new/lamp/deal .data.id)
	"$BIN/weir" alert ack "$id" user=ana
	wait_for topic_has alert.acked/lamp/deal 1
	price desk 79 shop
	price desk 90 shop
	wait_for topic_has alert.resolved/desk/deal 1
	price lamp 100 store
	wait_for topic_has price.update/lamp 1
	[ "$(newest price.update/lamp .data.source)" = store ]

	kill -KILL "$daemon"
	wait "$daemon" || true
	[ -e "$DIR/ledger/alerter" ]
	rm -r "$DIR/ledger/alerter"
	start_daemon alerter --dir "$DIR"
	price lamp 78.90 shop
	price chair 70 shop
	wait_for topic_has alert.new/chair/deal 1
	topic_has alert.new/lamp/deal 1
	[ "$(log user.notification/ | jq -s 'map(select(.data.message | test("lamp"; "i"))) | length')" -eq 1 ]
	# It knows who takes care of it, and what was said of it.
	price lamp 60 shop
	wait_for is alert.update/lamp/deal '[.data.id, .data.state, .data.currentPrice] | join(" ")' \
		"$id acknowledged 60"
	price lamp 90 shop
	wait_for is alert.resolved/lamp/deal .data.id "$id"
	# What was over may begin again.
	price desk 79 shop
	wait_for topic_has alert.new/desk/deal 2
	stop_daemon "$daemon"
	stop_store
}
