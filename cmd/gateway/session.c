#include "session.h"

void session_begin(struct session *s, struct gateway *g, struct net_conn *c,
		   void (*close)(struct session *s))
{
	s->g = g;
	s->conn = c;
	s->close = close;
	s->who = access_hold(net_who(c));
	net_set_user(c, s);
}

void session_set_who(struct session *s, struct access *who)
{
	access_drop(&s->who);
	s->who = who;
}

void session_end(struct net_conn *c)
{
	struct session *s = net_user(c);
	struct access *who;

	net_set_user(c, NULL);
	if (!s)
		return;
	who = s->who;
	s->close(s);
	access_drop(&who);
}
