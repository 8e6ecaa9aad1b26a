"""A mail server that a test tells what to do: mail_server.py PORT FOLDER MODE [CERTIFICATE KEY]

Each letter that it takes is a file in FOLDER, whole or not at all. MODE: take; login (only with a name and a
password); starttls (only with TLS); or a word per attempt, with commas, the last one for ever: put-off, refuse, hang,
late (takes it, and says so 2 s later), take. In every mode but rcpt every recipient is taken first; there those whose
names begin with gone are refused, and those with full put off.
"""

import asyncio
import os
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

port, folder, mode = int(sys.argv[1]), sys.argv[2], sys.argv[3]
steps = mode.split(",")
attempts = 0


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode == "rcpt" and address.startswith("gone"):
            return "550 no such reader@example.com"
        if mode == "rcpt" and address.startswith("full"):
            return "452 too many letters for reader@example.com"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global attempts
        step = steps[min(attempts, len(steps) - 1)]
        attempts += 1
        with open(os.path.join(folder, "attempts"), "w") as file:
            file.write(str(attempts))
        if step == "put-off":
            return "451 come back later, reader@example.com"
        if step == "refuse":
            return "550 no such reader@example.com"
        if step == "hang":
            await asyncio.sleep(3600)
        name = os.path.join(folder, f"{time.time_ns()}")
        with open(name + ".part", "wb") as file:
            file.write(f"RCPT {','.join(envelope.rcpt_tos)}\r\n".encode() + envelope.content)
        os.rename(name + ".part", name + ".eml")
        if step == "late":
            await asyncio.sleep(2)
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"p@ss word")
    return AuthResult(success=right, handled=False)


options = {}
if mode == "login":
    options = {"authenticator": login, "auth_required": True, "auth_require_tls": False}
if mode == "starttls":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    options = {"tls_context": context, "require_starttls": True}
controller = Controller(Handler(), hostname="127.0.0.1", port=port, **options)
controller.start()
print("ready", flush=True)
while True:
    time.sleep(3600)
