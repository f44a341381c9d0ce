build-asan/obj/cmd/gateway/access.o: cmd/gateway/access.c \
 cmd/gateway/access.h common/err.h common/str.h cmd/gateway/patterns.h \
 common/buf.h common/event.h common/arena.h common/clk.h \
 cmd/gateway/filters.h common/xmem.h
cmd/gateway/access.h:
common/err.h:
common/str.h:
cmd/gateway/patterns.h:
common/buf.h:
common/event.h:
common/arena.h:
common/clk.h:
cmd/gateway/filters.h:
common/xmem.h:
