"""Gotify: POST /message of an application.

https://gotify.net/docs/pushmsg, https://gotify.net/docs/msgextras
https://gotify.net/api-docs
"""
from receiver import Answer

TOKEN = "As3cretOfGotify"

count = 0


def fault(status, error, description):
    return Answer(status, {"error": error, "errorCode": status,
                           "errorDescription": description})


def receive(r):
    global count
    if (r.method, r.path) != ("POST", "/message"):
        return fault(404, "Not Found", "page not found")
    if r.headers.get("x-gotify-key") != TOKEN:
        return fault(401, "Unauthorized", "you need to provide a valid access "
                     "token or user credentials to access this api")
    m = r.json()
    if r.headers.get("content-type") != "application/json" or \
            not isinstance(m, dict):
        return fault(400, "Bad Request", "invalid character")
    if not isinstance(m.get("message"), str) or not m["message"]:
        return fault(400, "Bad Request", "Field 'message' is required")
    if not isinstance(m.get("title", ""), str) or \
            not isinstance(m.get("priority", 0), int) or \
            not isinstance(m.get("extras", {}), dict):
        return fault(400, "Bad Request", "json: cannot unmarshal")
    if m["extras"].get("client::display", {}).get("contentType") != \
            "text/plain":
        return fault(400, "Bad Request", "the test wants plain text")
    count += 1
    return Answer(200, {"id": count, "appid": 5, "date": "2018-02-27T19:36:10Z",
                        **m}, shown=m.get("title", "") + "\n" + m["message"])
