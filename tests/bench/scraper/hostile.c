/* What hostile documents cost: tests/hostile.h. */
#include "bench.h"

#include <stdio.h>
#include <time.h>

#include "common/xmem.h"

#include "cmd/scraper/extract.h"

#include "tests/hostile.h"

static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double run_one(const struct hostile *h, struct buf *body,
		      struct observation *o, struct arena *a)
{
	struct err e;
	struct json *config =
		h->config ? json_parse(str_from(h->config), 0, &e) : NULL;
	struct extractor *x = extractor_new(h->kind, config, &e);
	struct document doc = {
		.body = buf_str(body),
		.content_type = str_from(h->type),
		.url = STR("https://shop.example/"),
	};
	double from = cpu_now();

	extractor_run(x, &doc, a, o);
	from = cpu_now() - from;
	extractor_free(&x);
	json_free(&config);
	return from;
}

void bench_hostile(const char *bin, bool quick)
{
	struct buf body = { 0 }, line = { 0 };
	double worst = 0;

	(void)bin;
	(void)quick;
	printf("{\"bench\":\"scraper-hostile\",\"want_cpu_s\":1,"
	       "\"documents\":[");
	for (size_t i = 0; i < ARRAY_LEN(hostile_cases); i++) {
		const struct hostile *h = &hostile_cases[i];
		struct observation o;
		struct arena a = { 0 };
		double cpu;

		hostile_make(h, &body);
		cpu = run_one(h, &body, &o, &a);
		worst = cpu > worst ? cpu : worst;
		buf_reset(&line);
		buf_addf(&line, "%s\n  {\"what\":", i ? "," : "");
		buf_json_str(&line, str_from(h->name));
		buf_addf(&line,
			 ",\"kind\":\"%s\",\"bytes\":%zu,\"cpu_s\":%.3f,"
			 "\"mib\":%.1f,\"outcome\":\"%s\",\"reason\":",
			 h->kind, body.len, cpu, (double)a.used / (1 << 20),
			 outcome_name(o.outcome));
		buf_json_str(&line, o.reason);
		printf("%s}", line.p);
		arena_free(&a);
	}
	printf("\n],\"worst_cpu_s\":%.3f}\n", worst);
	buf_free(&body);
	buf_free(&line);
}
