/*
 * bench/alerter - what deciding costs, part by part.
 *
 *	build/bench/alerter BIN PART [quick]
 *
 * BIN is where weir-alerter is; PART is match, filter or backtest.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(const char *bin, bool quick);
	} parts[] = {
		{ "match", bench_match },
		{ "filter", bench_filter },
		{ "backtest", bench_backtest },
	};
	bool quick = argc > 3 && strcmp(argv[3], "quick") == 0;
	bool done = false;

	for (size_t i = 0; argc > 2 && i < sizeof(parts) / sizeof(*parts);
	     i++) {
		if (strcmp(argv[2], parts[i].name) != 0)
			continue;
		parts[i].fn(argv[1], quick);
		done = true;
	}
	bench_end();
	if (!done)
		fprintf(stderr, "bench/alerter: BIN PART [quick]\n");
	return done ? 0 : 64;
}
