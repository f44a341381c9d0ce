#!/usr/bin/env bats
# What README and the manuals show is typed here, in a copy of the checkout and
# in a network of its own, so that all ports are free and nothing leaves.

bats_require_minimum_version 1.5.0

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup_file() {
	export NETWORK='' WHY_NOT=''
	if [ "$(readlink -f "${BIN:-$root/build/bin}")" != "$root/build/bin" ]; then
		WHY_NOT="scripts/run starts build/bin, which is tested without ASan"
		return 0
	fi
	local own
	for own in 'unshare -n' 'unshare -rn'; do
		! $own true 2>/dev/null || break
	done
	if ! $own true 2>/dev/null; then
		WHY_NOT="unshare -n gives no network of our own here"
		return 0
	fi
	unset "${!WEIR_@}"
	export COPY=$BATS_FILE_TMPDIR/weir
	mkdir -p "$COPY/build"
	cp -R --preserve=timestamps "$root"/{Makefile,README.md,cmd,common,etc,man,scripts} "$COPY"
	cp -R --preserve=timestamps "$root"/build/{bin,lib,obj} "$COPY/build"
	$own sh -c 'ip link set lo up && exec sleep 1000' >"$BATS_FILE_TMPDIR/ns" 2>&1 3>&- &
	NETWORK=$!
	local end=$((SECONDS + 20))
	until inside ip -o link show lo 2>/dev/null | grep -q LOWER_UP; do
		((SECONDS < end)) || return 1
	done
}

teardown_file() {
	if [ -n "$NETWORK" ]; then
		"$COPY/scripts/run" --stop >"$BATS_FILE_TMPDIR/stop" 2>&1 || true
		kill "$NETWORK"
	fi
}

setup() {
	[ -z "$WHY_NOT" ] || skip "$WHY_NOT"
}

# inside COMMAND...: in the network of our own
inside() {
	if [ "$(id -u)" = 0 ]; then
		nsenter -n -t "$NETWORK" "$@"
	else
		nsenter -U --preserve-credentials -n -t "$NETWORK" "$@"
	fi
}

# type_in DIR FILE: the shell commands in FILE, as somebody types them in DIR.
# They must end well, and null is no answer. A reader that has enough (head)
# ends those before it: with SIGPIPE, and curl with 23.
type_in() {
	cat >"$BATS_TEST_TMPDIR/session" <<-EOT
		set -o pipefail
		ended() {
			for status; do
				shift
				case \$#:\$status in
				*:0 | [1-9]:23 | [1-9]:141) ;;
				*) exit \$status ;;
				esac
			done
		}
		trap 'ended "\${PIPESTATUS[@]}"' ERR
		trap 'kill \$(jobs -p) 2>/dev/null || true' EXIT
		PATH=$COPY/build/bin:\$PATH
		cd '$1'
		$(cat "$2")
	EOT
	code=0
	inside timeout 120 bash "$BATS_TEST_TMPDIR/session" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || code=$?
	if [ "$code" != 0 ] || grep -qx null "$BATS_TEST_TMPDIR/out"; then
		printf '%s: status %s\n' "$2" "$code"
		cat "$2"
		tail -n 20 "$BATS_TEST_TMPDIR/out"
		return 1
	fi
}

# weir is running, with its defaults, and has something to tell.
running() {
	inside curl -fs -o "$BATS_TEST_TMPDIR/ready" http://127.0.0.1:8080/readyz ||
		inside "$COPY/scripts/run" --detach >"$BATS_TEST_TMPDIR/run" 3>&-
	[ ! -e "$BATS_FILE_TMPDIR/told" ] || return 0
	for price in 100 70; do
		printf '{"type":"price.update","subject":"chair","data":{"watch":"chair","item":{"id":"chair"},"price":"%s.00","currency":"EUR","source":"chairs.example"}}\n' $price
	done | WEIR_DIR=$COPY/.weir "$COPY/build/bin/weir-pub"
	touch "$BATS_FILE_TMPDIR/told"
}

# examples PAGE: the blocks of its EXAMPLES, each followed by a line of "%%";
# those behind a comment that calls them output, or a rule, are not typed.
examples() {
	awk '/^\.Sh / { on = $2 == "EXAMPLES"; next }
		on && /^\.\\" (output|rule)$/ { skip = 1; next }
		on && /^\.Bd/ { block = !skip; skip = 0; next }
		on && /^\.Ed/ { if (block) print "%%"; block = 0; next }
		on && block' "$1" | sed 's/\\e/\\/g; s/\\(dq/"/g; s/\\&//g; s/\\-/-/g'
}

# Those of them that are commands; a block that begins with [ is configuration,
# one that begins with { a message or a table.
commands() {
	examples "$1" | awk 'BEGIN { RS = "%%\n" } !/^[[{]/ { printf "%s", $0 }'
}

@test "every command in README.md" {
	awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$COPY/README.md" |
		# run would stay in the foreground, and check is what runs this.
		sed 's|^\(scripts/run\) *\(#.*\)\{0,1\}$|\1 --detach|
			s|^\(scripts/check\) *\(#.*\)\{0,1\}$|\1 --list|' >"$BATS_TEST_TMPDIR/README"
	grep -q '^scripts/run --detach$' "$BATS_TEST_TMPDIR/README"
	grep -q '^scripts/check --list$' "$BATS_TEST_TMPDIR/README"
	type_in "$COPY" "$BATS_TEST_TMPDIR/README"
}

@test "every command in the manuals' examples" {
	running
	bad=0
	for page in "$COPY"/man/*; do
		name=$(basename "$page")
		commands "$page" >"$BATS_TEST_TMPDIR/$name"
		[ -s "$BATS_TEST_TMPDIR/$name" ] || continue
		here=$BATS_TEST_TMPDIR/in-$name
		mkdir "$here"
		cp "$root"/tests/fixtures/pipes/rules.jsonl "$here"
		WEIR_DIR=$COPY/.weir WEIR_CONFIG=$BATS_TEST_TMPDIR/weir.conf
		export WEIR_DIR WEIR_CONFIG
		{
			cat "$COPY/.weir/weir.conf"
			printf '[channel inventory]\ntype = webhook\nurl = http://127.0.0.1:8081/hook/inventory\n'
			printf '[sim]\nlisten = 127.0.0.1:8090\nchat = 127.0.0.1:8092\n'
		} >"$WEIR_CONFIG"
		type_in "$here" "$BATS_TEST_TMPDIR/$name" || bad=$((bad + 1))
	done
	[ "$bad" -eq 0 ]
}

@test "every tool's manual has examples, and those of configuration hold" {
	for tool in "$COPY"/build/bin/*; do
		examples "$COPY/man/${tool##*/}.1" | grep -q .
	done
	# Paths of the system lead to files that are here.
	cd "$BATS_TEST_TMPDIR"
	echo 1:secret >telegram.token
	echo https://beat.example/ >heartbeat.url
	printf '#!/bin/sh\n' >mail-it
	chmod 600 telegram.token heartbeat.url
	chmod 755 mail-it
	for page in "$COPY"/man/*; do
		examples "$page" | awk 'BEGIN { RS = "%%\n" } /^\[/ { print }' |
			sed "s|/etc/weir/|$PWD/|; s|/usr/local/bin/|$PWD/|" >conf
		[ ! -s conf ] || for tool in store notifier gateway; do
			"$COPY/build/bin/weir-$tool" --config "$PWD/conf" --check-config
		done
	done
	examples "$COPY/man/weir-compat.5" | sed '/^%%$/d' >table
	"$COPY/build/bin/weir-gateway" --compat "$PWD/table" --check-config
}
