"""Any receiver of webhooks: it takes everything."""
from receiver import Answer


def receive(r):
    return Answer(200, "ok", shown=r.body.decode())
