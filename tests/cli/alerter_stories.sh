#!/bin/sh
# Tell each story of tests/fixtures/alerter/stories.jsonl to weir-alerter and
# compare what it says, a line each: "TOPIC CAUSE [REASON or TYPE]". Causes are
# the numbers of the story's events; an item that was hashed shows as "#".
# usage: alerter_stories.sh TOOL STORIES DIR
set -eu
tool=$1 stories=$2 dir=$3 failed=0

while IFS= read -r story; do
	for part in watches rules searches in want; do
		printf '%s\n' "$story" | jq -rc ".[\"$part\"][]" >"$dir/$part"
	done
	"$tool" -i "$dir/in" -o - -w "$dir/watches" -r "$dir/rules" \
		-q "$dir/searches" >"$dir/out" 2>"$dir/err" || {
		echo "exit $?: $(cat "$dir/err")" >"$dir/out"
	}
	jq -r '[.type + "/" + (.subject | sub("^[0-9a-f]{16}/"; "#/")),
		(.cause | sub(".* "; "")),
		(.data.reason // (select(.type == "user.notification")
			| .data.type) // empty)] | join(" ")' \
		"$dir/out" >"$dir/got" 2>/dev/null || cp "$dir/out" "$dir/got"
	if ! diff -u "$dir/want" "$dir/got" >"$dir/diff"; then
		printf 'story: %s\n' "$(printf '%s' "$story" | jq -r .story)"
		cat "$dir/diff" "$dir/err"
		failed=$((failed + 1))
	fi
done <"$stories"
exit "$((failed > 0))"
