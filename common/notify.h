#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

/*
 * notify - tell the supervisor "READY=1", "WATCHDOG=1" or "STOPPING=1".
 *
 * The datagram protocol of sd_notify(3), on $NOTIFY_SOCKET; does nothing where
 * that is unset. Never fails and never waits: a supervisor that is gone, or
 * does not read, is not our problem.
 */
void notify(const char *state);

#endif
