/*
 * bench/scraper - what weir-scraper needs, part by part.
 *
 *	build/bench/scraper BIN PART [quick | MINUTES]
 *
 * BIN is where weir-scraper and its like are; PART is rate, schedule, extract,
 * hostile or memory.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/scraper/extract_child.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(const char *bin, bool quick);
	} parts[] = {
		{ "rate", bench_rate },
		{ "schedule", bench_schedule },
		{ "extract", bench_extract },
		{ "hostile", bench_hostile },
	};
	bool quick = argc > 3 && strcmp(argv[3], "quick") == 0;
	bool done = false;

	if (extract_child_asked(argc, argv))
		extract_child_main(argv);
	if (argc > 2 && strcmp(argv[2], "memory") == 0) {
		int minutes = argc > 3 ? atoi(argv[3]) : 0;

		bench_memory(argv[1], minutes > 0 ? (unsigned)minutes : 5);
		done = true;
	}

	for (size_t i = 0; argc > 2 && i < sizeof(parts) / sizeof(*parts);
	     i++) {
		if (strcmp(argv[2], parts[i].name) != 0)
			continue;
		parts[i].fn(argv[1], quick);
		done = true;
	}
	bench_end();
	if (!done)
		fprintf(stderr, "bench/scraper: BIN PART [quick]\n");
	return done ? 0 : 64;
}
