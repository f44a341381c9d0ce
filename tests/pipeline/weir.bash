# All of weir, with the simulated sites standing still: they change only by
# what a test asks for. Needs tests/helpers.bash.

# start_weir RECIPE...: store, stages and gateway with what these recipes set
# up, as scripts/run does it. $sim, $chat and $url are the addresses of sites,
# chats and gateway; whatever is told goes to the receiver "inbox" of the sites.
start_weir() {
	local tool r file
	mkdir -p "$DIR"
	start_daemon sim --listen 127.0.0.1:0 --tick 0 --chat 127.0.0.1:0 --chat-every 0
	sim=http://$(sed -n 's/.*ready listen=\([^ ]*\).*/\1/p' "$T/sim.err")
	chat=$(sed -n 's/.* chat=\([^ ]*\).*/\1/p' "$T/sim.err")
	{
		cat "$BATS_TEST_DIRNAME/../../etc/weir.conf"
		printf '[gateway]\nport = 0\n'
		printf '[scraper]\nallow = %s\nallow = %s\nhost-delay = 0s\nhost-requests = 4\nspread = 0s\nbackoff = 1s\n' "${sim#http://}" "$chat"
		printf '[channel inbox]\ntype = webhook\nurl = %s/hook/inbox\n' "$sim"
	} >"$DIR/weir.conf"
	export WEIR_DIR=$DIR WEIR_CONFIG=$DIR/weir.conf PATH=$BIN:$PATH
	start_daemon store
	for tool in scraper analyzer alerter notifier; do # /readyz waits for them
		"$BIN/weir-$tool" 2>"$T/$tool.err" 3>&- &
		daemons+=($!)
	done
	start_daemon gateway
	url=$(sed -n 's|.* url=\(http://[^ ]*\)/ .*|\1|p' "$T/gateway.err")
	export WEIR_URL=$url
	for r; do
		for file in watches rules searches; do
			recipe "$r" "$file" | weir-pub --type "$(singular "$file").set"
		done
	done
	wait_for curl -s --fail-with-body -o "$T/readyz" --max-time 5 "$url/readyz" || {
		cat "$T/readyz" "$T"/*.err >&2
		return 1
	}
}

# stop_weir: TERM for all, who must not have met an error of memory (ASan's
# reports stand on standard error), nor leave any behind.
stop_weir() {
	local pid
	for pid in "${daemons[@]}"; do
		kill -TERM "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	! grep -h 'Sanitizer\|runtime error' "$T"/*.err
}

# recipe NAME FILE: its watches, rules or searches; nothing if it has none.
recipe() {
	local file=$BATS_TEST_DIRNAME/../../etc/recipes/$1/$2.jsonl
	[ ! -e "$file" ] || sed "s|@SIM@|$sim|g;s|@CHAT@|$chat|g" "$file"
}

singular() {
	case $1 in watches) echo watch ;; searches) echo search ;; *) echo "${1%s}" ;; esac
}

# site WHAT JSON: change the simulated sites, as weir-sim(1) describes.
site() {
	curl -fsS --max-time 10 -o "$T/site" -d "$2" "$sim/control/$1"
}

# event PATTERN [FILTER]: the newest event that jq's FILTER lets through,
# waited for; printed on one line, and left in $T/event.
event() {
	wait_for has_event "$@"
	cat "$T/event"
}

has_event() {
	weir-log --reverse "$1" |
		jq -c "first(inputs | select(${2:-true}))" -n >"$T/event"
	[ -s "$T/event" ]
}

# events PATTERN: how many there are
events() { weir-log "$@" | wc -l; }

# What the receiver got, as an array of bodies.
inbox() {
	curl -fsS --max-time 10 "$sim/control/hook/inbox" |
		jq -c '[.requests[]? | .body | fromjson]'
}

# delivered FILTER: the first body in the inbox that it lets through
delivered() {
	wait_for has_delivery "$1"
	cat "$T/delivery"
}

has_delivery() {
	inbox | jq -c "first(.[] | select($1))" >"$T/delivery"
	[ -s "$T/delivery" ]
}
