// SPDX-License-Identifier: MIT
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int failures;

void check_at(bool holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	failures++;
	printf("    %s:%d: does not hold: %s\n", file, line, what);
}

void check_equal_at(int64_t got, int64_t wanted, const char *what, const char *file, int line)
{
	if (got == wanted)
		return;
	failures++;
	printf("    %s:%d: %s is %" PRId64 ", not %" PRId64 "\n", file, line, what, got, wanted);
}

int run_tests(const struct test *tests, size_t count, int argc, char **argv)
{
	size_t i, passed = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < count; i++) {
		uint64_t start = now_ns();

		if (argc > 1 && !strstr(tests[i].name, argv[1]))
			continue;
		failures = 0;
		tests[i].run();
		if (failures)
			failed++;
		else
			passed++;
		printf("%s %s (%.2f s)\n", failures ? "not ok" : "ok", tests[i].name,
		       (now_ns() - start) / 1e9);
	}
	printf("%zu passed, %zu failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}
