"""A real mail server and a real receiver of webhooks, as strangers' programs would be, for the tests of alerts."""

import asyncio
import contextlib
import http.server
import json
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SECONDS = 15.0


@dataclass
class Mailbox:
    """A mail server and what it took."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[tuple[str, str]] = field(default_factory=list)
    account: tuple[str, str] | None = None
    refused_recipients: set[str] = field(default_factory=set)
    refuses_sender: bool = False
    seconds: float = 0.0
    answer: str = "250 OK"
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]

    def wait_for(self, count: int) -> list[EmailMessage]:
        """Wait until so many mails are there."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.mails) >= count, SECONDS), f"{len(self.mails)} of {count}"
        return self.mails

    # What aiosmtpd calls.

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_sender:
            return "553 5.7.1 not your address"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused_recipients:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.seconds)
        if not self.answer.startswith("250"):
            return self.answer
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        with self._arrived:
            self.mails.append(mail)
            self.encrypted.append(session.ssl is not None)
            self._arrived.notify_all()
        return self.answer

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        pair = (given.login.decode(), given.password.decode())
        self.signed_in.append(pair)
        # handled=False: the server itself says 535.
        return AuthResult(success=pair == self.account, handled=False)


@contextlib.contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, account: tuple[str, str] | None = None, utf8: bool = True
) -> Iterator[Mailbox]:
    """Run a mail server: `tls` offers STARTTLS, `account` wants a sign-in, `utf8` takes addresses in any letters."""
    box = Mailbox(free_port(), account=account)
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        tls_context=tls,
        enable_SMTPUTF8=utf8,
        authenticator=box.authenticate if account is not None else None,
        # Without an account none is offered: this server has no encryption then.
        auth_require_tls=tls is not None or account is None,
        auth_required=account is not None and tls is not None,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Hook:
    """A receiver of webhooks and what was posted to it."""

    url: str
    posts: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200


@contextlib.contextmanager
def hook_server(*, tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    """Run a receiver of webhooks, encrypted with `tls`."""
    hook = Hook("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.paths.append(self.path)
            hook.bodies.append(body)
            hook.headers.append({name.lower(): value for name, value in self.headers.items()})
            hook.posts.append(json.loads(body))
            self.send_response(hook.status)
            if 300 <= hook.status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/hook/s3cret-part"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        hook.url = hook.url.replace("http://127.0.0.1", "https://localhost")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def mute_server() -> Iterator[int]:
    """Give a port where somebody takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield int(one.getsockname()[1])


@contextlib.contextmanager
def dripping_server(*, first: bytes = b"", drop: bytes = b"2", every: float = 0.05) -> Iterator[int]:
    """Give a port where somebody says `first` and then drips without end."""
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.sendall(first)
                while not over.wait(every):
                    self.request.sendall(drop)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            over.set()
            server.shutdown()
            thread.join()


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for a host name; returns the server's context, and one for callers who trust it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: it makes the certificate of this test")
    key, made = folder / "key.pem", folder / "certificate.pem"
    wanted = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    made_by = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        str(key),
        "-out",
        str(made),
    ]
    subprocess.run([*made_by, *wanted], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made, key)
    return server, ssl.create_default_context(cafile=str(made))


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def text_of(mail: EmailMessage) -> str:
    """Return the text of a mail, with its subject before it."""
    part = mail.get_body()
    assert isinstance(part, EmailMessage)
    return f"{mail['Subject']}\n{part.get_content()}".replace("\r\n", "\n")
