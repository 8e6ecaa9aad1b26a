"""A gateway for short messages that a test tells what to do: sms_gateway.py PORT FOLDER SECRET ANSWERS

Each message whose signature is right, as the library of Standard Webhooks checks it, is a file in FOLDER. ANSWERS: one per
attempt, with commas, the last one for ever: a status, or hang.
"""

import http.server
import os
import sys
import time

from standardwebhooks.webhooks import Webhook

port, folder, secret = int(sys.argv[1]), sys.argv[2], sys.argv[3]
answers = sys.argv[4].split(",")
attempts = 0


class Gateway(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global attempts
        answer = answers[min(attempts, len(answers) - 1)]
        attempts += 1
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            Webhook(secret).verify(body, dict(self.headers.items()))
        except Exception as err:
            print(err, file=sys.stderr, flush=True)
            answer = "401"
        with open(os.path.join(folder, "attempts"), "w") as file:
            file.write(f"{attempts} {answer} {self.headers['webhook-id']}")
        if answer == "hang":
            time.sleep(3600)
        if answer == "200":
            name = os.path.join(folder, f"{time.time_ns()}")
            with open(name + ".part", "wb") as file:
                file.write(body)
            os.rename(name + ".part", name + ".json")
        self.send_response(int(answer))
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Gateway)
print("ready", flush=True)
server.serve_forever()
