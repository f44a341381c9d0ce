"""tlswrap - TLS in front of a port: what an HTTPS proxy has before an HTTP one.

    tlswrap.py CERT KEY PORT

Listens on a port of 127.0.0.1 that it prints, and hands on what comes out of
TLS to PORT, and back.
"""
import socket
import ssl
import sys
import threading


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client, context, port):
    try:
        inner = context.wrap_socket(client, server_side=True)
        outer = socket.create_connection(("127.0.0.1", port))
    except OSError:
        client.close()
        return
    threading.Thread(target=copy, args=(outer, inner), daemon=True).start()
    copy(inner, outer)


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(
            target=serve, args=(client, context, int(sys.argv[3])), daemon=True
        ).start()


main()
