/*
 * control ENDPOINT TOPIC ATTRS - send one message of the bus to a store, and
 * wait until it was taken from us.
 */
#include <stdio.h>
#include <string.h>

#include <zmq.h>

int main(int argc, char **argv)
{
	void *ctx = zmq_ctx_new(), *s = zmq_socket(ctx, ZMQ_XPUB);
	char byte;

	if (argc != 4 || zmq_connect(s, argv[1]))
		return 64;
	zmq_recv(s, &byte, 1, 0); /* the store has subscribed: it is there */
	zmq_send(s, argv[2], strlen(argv[2]), ZMQ_SNDMORE);
	zmq_send(s, argv[3], strlen(argv[3]), ZMQ_SNDMORE);
	zmq_send(s, "", 0, 0);
	zmq_close(s);
	zmq_ctx_term(ctx);
	return 0;
}
