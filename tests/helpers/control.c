/*
 * control ENDPOINT TOPIC ATTRS [DATA] - send one message of the bus to a store,
 * and wait until it was taken from us.
 */
#include <stdio.h>
#include <string.h>

#include <zmq.h>

int main(int argc, char **argv)
{
	void *ctx = zmq_ctx_new(), *s = zmq_socket(ctx, ZMQ_XPUB);
	const char *data = argc == 5 ? argv[4] : "";
	char byte;

	if (argc < 4 || argc > 5 || zmq_connect(s, argv[1]))
		return 64;
	zmq_recv(s, &byte, 1, 0); /* the store has subscribed: it is there */
	zmq_send(s, argv[2], strlen(argv[2]), ZMQ_SNDMORE);
	zmq_send(s, argv[3], strlen(argv[3]), ZMQ_SNDMORE);
	zmq_send(s, data, strlen(data), 0);
	zmq_close(s);
	zmq_ctx_term(ctx);
	return 0;
}
