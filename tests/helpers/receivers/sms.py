"""Twilio's Messages resource.

https://www.twilio.com/docs/messaging/api/message-resource
https://www.twilio.com/docs/api/errors

The account AC1 with the token SECRET, or its key SK1. +49170021610 has said
STOP, +49170021211 is no number.
"""
import base64
import urllib.parse

from receiver import Answer

SECRET = "s3cretOfSms"
BODY_MAX = 1600

count = 0


def fault(status, code, message):
    return Answer(status, {"code": code, "message": message, "status": status,
                           "more_info":
                           f"https://www.twilio.com/docs/errors/{code}"})


def receive(r):
    global count
    logins = ["Basic " + base64.b64encode(f"{u}:{SECRET}".encode()).decode()
              for u in ("AC1", "SK1")]
    if r.headers.get("authorization") not in logins:
        return fault(401, 20003, "Authenticate")
    if (r.method, r.path) != ("POST", "/2010-04-01/Accounts/AC1/Messages.json"):
        return fault(404, 20404, "The requested resource was not found")
    if r.headers.get("content-type") != "application/x-www-form-urlencoded":
        return fault(400, 21604, "A 'To' phone number is required.")
    form = urllib.parse.parse_qs(r.body.decode("ascii"), strict_parsing=True,
                                 errors="strict")
    to, body = form.get("To", [""])[0], form.get("Body", [""])[0]
    if not to.startswith("+"):
        return fault(400, 21211, "Invalid 'To' Phone Number")
    if "From" not in form and "MessagingServiceSid" not in form:
        return fault(400, 21603, "A 'From' phone number is required.")
    if not body:
        return fault(400, 21602, "Message body is required.")
    if len(body) > BODY_MAX:
        return fault(400, 21617, "The concatenated message body exceeds the "
                     "1600 character limit")
    if to.endswith("21610"):
        return fault(400, 21610, "Attempt to send to unsubscribed recipient")
    if to.endswith("21211"):
        return fault(400, 21211, "Invalid 'To' Phone Number")
    count += 1
    return Answer(201, {"sid": f"SM{count:032x}", "status": "queued",
                        "error_code": None, "error_message": None, "to": to,
                        "body": body, "num_segments": "0"}, shown=body)
