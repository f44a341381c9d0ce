# Real proxies for tests: tinyproxy and microsocks.

free_port() {
	python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

open_port() { (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

background() { # COMMAND...
	"$@" >"$T/${1##*/}.out" 2>&1 3>&- &
	daemons+=($!)
}

# Sets $http; what else goes into its configuration are arguments.
start_http_proxy() {
	http=$(free_port)
	printf '%s\n' "Port $http" 'Listen 127.0.0.1' 'Timeout 20' 'MaxClients 50' \
		'LogLevel Connect' "LogFile \"$T/tiny.log\"" "$@" >"$T/tiny.conf"
	background tinyproxy -d -c "$T/tiny.conf"
	wait_for open_port "$http"
}

start_socks_proxy() { # [OPTION...]
	socks=$(free_port)
	background microsocks -i 127.0.0.1 -p "$socks" "$@"
	wait_for open_port "$socks"
}
