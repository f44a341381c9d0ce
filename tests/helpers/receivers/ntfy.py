"""ntfy: messages published as JSON to the server's root.

https://docs.ntfy.sh/publish/#publish-as-json, #updating-notifications,
#limitations

The topic "guarded" wants the token tk_SECRET.
"""
import re

from receiver import Answer

TOKEN = "tk_s3cretOfNtfy"
MESSAGE_MAX = 4096  # bytes; a longer one would become an attachment
BODY_MAX = 2 * MESSAGE_MAX

count = 0


def fault(status, code, error):
    return Answer(status, {"code": code, "http": status, "error": error,
                           "link": "https://ntfy.sh/docs/publish/"})


def receive(r):
    global count
    if r.path != "/" or r.method not in ("POST", "PUT"):
        return fault(404, 40401, "page not found")
    if len(r.body) > BODY_MAX:
        return fault(413, 41303, "JSON body too large")
    m = r.json()
    if not isinstance(m, dict):
        return fault(400, 40017,
                     "invalid request: request body must be message JSON")
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", str(m.get("topic"))):
        return fault(400, 40009, "invalid request: topic invalid")
    token = r.headers.get("authorization")
    if token not in (None, "Bearer " + TOKEN):
        return fault(401, 40101, "unauthorized")
    if m["topic"] == "guarded" and not token:
        return fault(403, 40301, "forbidden")
    if m.get("priority") not in (None, 1, 2, 3, 4, 5):
        return fault(400, 40007, "invalid priority parameter")
    if len(m.get("message", "").encode()) > MESSAGE_MAX:
        return fault(400, 40014,
                     "invalid request: attachments not allowed")
    for name, kind in (("title", str), ("click", str), ("tags", list)):
        if not isinstance(m.get(name, kind()), kind):
            return fault(400, 40024,
                         "invalid request: request body must be valid JSON")
    count += 1
    answer = {"id": f"sPs71M8A{count}", "time": 0, "event": "message",
              **{k: v for k, v in m.items() if k != "sequence_id"}}
    if m.get("sequence_id"):
        answer["sequence_id"] = m["sequence_id"]
    return Answer(200, answer,
                  shown=m.get("title", "") + "\n" + m.get("message", ""))
