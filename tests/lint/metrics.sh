#!/bin/sh
# Every figure that a process counts is described in /metrics, and in a manual
# under Figures: those of each tool in the tool's own, those of common in
# weir(7). Nor does a manual describe one there that nobody counts.
set -u
cd "$(dirname "$0")/../.." || exit 70
helps=cmd/gateway/metrics_help.c
status=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# stats_add(s, "NAME" and its like, tables of { "NAME", value }, and whatever is
# named like a counter: such names are handed on to functions, too.
counted() { # FILE...
	{
		cat "$@" | tr '\n\t' '  ' |
			grep -oE 'stats_(add|set|times)\([^;"]*"[a-z_]+"' |
			grep -oE '"[a-z_]+"$'
		for file in "$@"; do
			case $file in
			cmd/gateway/report.c | cmd/gateway/socketio_live.c)
				grep -hoE '\{ "[a-z_]+", *$|\{ "[a-z_]+", [a-z]' "$file" |
					grep -oE '"[a-z_]+"'
				;;
			"$helps") ;;
			*) grep -hoE '"[a-z_]+_total"' "$file" ;;
			esac
		done
	} | tr -d '"' | sort -u
}

described() { # PAGE
	awk '/^\.S[sh] / { on = $2 == "Figures" } on && /^\.It Li /' "$1" |
		tr ' ' '\n' | grep -E '^[a-z_]+$' | sort -u
}

compare() { # PAGE FILE...
	page=$1
	shift
	counted "$@" >"$tmp/counted"
	while read -r name; do
		grep -qF "{ \"$name\"," "$helps" || {
			echo "$helps: $name is not described"
			status=1
		}
	done <"$tmp/counted"
	described "$page" >"$tmp/described"
	for name in $(comm -23 "$tmp/counted" "$tmp/described"); do
		echo "$page: $name is not among the figures"
		status=1
	done
	for name in $(comm -13 "$tmp/counted" "$tmp/described"); do
		echo "$page: nobody counts $name"
		status=1
	done
}

compare man/weir.7 common/*.c
for dir in cmd/*/; do
	tool=${dir#cmd/}
	compare "man/weir-${tool%/}.1" "$dir"*.c
done
exit $status
