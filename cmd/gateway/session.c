#include "session.h"

void session_end(struct net_conn *c)
{
	struct session *s = net_user(c);

	net_set_user(c, NULL);
	if (s)
		s->close(s);
}
