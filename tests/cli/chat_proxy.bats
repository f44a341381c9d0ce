#!/usr/bin/env bats
# Chats through pools of real proxies: what is spoken, what happens when one
# fails, and what is not gone to.

# shellcheck disable=SC2016,SC2034,SC2154 # conditions are evaluated later

load ../helpers
load proxies

setup() {
	weir_setup
	start_daemon sim --listen 127.0.0.1:0 --chat 127.0.0.1:0 --chat-every 0 --tick 0
	sim=http://$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' "$T/sim.err")
	chat=$(sed -n 's/.* chat=\([^ ]*\).*/\1/p' "$T/sim.err")
	start_store
}

teardown() { weir_teardown; }

scraper() {
	start_daemon scraper --dir "$DIR" --reconnect 20ms --reconnect-max 200ms "$@"
}

pool() { echo "{\"id\":\"$1\",$2}" | pub --type proxy.set; } # ID MEMBERS

watch() { # ID URL VIA MEMBERS-OF-CHAT
	echo "{\"id\":\"$1\",\"url\":\"$2\",\"kind\":\"chat\",\"every\":\"500ms\",\"via\":$3,\"chat\":{$4}}" |
		pub --type watch.set
}

room() { # ROOM N
	curl -sS --max-time 20 -d "{\"room\":\"$1\",\"say\":$2}" "$sim/control/chat" >/dev/null
}

drop() { curl -sS --max-time 20 -d "{\"room\":\"$1\",\"drop\":true}" "$sim/control/chat" >/dev/null; }

told() { log --last "scraper.status/$1" | jq -r ".data.$2"; }
is_live() { [ "$(told "$1" state)" = live ]; }
has_said() { [ "$(log "chat.message/$1" | jq -r .data.id)" = "$(seq "$2" | sed "s/^/$1-/")" ]; }
# shellcheck disable=SC2053 # a pattern
reason_is() { [[ $(told "$1" reason) == $2 ]]; }

@test "each protocol by each kind of proxy, and again when it was dropped" {
	start_http_proxy
	start_socks_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	pool socks "\"proxies\":[\"socks5://127.0.0.1:$socks\"]"
	scraper --allow 127.0.0.1
	for via in http socks; do
		watch "poll$via" "http://$chat/chat/poll$via/messages?since={since:0}" "\"$via\"" '"protocol":"poll","since":"next"'
		watch "sse$via" "http://$chat/chat/sse$via/sse" "\"$via\"" '"protocol":"sse"'
		watch "ws$via" "ws://$chat/chat/ws$via/ws?join=yes" "\"$via\"" '"send":[{"type":"join"}]'
		watch "irc$via" "irc://$chat" "\"$via\"" "\"channels\":[\"#irc$via\"]"
		watch "ircws$via" "ws://$chat/irc" "\"$via\"" "\"protocol\":\"irc\",\"channels\":[\"#ircws$via\"]"
	done
	all=$(for via in http socks; do printf '%s ' poll$via sse$via ws$via irc$via ircws$via; done)
	for s in $all; do wait_for is_live "$s"; done
	for s in $all; do room "$s" 5; done
	for s in $all; do wait_for has_said "$s" 5; done
	grep -q "connected to 127.0.0.1:${chat##*:}" "$T/microsocks.out"
	[ "$(grep -c "CONNECT 127.0.0.1:${chat##*:}" "$T/tiny.log")" -ge 3 ]
	for s in wshttp wssocks ssesocks; do drop "$s"; done
	for s in wshttp wssocks ssesocks; do room "$s" 1; done
	for s in wshttp wssocks ssesocks; do wait_for has_said "$s" 6; done
}

@test "a way that fails gives over to the next, and says so" {
	start_socks_proxy
	closed=$(free_port)
	pool dead "\"proxies\":[\"http://127.0.0.1:$closed\"]"
	pool socks "\"proxies\":[\"socks5://127.0.0.1:$socks\"]"
	scraper --allow 127.0.0.1
	watch one "ws://$chat/chat/one/ws" '["dead","socks"]' ''
	watch two "ws://$chat/chat/two/ws" '["dead"]' ''
	watch none "ws://$chat/chat/none/ws" '["nobody"]' ''
	wait_for is_live one
	room one 1
	wait_for has_said one 1
	wait_for reason_is two 'proxy: Connection refused*'
	wait_for reason_is none '*nobody*'
	log proxy.status/dead | jq -es 'any(.data.failures > 0)'
}

@test "a provider of pages is no way for a chat" {
	(mkdir -p "$DIR/secrets" && umask 077 && echo hush >"$DIR/secrets/key")
	pub --type provider.set <<<'{"id":"paid","url":"http://127.0.0.1:1/?k={key}&url={url}","key":{"file":"key"},"budget":5}'
	scraper --allow 127.0.0.1
	watch one "ws://$chat/chat/one/ws" '["paid"]' ''
	wait_for reason_is one 'via: paid is a provider of pages; a chat goes through proxies or directly'
	[ "$(told one state)" = failed ]
	watch two "ws://$chat/chat/two/ws" '["paid","direct"]' ''
	wait_for is_live two
}

@test "a host that may not be reached is not gone to by a proxy either" {
	start_http_proxy
	start_socks_proxy
	pool http "\"proxies\":[\"http://127.0.0.1:$http\"]"
	pool there "\"proxies\":[\"socks5h://127.0.0.1:$socks\"],\"names\":\"proxy\""
	scraper --allow-proxy 127.0.0.1
	watch a "ws://$chat/chat/a/ws" '"http"' ''
	watch b "irc://localhost:${chat##*:}" '"there"' '"channels":["#b"]'
	watch c "http://$chat/chat/c/sse" '"there"' '"protocol":"sse"'
	for s in a b c; do
		wait_for reason_is $s 'address is loopback'
		[ "$(told $s outcome)" = refused ]
	done
	! grep -q CONNECT "$T/tiny.log"
	! grep -q connected "$T/microsocks.out"
}
