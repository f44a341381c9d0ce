/*
 * without - run a program in a sandbox such as containers have, or on a kernel
 * that has less than ours.
 *
 *	without ring|filters|pairs PROGRAM [ARG...]
 *
 * ring: io_uring_setup(2) is refused; filters: there is no seccomp;
 * pairs: socketpair(2) is refused as where all descriptors are in use.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#define LOAD(member)                       \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		 offsetof(struct seccomp_data, member))
/* The next statement is for those that are k, and no others. */
#define ONLY(k)	  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1)
#define REFUSE(e) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (e))
#define ALLOW	  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter no_ring[] = {
	LOAD(nr),
	ONLY(SYS_io_uring_setup),
	REFUSE(EPERM),
	ALLOW,
};

static struct sock_filter no_filters[] = {
	LOAD(nr),
	ONLY(SYS_seccomp),
	REFUSE(ENOSYS),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 1, 0),
	ALLOW,
	LOAD(args[0]), /* its lower half: little endian */
	ONLY(PR_SET_SECCOMP),
	REFUSE(EINVAL),
	ALLOW,
};

static struct sock_filter no_pairs[] = {
	LOAD(nr),
	ONLY(SYS_socketpair),
	REFUSE(EMFILE),
	ALLOW,
};

int main(int argc, char **argv)
{
	const struct sock_fprog ring = { sizeof(no_ring) / sizeof(*no_ring),
					 no_ring };
	const struct sock_fprog filters = {
		sizeof(no_filters) / sizeof(*no_filters), no_filters
	};
	const struct sock_fprog pairs = { sizeof(no_pairs) / sizeof(*no_pairs),
					  no_pairs };
	const struct sock_fprog *program = NULL;

	if (argc > 2 && strcmp(argv[1], "ring") == 0)
		program = &ring;
	else if (argc > 2 && strcmp(argv[1], "filters") == 0)
		program = &filters;
	else if (argc > 2 && strcmp(argv[1], "pairs") == 0)
		program = &pairs;
	if (!program)
		return EX_USAGE;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)) {
		perror("without: seccomp");
		return EX_OSERR;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return EX_UNAVAILABLE;
}
