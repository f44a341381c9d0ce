# The dashboard is compiled into the gateway: the files of web/, and the
# charting library, which comes from a package (libjs-dygraphs).
JSDIR ?= /usr/share/javascript
CHARTS := $(JSDIR)/dygraphs/dygraph.min.js $(JSDIR)/dygraphs/dygraph.min.css
# Of the browser client, what pages import; the document of the API, and the
# schemas that it names.
WEB := $(filter-out %.c,$(wildcard cmd/gateway/web/*.*)) \
	$(wildcard cmd/gateway/web/client/*.js cmd/gateway/web/demo/*.*) $(CHARTS) \
	cmd/gateway/web/api/openapi.json $(wildcard etc/schema/*.json)

$(CHARTS):
	@echo "weir: $@ is missing; install the package libjs-dygraphs" >&2
	@false

$(O)/gen/embed: cmd/gateway/web/embed.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARN) -O1 -o $@ $< -lz

$(O)/gen/web.c: $(O)/gen/embed $(WEB)
	$(O)/gen/embed $(WEB) >$@.new
	@mv $@.new $@

# So is the table of what old clients call things.
$(O)/gen/compat.c: $(O)/gen/embed etc/compat.json
	$(O)/gen/embed --text compat_default etc/compat.json >$@.new
	@mv $@.new $@

$(O)/obj/gen/%.o: $(O)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(O)/lib/gateway.a: $(O)/obj/gen/web.o $(O)/obj/gen/compat.o
