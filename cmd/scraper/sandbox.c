#include "sandbox.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/close_range.h>
#include <seccomp.h>

#include "common/xmem.h"

void sandbox_prepare(void)
{
	if (close_range(3, ~0U, 0))
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
	clearenv();
}

/* Bytes of address space in use. */
static size_t mapped(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int set_limits(size_t memory, struct err *e)
{
	/*
	 * Without descriptors there is neither file nor socket. A limit of
	 * processes would count those of the user, not ours; fork is the
	 * filter's.
	 */
	const struct {
		const char *name;
		int what;
		rlim_t max;
	} limits[] = {
		{ "address space", RLIMIT_AS, mapped() + memory },
		{ "core", RLIMIT_CORE, 0 },
		{ "file size", RLIMIT_FSIZE, 0 },
		{ "open files", RLIMIT_NOFILE, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		const struct rlimit r = { limits[i].max, limits[i].max };

		if (setrlimit((__rlimit_resource_t)limits[i].what, &r))
			return err_set(e, EX_OSERR, "limit of %s: %s",
				       limits[i].name, strerror(errno));
	}
	return 0;
}

/* Root could raise the limits again, were it not for this. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
						 0 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	if (geteuid() == 0)
		(void)syscall(SYS_capset, &head, none);
}

int sandbox_limit(size_t memory, struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err_set(e, EX_OSERR, "prctl: %s", strerror(errno));
	if (set_limits(memory, e))
		return -1;
	drop_capabilities();
	return 0;
}

/* ---- the filter ---- */

/* What the C library, the parsers and jq call when all is loaded. */
static const int always[] = {
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getrandom),
	SCMP_SYS(gettimeofday),
};

static int add_rules(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_exec =
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp anonymous =
		SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS);
	const struct scmp_arg_cmp standard = SCMP_A0(SCMP_CMP_LE, 2, 0);
	const struct scmp_arg_cmp own =
		SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, always[i], 0);
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, no_exec,
			       anonymous);
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			       no_exec);
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, standard);
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, standard);
	/* abort() */
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, own);
	return rc;
}

/*
 * What is not allowed fails, and does not end the process: a library that asks
 * for more than it must (a time zone, a table) goes on without.
 */
int sandbox_filter(struct err *e)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = -ENOMEM;

	if (f) {
		rc = add_rules(f) ? -EINVAL : seccomp_load(f);
		seccomp_release(f);
	}
	if (rc)
		return err_set(e, EX_OSERR, "seccomp: %s", strerror(-rc));
	return 0;
}
