# weir: `make` builds build/bin/weir-*, `make check` runs the quick tests,
# `make install DESTDIR= PREFIX=` installs. See CONTRIBUTING.md.
#
#   make O=build/clang CC=clang WERROR=1      another compiler, beside
#   make O=build/asan SANITIZE=1              with ASan and UBSan
#   make O=build/fuzz CC=clang FUZZ=1 fuzz    the fuzzers

O       ?= build
PREFIX  ?= /usr/local
BINDIR   = $(PREFIX)/bin
MANDIR   = $(PREFIX)/share/man
DATADIR  = $(PREFIX)/share/weir
PKG_CONFIG ?= pkg-config
CFLAGS  ?= -O2 -g
VERSION := $(or $(WEIR_VERSION),$(shell git describe --tags --always --dirty 2>/dev/null),0)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wundef -Wformat=2 -Wvla -Wcast-qual
ifdef WERROR
WARN += -Werror
endif
ifdef SANITIZE
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
# Fuzzers are built with `make O=build/fuzz CC=clang FUZZ=1 fuzz`.
ifdef FUZZ
SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
endif

ALL_CPPFLAGS := -D_GNU_SOURCE -I. $(CPPFLAGS)
ALL_CFLAGS    = -std=c11 $(WARN) $(CFLAGS) $(SAN) -fstack-protector-strong -MMD -MP
ALL_LDFLAGS   = $(LDFLAGS) $(SAN) -Wl,--as-needed

# Libraries by name; a tool links what its objects use and no more.
LIBS_zmq  := $(shell $(PKG_CONFIG) --libs libzmq)
LIBS_lmdb := -llmdb
LIBS_uv   := $(shell $(PKG_CONFIG) --libs libuv)
LIBS_curl := $(shell $(PKG_CONFIG) --libs libcurl)
LIBS_lws  := $(shell $(PKG_CONFIG) --libs libwebsockets)
LIBS_xml  := $(shell $(PKG_CONFIG) --libs libxml-2.0)
CFLAGS_xml := $(shell $(PKG_CONFIG) --cflags libxml-2.0)
LIBS_html := -lmodest -lm
LIBS_jq   := -ljq
LIBS_seccomp := $(shell $(PKG_CONFIG) --libs libseccomp)
LIBS_z    := -lz
LIBS_uring := $(shell $(PKG_CONFIG) --libs liburing)
LIBS_pcre2 := $(shell $(PKG_CONFIG) --libs libpcre2-8)
LIBS_crypto := -lcrypto
LIBS_brotli := $(shell $(PKG_CONFIG) --libs libbrotlidec)
LIBS_zstd := $(shell $(PKG_CONFIG) --libs libzstd)
LIBS_cairo := $(shell $(PKG_CONFIG) --libs cairo)
CFLAGS_cairo := $(shell $(PKG_CONFIG) --cflags cairo)
LIBS_mhd  := $(shell $(PKG_CONFIG) --libs libmicrohttpd)

LIBS_COMMON := $(LIBS_zmq) $(LIBS_pcre2) $(LIBS_lmdb) $(LIBS_uv) $(LIBS_curl) $(LIBS_zstd) $(LIBS_z) $(LIBS_brotli) -lssl $(LIBS_crypto) -lm -lpthread
LIBS_scraper := $(LIBS_xml) $(LIBS_html) $(LIBS_jq) $(LIBS_seccomp) $(LIBS_z)
LIBS_gateway := $(LIBS_lws) $(LIBS_uring) $(LIBS_z) -lssl $(LIBS_crypto)
LIBS_chart   := $(LIBS_cairo) -lm
LIBS_sim     := $(LIBS_mhd) $(LIBS_z)

