"""A real nginx or Caddy before the real server, with the files of deploy/ as they are shipped.

What differs from the shipped files is what differs from one installation to the next: host names, ports, certificates
and the folder of the site beside. The names lead nowhere but in the test, which dials for them (`Dialling`), from an
address that is not the proxy's.
"""

import contextlib
import os
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import trustme
from deploying import TWO, shipped_text
from programs import program_of
from real_server import Account, RealServer, free_port
from web_office import Browser

from qbwc_server.rehearsal.connector import Company, SimulatedConnector

CALLER: Final = "127.0.0.77"
"""Where the calls of the test come from; the proxy calls the server from 127.0.0.1."""
START_SECONDS: Final = 15.0
NEIGHBOUR: Final = "The site that was there before"


@dataclass(frozen=True, slots=True)
class Way:
    """A proxy and where the server stands behind it.

    Attributes:
        proxy: the program.
        file: of deploy/.
        host: the name under which the proxy answers.
        prefix: the path of the public address, or "".
    """

    proxy: str
    file: str
    host: str
    prefix: str

    def __str__(self) -> str:
        return f"{self.proxy}{'-prefix' if self.prefix else ''}"


WAYS: Final = (
    Way("nginx", "nginx.conf", "books.test", ""),
    Way("nginx", "nginx-prefix.conf", "www.test", "/books"),
    Way("caddy", "Caddyfile", "books.test", ""),
    Way("caddy", "Caddyfile-prefix", "www.test", "/books"),
)
TO_TWO: Final = Way("nginx", TWO, "books.test", "")


class ProxiedServer(RealServer):
    """The server with the settings that the shipped file names."""

    def __init__(self, folder: Path, public_url: str, database_url: str | None) -> None:
        super().__init__(folder, database_url=database_url)
        self.public_url = public_url

    def alike(self) -> RealServer:
        return ProxiedServer(self.folder, self.public_url, self.database_url)

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"QBWC_PUBLIC_URL": self.public_url, "QBWC_TRUSTED_PROXIES": "127.0.0.1"}


@dataclass(slots=True)
class Site:
    """The server as the world reaches it.

    Attributes:
        way: through what.
        server: what stands behind.
        twin: the other process behind it, where there are two.
        trust: knows the test's own authority, and nobody else's.
        authority: the file with that authority's certificate.
    """

    way: Way
    server: ProxiedServer
    twin: RealServer | None
    trust: ssl.SSLContext
    authority: Path

    @property
    def url(self) -> str:
        return self.server.public_url

    def connector(self, account: Account, company: Company, url: str | None = None) -> SimulatedConnector:
        """Return a Web Connector that comes through the proxy."""
        return SimulatedConnector(
            url or f"{self.url}/qbwc", account.user, account.password, company, timeout=60, ssl_context=self.trust
        )

    def browser(self) -> Browser:
        """Return a browser that trusts the proxy's certificate."""
        made = Browser(self.url)
        made._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=self.trust), urllib.request.HTTPCookieProcessor(made.jar)
        )
        return made


