"""Slack: an incoming webhook, chat.postMessage and chat.update.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/methods/chat.postMessage, chat.update
https://docs.slack.dev/messaging/formatting-message-text

A webhook takes a POST of JSON at /services/T1/B1/SECRET and says "ok"; the
Web API is at /api, for the bot xoxb-SECRET, and says 200 to nearly everything,
with "ok" and "error" in its JSON.
"""
import html
import re

from receiver import Answer

SECRET = "s3cretOfSlack"
UPDATE_MAX = 4000  # characters: msg_too_long
POST_MAX = 40000
CHANNELS = {"C0001": "C0001", "#alerts": "C0001", "U0001": "D0001"}

messages = {}  # (channel, ts): text


def markup(text):
    """What in a text is more than text: links, mentions."""
    return re.findall(r"<[^>]*>", text) or re.findall(r"<|>", text)


def webhook(r):
    parts = r.path.split("/")
    if parts[2:4] != ["T1", "B1"]:
        return Answer(404, "no_team")
    if parts[4:] != [SECRET]:
        return Answer(403, "invalid_token")
    m = r.json()
    if r.method != "POST" or not isinstance(m, dict):
        return Answer(400, "invalid_payload")
    if not isinstance(m.get("text"), str) or not m["text"]:
        return Answer(400, "no_text")
    if markup(m["text"]):
        return Answer(400, "invalid_payload")
    return Answer(200, "ok", shown=html.unescape(m["text"]))


def fault(error):
    return Answer(200, {"ok": False, "error": error})


def api(r, method):
    if r.headers.get("authorization") is None:
        return fault("not_authed")
    if r.headers["authorization"] != "Bearer xoxb-" + SECRET:
        return fault("invalid_auth")
    if not r.headers.get("content-type", "").startswith("application/json"):
        return fault("invalid_post_type")
    m = r.json()
    if not isinstance(m, dict):
        return fault("invalid_json")
    text = m.get("text")
    if not isinstance(text, str) or not text:
        return fault("no_text")
    if markup(text):
        return fault("invalid_arguments")
    if method == "chat.postMessage":
        if m.get("channel") not in CHANNELS:
            return fault("channel_not_found")
        if len(text) > POST_MAX:
            return fault("msg_too_long")
        channel = CHANNELS[m["channel"]]
        ts = f"1503435956.{len(messages):06}"
    elif method == "chat.update":
        channel, ts = m.get("channel"), m.get("ts")
        if channel not in CHANNELS.values():
            return fault("channel_not_found")
        if (channel, ts) not in messages:
            return fault("message_not_found")
        if len(text) > UPDATE_MAX:
            return fault("msg_too_long")
    else:
        return fault("unknown_method")
    messages[channel, ts] = text
    return Answer(200, {"ok": True, "channel": channel, "ts": ts,
                        "text": text, "message": {"text": text}}, shown=html.unescape(text))


def receive(r):
    if r.path.startswith("/services/"):
        return webhook(r)
    if r.path.startswith("/api/"):
        return api(r, r.path[len("/api/"):])
    return Answer(404, "Not Found")
