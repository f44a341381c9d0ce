"""Discord: a webhook's messages, and their changes.

https://docs.discord.com/developers/resources/webhook
https://docs.discord.com/developers/topics/rate-limits

    POST  /api/webhooks/1/SECRET?wait=true
    PATCH /api/webhooks/1/SECRET/messages/ID
"""
import re

from receiver import Answer

SECRET = "s3cretOfDiscord"
CONTENT_MAX = 2000
MARKS = re.compile(r"\\([^A-Za-z0-9\s])|(\*\*)|<(https?://[^\s>]*)>")

messages = {}  # id: content


def fault(status, code, message):
    return Answer(status, {"message": message, "code": code})


def shown(content):
    """Markdown as far as we write it: bold, escapes, links in <>."""
    return MARKS.sub(lambda m: m[1] or m[3] or "", content)


def receive(r):
    parts = r.path.strip("/").split("/")
    if parts[:2] != ["api", "webhooks"] or len(parts) not in (4, 6):
        return fault(404, 0, "404: Not Found")
    if parts[2] != "1":
        return fault(404, 10015, "Unknown Webhook")
    if parts[3] != SECRET:
        return fault(401, 50027, "Invalid Webhook Token")
    if r.headers.get("content-type") != "application/json":
        return fault(400, 50109, "The request body contains invalid JSON.")
    m = r.json()
    if not isinstance(m, dict):
        return fault(400, 50109, "The request body contains invalid JSON.")
    content = m.get("content")
    if not isinstance(content, str) or not content.strip():
        return fault(400, 50006, "Cannot send an empty message")
    if len(content) > CONTENT_MAX:
        return fault(400, 50035, "Invalid Form Body")
    if len(parts) == 4:
        if r.method != "POST":
            return fault(405, 0, "405: Method Not Allowed")
        number = str(1088000 + len(messages))
    else:
        number = parts[5]
        if r.method != "PATCH" or parts[4] != "messages":
            return fault(405, 0, "405: Method Not Allowed")
        if number not in messages:
            return fault(404, 10008, "Unknown Message")
    messages[number] = content
    # Without allowed_mentions, "@everyone" in a content mentions everyone.
    mentions = m.get("allowed_mentions", {}).get("parse", ["everyone"])
    if len(parts) == 4 and r.query.get("wait") != ["true"]:
        return Answer(204)
    return Answer(200, {"id": number, "type": 0, "content": content,
                        "mention_everyone": "everyone" in mentions and
                        "@everyone" in content, "webhook_id": "1"},
                  shown=shown(content))