@dataclass(slots=True)
class Dialling:
    """Stands for the name service and the caller's network; counts the TCP connections that are opened."""

    dialled: list[tuple[str, int]] = field(default_factory=list)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put itself in the place of socket.create_connection, which http.client dials with."""
        real = socket.create_connection

        def dial(address: tuple[str, int], *given: Any, **more: Any) -> socket.socket:
            host, port = address
            if not host.endswith(".test"):
                return real(address, *given, **more)
            self.dialled.append(address)
            timeout = given[0] if given else more.get("timeout", 60.0)
            return real(("127.0.0.1", port), timeout, (CALLER, 0))

        monkeypatch.setattr(socket, "create_connection", dial)
        found = socket.getaddrinfo

        def look(host: Any, *given: Any, **more: Any) -> Any:
            return found("127.0.0.1" if str(host).endswith(".test") else host, *given, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look)


@contextlib.contextmanager
def served(way: Way, folder: Path, database_url: str | None = None) -> Iterator[Site]:
    """Give a server behind a proxy, for `TO_TWO` two of its processes; all run, and are stopped at the end."""
    program = program_of(way.proxy)
    port = free_port()
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    authority.cert_pem.write_to_path(folder / "authority.pem")
    with contextlib.ExitStack() as running:
        public_url = f"https://{way.host}:{port}{way.prefix}"
        server = running.enter_context(ProxiedServer(folder, public_url, database_url))
        server.install()
        server.prepare("user", "add", "ada", "--role", "admin", "--password-stdin", said="correct horse\n")
        server.start()
        twin = running.enter_context(server.twin()) if way is TO_TWO else None
        if twin is not None:
            twin.start()
        command = _configure(program, way, folder, authority, port, [one.port for one in (server, twin) if one])
        running.enter_context(_running(command, folder, port))
        yield Site(way, server, twin, trust, folder / "authority.pem")


def shipped(file: str, replacements: dict[str, str]) -> str:
    """Return a file of deploy/ with other addresses; each of those to be replaced must be there."""
    text = shipped_text(file)
    for old, new in replacements.items():
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    return text


def _configure(
    program: str, way: Way, folder: Path, authority: trustme.CA, port: int, behind: Sequence[int]
) -> list[str]:
    """Write the configuration and return the command that runs the proxy on it."""
    issued = authority.issue_cert(way.host)
    chain, key, beside = folder / "chain.pem", folder / "key.pem", folder / "site"
    for pem in issued.cert_chain_pems:
        pem.write_to_path(chain, append=True)
    issued.private_key_pem.write_to_path(key)
    beside.mkdir()
    (beside / "index.html").write_text(NEIGHBOUR, encoding="utf-8")
    name = way.host.replace(".test", ".example.com")
    main, site = folder / "main.conf", folder / "site.conf"
    changes = {f"127.0.0.1:{8080 + number}": f"127.0.0.1:{one}" for number, one in enumerate(behind)}
    if way.prefix:
        changes["/var/www/html"] = str(beside)
    if way.proxy == "nginx":
        live = f"/etc/letsencrypt/live/{name}"
        changes |= {f"{live}/fullchain.pem": str(chain), f"{live}/privkey.pem": str(key), name: way.host}
        changes |= {"listen 443 ssl": f"listen 127.0.0.1:{port} ssl"}
        changes |= {} if way.prefix else {"listen 80": f"listen 127.0.0.1:{free_port()}"}
        main.write_text(_nginx_main(folder, site), encoding="utf-8")
        command = [program, "-p", str(folder), "-c", str(main)]
    else:
        changes |= {"# tls /etc/ssl/books.pem /etc/ssl/private/books.key": f"tls {chain} {key}"}
        changes |= {f"{name} {{": f"https://{way.host}:{port} {{\n\tbind 127.0.0.1"}
        # No administration port, and no certificates of Caddy's own making.
        main.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\nimport {site}\n", encoding="utf-8")
        command = [program, "run", "--adapter", "caddyfile", "--config", str(main)]
    site.write_text(shipped(way.file, changes), encoding="utf-8")
    return command


def _nginx_main(folder: Path, site: Path) -> str:
    """Return what the distribution's nginx.conf says, as far as it must be said; all files are in the folder."""
    temporary = "\n".join(
        f"    {name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # A test that runs as root has folders that only root may enter.
    user = "user root;\n" if os.geteuid() == 0 else ""
    return f"""{user}daemon off;
pid {folder / "nginx.pid"};
error_log {folder / "nginx-error.log"};
events {{}}
http {{
    log_format behind '$upstream_addr $request_uri';
    access_log {folder / "behind.log"} behind;
{temporary}
    include {site};
}}
"""


@contextlib.contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    log = folder / "proxy.log"
    own = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("wb") as out, subprocess.Popen(command, env=own, stdout=out, stderr=out) as process:
        try:
            end = time.monotonic() + START_SECONDS
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                    break
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, f"the proxy does not listen: {log.read_text()}"
                time.sleep(0.02)
            yield
        finally:
            # nginx ends its workers and goes; Caddy would wait for connections that a failed test left open.
            end_it = process.kill if command[1] == "run" else process.terminate
            end_it()
            process.wait(timeout=10)
