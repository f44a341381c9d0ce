#!/bin/sh
# The browser client's package in the versions of Node that it says it works
# with, from npm (its package `node`), kept in build/node. Prints TAP; a version
# that cannot be had is skipped.
#
#	tests/browser/versions.sh [VERSION...]
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -gt 0 ] || set -- 18 20 22

# Print where the program of a version is.
get() { # VERSION
	place=$root/build/node/$1
	mkdir -p "$place" && cd "$place" || return
	[ -e package.json ] || echo '{"private":true}' >package.json
	[ "$(node_modules/.bin/node -p 'process.versions.node.split(".")[0]' 2>&1)" = "$1" ] ||
		npm install --silent --no-audit --no-fund "node@$1" >npm.log 2>&1 || return
	echo "$place/node_modules/.bin"
}

status=0
for version; do
	if ! bin=$(get "$version"); then
		echo "ok 1 - the client in Node $version # SKIP npm cannot fetch it"
		continue
	fi
	echo "# Node $("$bin/node" --version)"
	for script in parts repeats requests package; do
		PATH=$bin:$PATH "$root/tests/browser/run.sh" "$script.mjs" || status=1
	done
done
exit $status
