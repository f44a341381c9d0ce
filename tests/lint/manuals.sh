#!/bin/sh
# Manual pages: clean mdoc, one for each tool, and the options that --help
# shows are the ones that the page describes, both ways.
set -u
cd "$(dirname "$0")/../.." || exit 70
bin=${BIN:-build/bin}
n=0 status=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

result() { # OK? NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		status=1
	fi
}

# Cross references to pages of other packages cannot be resolved everywhere.
lint() { # PAGE
	out=$(mandoc -T lint -W style "$1" 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db|STYLE: operating system explicitly|Mdocdate|UNSUPP')
	[ -z "$out" ] || printf '%s\n' "$out"
	[ -z "$out" ]
}

for page in man/*.[1-8]; do
	lint "$page"
	result $? "lint $page"
done
for tool in "$bin"/weir-*; do
	name=${tool##*/}
	page=man/$name.1
	if [ ! -e "$page" ]; then
		result 1 "$page is missing"
		continue
	fi
	"$tool" --help >"$tmp/text"
	! grep -E '.{81}' "$tmp/text"
	result $? "$name --help fits into 80 columns"
	grep -oE -- '^ +(-[a-zA-Z0-9],)? +--[a-z][a-z0-9-]*' "$tmp/text" | sed 's/.*--/--/' | sort -u >"$tmp/help"
	# What the page's option lists name, whatever else its text mentions.
	sed 's/\\-/-/g' "$page" | grep -E '^\.It Fl ' | grep -oE -- 'Fl -[a-z][a-z0-9-]*' | sed 's/^Fl -/--/' | sort -u >"$tmp/page"
	missing=$(comm -23 "$tmp/help" "$tmp/page" | tr '\n' ' ')
	extra=$(comm -13 "$tmp/help" "$tmp/page" | tr '\n' ' ')
	[ -z "$missing$extra" ]
	result $? "$page and --help name the same options${missing:+; not in the page: $missing}${extra:+; only in the page: $extra}"
done
exit $status
