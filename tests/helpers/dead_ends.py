"""Two ports where connections lead nowhere: one that takes them and says
nothing, and one that is so full that it does not even take them. Prints
"SILENT FULL" and waits.
"""
import signal
import socket


def listen(backlog):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(backlog)
    return s


silent, full = listen(100), listen(0)
waiting = []
for _ in range(8):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(full.getsockname())
    waiting.append(c)
print(silent.getsockname()[1], full.getsockname()[1], flush=True)
signal.pause()