COMMON_SRC := $(wildcard common/*.c)
COMMON_OBJ := $(COMMON_SRC:%.c=$(O)/obj/%.o)
COMMON_LIB := $(O)/lib/libweir.a
TOOLS      := $(sort $(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c)))
BINS       := $(TOOLS:%=$(O)/bin/weir-%) $(O)/bin/weir
CMD_DIRS   := $(sort $(patsubst cmd/%/,%,$(dir $(wildcard cmd/*/*.c))))
UNIT       := $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/*/test_*.c))
FUZZERS    := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*/fuzz_*.c))
HELPERS    := $(patsubst tests/helpers/%.c,$(O)/tests/helpers/%,$(wildcard tests/helpers/*.c)) \
	$(patsubst tests/helpers/preload/%.c,$(O)/tests/helpers/%.so,$(wildcard tests/helpers/preload/*.c))
BENCH      := $(patsubst tests/bench/%.c,$(O)/bench/%,$(wildcard tests/bench/*.c)) $(O)/bench/gateway_load $(O)/bench/scraper $(O)/bench/alerter \
	$(patsubst tests/bench/preload/%.c,$(O)/bench/%.so,$(wildcard tests/bench/preload/*.c))

# What conformance suites by others are run against.
ECHO       := $(O)/tests/socketio-echo

# Clients that come and go.
SOAK       := $(O)/tests/soak

.PHONY: all tools unit fuzz bench helpers check install clean compdb
.SECONDARY:

all: tools $(ECHO)
tools: $(BINS)
unit: $(UNIT)
fuzz: $(FUZZERS)
bench: $(BENCH)
helpers: $(HELPERS) $(SOAK)

# The version is compiled into one file, so that a commit rebuilds one object.
$(O)/obj/common/version.o: ALL_CPPFLAGS += -DWEIR_VERSION='"$(VERSION)"'

$(O)/obj/cmd/scraper/%.o $(O)/obj/tests/bench/scraper/%.o: ALL_CPPFLAGS += $(CFLAGS_xml)

$(O)/obj/cmd/chart/%.o: ALL_CPPFLAGS += $(CFLAGS_cairo)

$(O)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# What every sanitized program is told; all of them link the library.
ifdef SANITIZE
ALL_LDFLAGS += $(O)/obj/tests/asan.o
$(COMMON_LIB): | $(O)/obj/tests/asan.o
endif

$(COMMON_LIB): $(COMMON_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

# One archive per tool with everything but main.o: what its tests link.
define CMD_RULES
$(O)/lib/$(1).a: $(patsubst %.c,$(O)/obj/%.o,$(filter-out cmd/$(1)/main.c,$(wildcard cmd/$(1)/*.c)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(AR) rcs $$@ $$^
$(O)/tests/$(1)/%: $(O)/obj/tests/unit/$(1)/%.o $(O)/lib/$(1).a $(COMMON_LIB)
	@mkdir -p $$(@D)
	$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS_COMMON) -lcmocka
$(O)/fuzz/$(1)/%: $(O)/obj/tests/fuzz/$(1)/%.o $(O)/lib/$(1).a $(COMMON_LIB)
	@mkdir -p $$(@D)
	$(CC) $$(ALL_LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS_COMMON)
endef
$(foreach d,$(CMD_DIRS),$(eval $(call CMD_RULES,$(d))))

define TOOL_RULES
$(O)/bin/weir-$(1): $(O)/obj/cmd/$(1)/main.o $(O)/lib/$(1).a $(COMMON_LIB)
	@mkdir -p $$(@D)
	$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS_COMMON)
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL_RULES,$(t))))

$(O)/bin/weir: scripts/weir
	@mkdir -p $(@D)
	install -m 755 $< $@

$(O)/tests/common/%: $(O)/obj/tests/unit/common/%.o $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_COMMON) -lcmocka

$(O)/fuzz/common/%: $(O)/obj/tests/fuzz/common/%.o $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_COMMON)

# Preloaded into a tool, sanitized or not.
$(O)/tests/helpers/%.so: tests/helpers/preload/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(filter-out -fsanitize%,$(ALL_CFLAGS)) -fPIC -shared -o $@ $<

$(O)/tests/helpers/%: $(O)/obj/tests/helpers/%.o $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_COMMON)

# One that needs what a tool is made of.
$(O)/tests/helpers/linkprint: $(O)/obj/tests/helpers/linkprint.o $(O)/lib/scraper.a $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_scraper) $(LIBS_COMMON)

$(SOAK): $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/soak/*.c)) $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_COMMON)

$(ECHO): $(O)/obj/tests/socketio-echo.o $(O)/lib/gateway.a $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_gateway) $(LIBS_COMMON)

$(O)/bench/gateway_load: $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/bench/gateway/*.c)) $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_COMMON)

$(O)/bench/scraper: $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/bench/scraper/*.c)) $(O)/lib/scraper.a $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_scraper) $(LIBS_COMMON) -lcjson

$(O)/bench/alerter: $(patsubst %.c,$(O)/obj/%.o,$(wildcard tests/bench/alerter/*.c)) $(O)/lib/alerter.a $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_alerter) $(LIBS_COMMON)

$(O)/bench/commits.so: tests/bench/preload/commits.h
$(O)/bench/%.so: tests/bench/preload/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -shared -o $@ $<

$(O)/bench/%: $(O)/obj/tests/bench/%.o $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_COMMON)

# What a packager expects: programs, manuals, and what they read.
install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7
	install -m 755 $(BINS) $(DESTDIR)$(BINDIR)
	for s in 1 5 7; do \
		for m in man/*.$$s; do \
			[ ! -e $$m ] || install -m 644 $$m $(DESTDIR)$(MANDIR)/man$$s; \
		done; \
	done
	install -d $(DESTDIR)$(DATADIR)
	cp -R etc/weir.conf etc/compat.json etc/schema etc/recipes etc/runit etc/systemd $(DESTDIR)$(DATADIR)
	sed -i 's|/usr/bin/|$(BINDIR)/|' $(DESTDIR)$(DATADIR)/systemd/weir@.service

check: all
	scripts/check --quick

clean:
	rm -rf build

# What single tools need besides.
include $(wildcard cmd/*/rules.mk)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
