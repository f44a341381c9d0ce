#!/usr/bin/env python3
"""Local mail servers for tests.

    mailserver.py exim DIR [cert=FILE key=FILE] [tls=at-once] [auth=USER:WORD]
        Exim as Debian has it, with all of its own in DIR. With a certificate
        it offers STARTTLS, or begins with TLS; with auth it takes mail only
        from those who authenticate, which it offers where there is TLS.
    mailserver.py script DIR
        One that does what DIR/script says, JSON, read for each connection:
        {"EHLO":"502 no", "times":1}. Names are GREETING, EHLO, MAIL, RCPT,
        DATA, MAIL-END (of the mail) and QUIT, values a reply, "close" or
        "hang". With times for so many connections, then all is well.
        DIR/seen has the commands that came.
    mailserver.py read DIR
        Prints the mails that DIR has, in the order of their arrival, as JSON.

Servers print "ready HOST:PORT" and serve until they are killed.
"""
import email
import email.policy
import html.parser
import json
import os
import pwd
import re
import socket
import subprocess
import sys
import threading

EXIM = """
exim_user = {user.pw_uid}
exim_group = {user.pw_gid}
deliver_drop_privilege = true
keep_environment =
spool_directory = {dir}/spool
log_file_path = {dir}/%s.log
primary_hostname = mail.example
host_lookup =
rfc1413_query_timeout = 0s
smtputf8_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
{tls}
begin acl
rcpt:
  {accept}
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = {dir}/mail
  maildir_format
  return_path_add
  envelope_to_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth2:$auth3}}{{{auth}}}}}
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""


def make_dirs(at):
    for name in ("spool", "mail/new", "mail/cur", "mail/tmp"):
        os.makedirs(os.path.join(at, name), exist_ok=True)


def listen():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(64)
    print("ready 127.0.0.1:%d" % s.getsockname()[1], flush=True)
    return s


# ---- Exim ----

def exim(at, options):
    """As an unprivileged user, started for each connection as inetd does."""
    root = os.getuid() == 0
    user = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.getuid())
    tls = "tls_advertise_hosts ="
    if "cert" in options:
        tls = ("tls_advertise_hosts = *\ntls_certificate = %s\n"
               "tls_privatekey = %s" % (options["cert"], options["key"]))
    with open(at + "/exim.conf", "w", encoding="utf-8") as f:
        f.write(EXIM.format(
            user=user, dir=at, tls=tls, auth=options.get("auth", ""),
            accept="accept authenticated = *" if "auth" in options
            else "accept"))
    if root:
        for path, _, files in os.walk(at):
            for name in [path] + [os.path.join(path, f) for f in files]:
                os.chown(name, user.pw_uid, user.pw_gid)
    command = ["/usr/sbin/exim4", "-C", at + "/exim.conf", "-bs"]
    if "tls" in options:
        command.append("-tls-on-connect")
    as_user = {"user": user.pw_uid, "group": user.pw_gid,
               "extra_groups": []} if root else {}
    s = listen()
    children = []
    with open(at + "/err.log", "w", encoding="utf-8") as log:
        while True:
            c, _ = s.accept()
            children = [p for p in children if p.poll() is None]
            children.append(subprocess.Popen(
                command, stdin=c, stdout=c, stderr=log, **as_user))
            c.close()


# ---- by a script ----

class Session:
    lock = threading.Lock()
    count = 0

    def __init__(self, at, sock):
        self.at, self.sock = at, sock
        self.lines = sock.makefile("rb")
        with Session.lock:
            with open(at + "/script", encoding="utf-8") as f:
                self.script = json.load(f)
            times = self.script.pop("times", None)
            if times == 0:
                self.script = {}
            elif times is not None:
                with open(at + "/script", "w", encoding="utf-8") as f:
                    json.dump(dict(self.script, times=times - 1), f)

    def say(self, name, usual):
        what = self.script.get(name, usual)
        if what == "hang":
            self.lines.read()
        if what in ("hang", "close"):
            raise ConnectionError
        self.sock.sendall((what + "\r\n").encode())
        if what.startswith("421"):
            raise ConnectionError
        return what[0] in "23"

    def see(self, text):
        with Session.lock:
            with open(self.at + "/seen", "a", encoding="utf-8") as f:
                f.write(text + "\n")

    def take(self):
        mail = b""
        while True:
            line = self.lines.readline()
            if line == b".\r\n":
                break
            if not line.endswith(b"\r\n"):
                raise ConnectionError
            mail += line[line.startswith(b"."):]
        self.see("MAIL-END")
        if self.say("MAIL-END", "250 2.0.0 Ok: queued as 4711"):
            with Session.lock:
                Session.count += 1
                name = "%s/mail/new/%06d" % (self.at, Session.count)
            with open(name + ".part", "wb") as f:
                f.write(mail)
            os.rename(name + ".part", name)

    def serve(self):
        self.say("GREETING", "220 script ESMTP")
        while True:
            line = self.lines.readline().decode().rstrip()
            name = line.split(" ")[0]
            if not name:
                return
            self.see(line)
            if name == "EHLO":
                self.say(name, "250-script\r\n250 SIZE 1000000")
            elif name in ("HELO", "RSET", "MAIL", "RCPT"):
                self.say(name, "250 2.1.0 Ok")
            elif name == "DATA":
                if self.say(name, "354 Go ahead"):
                    self.take()
            elif name == "QUIT":
                self.say(name, "221 2.0.0 Bye")
                return
            else:
                self.say(name, "502 5.5.2 No")

    def run(self):
        try:
            self.serve()
        except (ConnectionError, OSError):
            pass
        self.lines.close()
        self.sock.close()


def scripted(at):
    if not os.path.exists(at + "/script"):
        with open(at + "/script", "w", encoding="utf-8") as f:
            f.write("{}")
    s = listen()
    while True:
        c, _ = s.accept()
        threading.Thread(target=Session(at, c).run, daemon=True).start()


# ---- what has come ----

class Page(html.parser.HTMLParser):
    """What a page says, where it links to, and what it shows."""

    def __init__(self, text):
        super().__init__()
        self.text, self.links, self.images, self.tags = "", [], [], []
        self.inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        if tag == "p":
            self.inside = True
        elif tag == "a":
            self.links.append(attrs["href"])
        elif tag == "img":
            self.images.append(attrs["src"])

    def handle_endtag(self, tag):
        if tag == "p":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.text += data


def tree(part):
    if part.is_multipart():
        return {part.get_content_type(): [tree(p) for p in part.iter_parts()]}
    return part.get_content_type()


def content(mail, kind):
    for part in mail.walk():
        if part.get_content_type() == kind:
            assert not part.defects, part.defects
            return part.get_content(), part
    return None, None


def arrival(mail):
    """Exim's id grows with time; it delivers in any order."""
    return re.findall(r"\bid (\S+-\S+-\S+)", str(mail["headers"].get("Received")))


