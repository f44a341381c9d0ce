"""Telegram's Bot API: sendMessage and editMessageText, parse_mode HTML.

https://core.telegram.org/bots/api#sendmessage, #editmessagetext,
#html-style. Errors as the API gives them: {"ok":false,"error_code",
"description"}.
"""
import html.parser
from urllib.parse import urlsplit

from receiver import Answer

TEXT_MAX = 4096  # UTF-16 code units, after entities parsing
TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a",
        "code", "pre", "blockquote", "tg-spoiler", "span", "tg-emoji"}

messages = {}  # (chat, id): text


class Html(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.fault = [], "", None

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.fault = f'Unsupported start tag "{tag}"'
        self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.fault = f'Unexpected end tag "{tag}"'

    def handle_data(self, data):
        self.text += data


def parse(text):
    p = Html()
    p.feed(text)
    p.close()
    if p.open and not p.fault:
        p.fault = f'Can\'t find end tag corresponding to start tag {p.open[-1]}'
    return p.text, p.fault


def fault(code, description):
    return Answer(code, {"ok": False, "error_code": code,
                         "description": description})


def ok(result):
    return Answer(200, {"ok": True, "result": result})


def wrong_markup(m):
    """Why a reply_markup is none; https://…#inlinekeyboardmarkup."""
    markup = m.get("reply_markup")
    if markup is None:
        return None
    if not isinstance(markup, dict) or set(markup) != {"inline_keyboard"}:
        return "object expected as reply markup"
    for row in markup["inline_keyboard"]:
        for button in row:
            if not button.get("text") or \
                    len({"url", "callback_data"} & set(button)) != 1:
                return "can't parse inline keyboard button"
            if not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
                return "BUTTON_DATA_INVALID"
            if "." not in urlsplit(button.get("url", "http://a.b")).netloc:
                return f'inline keyboard button URL "{button["url"]}" is ' \
                    "invalid: Wrong HTTP URL"
    return None


def receive(r):
    parts = r.path.split("/")
    if len(parts) != 3 or not parts[1].startswith("bot"):
        return fault(404, "Not Found")
    if ":" not in parts[1]:
        return fault(401, "Unauthorized")
    if r.headers.get("content-type") != "application/json":
        return fault(400, "Bad Request: message text is empty")
    m = r.json()
    if not isinstance(m, dict) or not m.get("chat_id"):
        return fault(400, "Bad Request: chat_id is empty")
    if not isinstance(m.get("text"), str) or not m["text"].strip():
        return fault(400, "Bad Request: message text is empty")
    if m.get("parse_mode") != "HTML":
        return fault(400, "Bad Request: unsupported parse_mode")
    text, wrong = parse(m["text"])
    if wrong:
        return fault(400, f"Bad Request: can't parse entities: {wrong}")
    if len(text.encode("utf-16-le")) // 2 > TEXT_MAX:
        return fault(400, "Bad Request: message is too long")
    if wrong_markup(m):
        return fault(400, f"Bad Request: {wrong_markup(m)}")
    if parts[2] == "sendMessage":
        number = len(messages) + 1
    elif parts[2] == "editMessageText":
        number = m.get("message_id")
        if not isinstance(number, int):
            return fault(400, "Bad Request: message identifier is not specified")
        if (str(m["chat_id"]), number) not in messages:
            return fault(400, "Bad Request: message to edit not found")
        if messages[str(m["chat_id"]), number] == text:
            return fault(400, "Bad Request: message is not modified: specified "
                         "new message content and reply markup are exactly "
                         "the same as a current content and reply markup of "
                         "the message")
    else:
        return fault(404, "Not Found: method not found")
    messages[str(m["chat_id"]), number] = text
    return ok({"message_id": number, "date": 0,
               "chat": {"id": m["chat_id"], "type": "private"},
               "text": text})
