build-asan/obj/cmd/gateway/main.o: cmd/gateway/main.c common/log.h \
 common/tool.h common/opt.h common/conf.h common/err.h common/str.h \
 common/xmem.h cmd/gateway/activation.h cmd/gateway/gateway.h \
 common/bus.h common/bus_keys.h common/event.h common/arena.h \
 common/buf.h common/clk.h common/follow.h common/journal.h common/loop.h \
 common/producer.h common/stats.h cmd/gateway/auth.h cmd/gateway/access.h \
 cmd/gateway/patterns.h cmd/gateway/filters.h cmd/gateway/board.h \
 cmd/gateway/compat.h cmd/gateway/mold.h cmd/gateway/hub.h \
 cmd/gateway/deflate.h cmd/gateway/groups.h cmd/gateway/frame.h \
 cmd/gateway/line.h cmd/gateway/lag.h cmd/gateway/net.h \
 cmd/gateway/publish.h cmd/gateway/pulse.h cmd/gateway/wheel.h \
 cmd/gateway/proxies.h cmd/gateway/session.h cmd/gateway/expiry.h \
 cmd/gateway/throttle.h cmd/gateway/guard.h cmd/gateway/leave.h \
 cmd/gateway/live.h cmd/gateway/roll.h cmd/gateway/origins.h \
 cmd/gateway/tls.h
common/log.h:
common/tool.h:
common/opt.h:
common/conf.h:
common/err.h:
common/str.h:
common/xmem.h:
cmd/gateway/activation.h:
cmd/gateway/gateway.h:
common/bus.h:
common/bus_keys.h:
common/event.h:
common/arena.h:
common/buf.h:
common/clk.h:
common/follow.h:
common/journal.h:
common/loop.h:
common/producer.h:
common/stats.h:
cmd/gateway/auth.h:
cmd/gateway/access.h:
cmd/gateway/patterns.h:
cmd/gateway/filters.h:
cmd/gateway/board.h:
cmd/gateway/compat.h:
cmd/gateway/mold.h:
cmd/gateway/hub.h:
cmd/gateway/deflate.h:
cmd/gateway/groups.h:
cmd/gateway/frame.h:
cmd/gateway/line.h:
cmd/gateway/lag.h:
cmd/gateway/net.h:
cmd/gateway/publish.h:
cmd/gateway/pulse.h:
cmd/gateway/wheel.h:
cmd/gateway/proxies.h:
cmd/gateway/session.h:
cmd/gateway/expiry.h:
cmd/gateway/throttle.h:
cmd/gateway/guard.h:
cmd/gateway/leave.h:
cmd/gateway/live.h:
cmd/gateway/roll.h:
cmd/gateway/origins.h:
cmd/gateway/tls.h:
