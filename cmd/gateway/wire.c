#include "wire.h"

#include <linux/sockios.h>
#include <linux/tcp.h> /* the C library's own knows no bytes */
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { ESTABLISHED = 1 }; /* tcpi_state, as tcp(7) has it */

struct wire wire_look(int fd)
{
	struct tcp_info info = { 0 };
	struct wire none = { 0 };
	uint64_t received;
	int unread;

	/* More may come between the calls. */
	do {
		socklen_t len = sizeof(info);

		received = info.tcpi_bytes_received;
		if (ioctl(fd, SIOCINQ, &unread) ||
		    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
			return none;
	} while (info.tcpi_bytes_received != received);
	return (struct wire){
		.taken = received - (uint64_t)unread,
		.acked = info.tcpi_bytes_acked,
		.is_open = info.tcpi_state == ESTABLISHED,
	};
}

int64_t wire_quiet_ms(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return 0;
	return info.tcpi_last_data_recv;
}
