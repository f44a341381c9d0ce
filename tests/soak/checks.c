#include "checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clk.h"

#include "outside.h"

enum { PATIENCE_MS = 30 * 1000, LOOK_US = 50 * 1000 };

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
