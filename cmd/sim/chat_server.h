#ifndef SIM_CHAT_SERVER_H
#define SIM_CHAT_SERVER_H

/*
 * chat_server - the rooms over HTTP (poll, SSE, WebSocket) and IRC, on one
 * port: a request of HTTP begins with a method and a path, IRC does not.
 *
 *	GET /chat/ROOM/messages?since=N[&limit=L]
 *	GET /chat/ROOM/sse
 *	GET /chat/ROOM/ws	upgraded
 *	GET /irc		upgraded: IRC in text messages
 *
 * ?ids=no leaves ids and times out, ?drop=N closes after N messages, ?join=yes
 * (ws) says nothing before {"type":"join"} came.
 */
#include "common/err.h"
#include "common/loop.h"

#include "chat.h"

enum {
	CHAT_PEERS_MAX = 4096,
	CHAT_OUT_MAX = 256 << 10, /* bytes that wait for a slow peer */
};

struct chat_server;

/* every_ms: a room with somebody in it says one so often; 0: never. */
struct chat_server *chat_server_open(struct loop *l, const char *listen_on,
				     struct chats *cs, int64_t every_ms,
				     struct err *e);
void chat_server_close(struct chat_server **svp);
const char *chat_server_address(const struct chat_server *sv);

#endif
