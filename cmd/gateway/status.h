#ifndef GATEWAY_STATUS_H
#define GATEWAY_STATUS_H

/* The words that go with an HTTP status (RFC 9110), "Unknown" for others. */
const char *status_text(int status);

#endif
