"""A mail server for one test: prints its port, then every letter as a line of JSON, until its input ends."""

import email.policy
import json
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Office:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later@"):
            return "451 4.7.1 come again"
        if address.startswith("nobody@"):
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: letter.get_body((kind,)).get_content()
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": dict(letter.items()),
            "plain": part("plain"),
            "html": part("html"),
        }), flush=True)
        return "250 OK"


# a port of the system's choosing: the controller itself would knock on the port 0 to see whether it runs
class AnyPort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def knows(server, session, envelope, mechanism, credentials):
    known = (credentials.login, credentials.password) == (b"ada", b"p@ss")
    return AuthResult(success=known, handled=False)


office = AnyPort(Office(), hostname="127.0.0.1", port=0, authenticator=knows, auth_require_tls=False)
office.start()
print(json.dumps(office.port), flush=True)
sys.stdin.read()
office.stop()
