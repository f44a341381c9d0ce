#include "checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clk.h"

#include "outside.h"
#include "soak.h"
#include "watch.h"

enum { PATIENCE_MS = 60 * 1000, LOOK_US = 50 * 1000 };

static int n_results, n_bad;

void result(bool ok, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", ok ? "" : "not ", ++n_results);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	n_bad += !ok;
}

int results(void)
{
	return n_results;
}

int results_bad(void)
{
	return n_bad;
}

void check_nothing_left(uint16_t port)
{
	int64_t end_ms = clk_mono_ms() + PATIENCE_MS;
	const char *name = "";
	double left = outside_left(port, &name);

	while (left != 0 && clk_mono_ms() < end_ms) {
		usleep(LOOK_US);
		left = outside_left(port, &name);
	}
	result(left == 0, "nothing is left of them%s%s", left != 0 ? ": " : "",
	       left != 0 ? name : "");
}

static unsigned long memory_before;
static size_t heap_before;

void check_begin(int pid)
{
	size_t held;

	memory_before = outside_memory(pid);
	if (!outside_heap(soak.port, &heap_before, &held))
		fprintf(stderr, "soak: /metrics has no heap_bytes\n");
}

void check_memory(const struct watched *w, unsigned clients)
{
	size_t before = heap_before >> 10, first = w->half[0].least >> 10;
	size_t second = w->half[1].least >> 10, most = w->half[0].most >> 10;
	size_t may = before + SHARED_KB + (size_t)clients * CLIENT_KB;

	if (w->half[1].most >> 10 > most)
		most = w->half[1].most >> 10;
	result(w->half[1].n > 0 && second <= first + FLAT_KB,
	       "what is allocated does not grow: %zu KiB, later %zu", first,
	       second);
	result(most <= may,
	       "nor is it more than %d KiB for each: %zu KiB, "
	       "%zu before",
	       CLIENT_KB, most, before);
}

void check_given_back(int pid)
{
	int64_t end_ms = clk_mono_ms() + PATIENCE_MS;
	unsigned long kb = outside_memory(pid);

	while (kb > memory_before + KEPT_KB && clk_mono_ms() < end_ms) {
		usleep(LOOK_US);
		kb = outside_memory(pid);
	}
	result(kb <= memory_before + KEPT_KB,
	       "and what it had is given back: %lu KiB before, later %lu",
	       memory_before, kb);
}

void check_visits(uint16_t port, int pid)
{
	bool answered = outside_visit(port, VISITS / 2);
	unsigned long before = outside_memory(pid), after;

	answered = outside_visit(port, VISITS) && answered;
	after = outside_memory(pid);
	result(answered && after <= before + VISITS * VISIT_BYTES / 1024,
	       "%d that come and go leave no memory: %lu KiB, later %lu",
	       VISITS, before, after);
}

void check_files(int pid, unsigned want)
{
	int64_t end_ms = clk_mono_ms() + PATIENCE_MS;
	unsigned have = outside_files(pid);

	while (have > want && clk_mono_ms() < end_ms) {
		usleep(LOOK_US);
		have = outside_files(pid);
	}
	result(have <= want, "it has the descriptors that it had: %u, later %u",
	       want, have);
}