def show(raw):
    mail = email.message_from_bytes(raw, policy=email.policy.SMTP)
    # One server's box has its lines end with LF.
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    assert not mail.defects, mail.defects
    for name, value in mail.items():
        assert not value.defects, (name, value, value.defects)
    text, part = content(mail, "text/plain")
    page = Page(content(mail, "text/html")[0])
    png, picture = content(mail, "image/png")
    return {
        "headers": {k: str(v) for k, v in mail.items()},
        "names": mail.keys(),
        "tree": tree(mail),
        "subject": mail["subject"],
        "text": text.rstrip("\n"),
        "charset": part.get_content_charset(),
        "html": page.text.rstrip("\n"),
        "links": page.links,
        "images": page.images,
        "tags": sorted(set(page.tags)),
        "png": png is not None and png[:8] == b"\x89PNG\r\n\x1a\n",
        "png_id": picture and picture["content-id"],
        "longest": max(len(line) for line in lines
                       if not line.startswith(b"\t")),
        "ascii": raw.isascii(),
    }


def read(at):
    box = at + "/mail/new"
    mails = []
    for name in sorted(os.listdir(box)):
        with open(box + "/" + name, "rb") as f:
            mails.append(show(f.read()))
    json.dump(sorted(mails, key=arrival), sys.stdout)


def main():
    what, at = sys.argv[1], os.path.abspath(sys.argv[2])
    make_dirs(at)
    if what == "exim":
        exim(at, dict(o.split("=", 1) for o in sys.argv[3:]))
    elif what == "script":
        scripted(at)
    else:
        read(at)


if __name__ == "__main__":
    main()
