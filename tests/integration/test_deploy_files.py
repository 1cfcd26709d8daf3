"""The files of deploy/ as those programs read them that they are for, and what must stand in them."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from deploying import DEPLOY, TWO, shipped_text
from programs import program_of

from qbwc_server.cli.serving import _BODY, _IDLE_SECONDS
from qbwc_server.web.proxy_lines import caddy_lines

ROOT = Path(__file__).parents[2]
NGINX = ("nginx.conf", "nginx-prefix.conf", TWO)
CADDY = ("Caddyfile", "Caddyfile-prefix")
LEAST_PATIENCE = 120


@pytest.mark.parametrize("file", NGINX)
def test_nginx_accepts_the_shipped_file(tmp_path: Path, file: str) -> None:
    issued = trustme.CA().issue_cert("books.example.com", "www.example.com")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    text = shipped_text(file)
    text = re.sub(r"/etc/letsencrypt/\S+/fullchain\.pem", str(chain), text)
    text = re.sub(r"/etc/letsencrypt/\S+/privkey\.pem", str(key), text)
    (tmp_path / "site.conf").write_text(text, encoding="utf-8")
    temporary = "".join(
        f"{name}_temp_path {tmp_path / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = tmp_path / "main.conf"
    main.write_text(
        f"pid {tmp_path / 'pid'};\nevents {{}}\nhttp {{ access_log off; {temporary} include site.conf; }}\n",
        encoding="utf-8",
    )
    done = _run(program_of("nginx"), "-t", "-q", "-p", str(tmp_path), "-e", "stderr", "-c", str(main))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", NGINX)
def test_nginx_is_patient_lets_long_answers_pass_and_keeps_connections(file: str) -> None:
    said = dict(re.findall(r"^\s*(\w+) (.+);", shipped_text(file), re.MULTILINE))
    assert int(said["client_max_body_size"].removesuffix("m")) << 20 == _BODY
    for name in ("client_body_timeout", "proxy_send_timeout", "proxy_read_timeout"):
        assert int(said[name].removesuffix("s")) >= LEAST_PATIENCE
    assert int(said["keepalive_timeout"].removesuffix("s")) == _IDLE_SECONDS
    assert said["keepalive_disable"] == "none"


def test_nginx_shares_the_calls_out_in_turn_and_keeps_nobody_to_one_process() -> None:
    text = shipped_text(TWO)
    assert re.findall(r"^\s*server (127[^;]+);", text, re.MULTILINE) == ["127.0.0.1:8080", "127.0.0.1:8081"]
    assert re.search(r"^\s*(ip_hash|hash|sticky|least_conn|random)\b", text, re.MULTILINE) is None


@pytest.mark.parametrize(
    ("public_url", "around"),
    [("https://books.example.com", "{}"), ("https://www.example.com/books", "www.example.com {{\n{}\n}}")],
)
def test_caddy_accepts_the_lines_that_the_set_up_shows(tmp_path: Path, public_url: str, around: str) -> None:
    file = tmp_path / "Caddyfile"
    file.write_text(around.format(caddy_lines(public_url, 8080)) + "\n", encoding="utf-8")

    done = _run(program_of("caddy"), "validate", "--adapter", "caddyfile", "--config", str(file))

    assert done.returncode == 0, done.stderr
    assert ("www.example.com {" in caddy_lines(public_url, 8080)) is False, "another site keeps its own block"


@pytest.mark.parametrize("file", CADDY)
def test_caddy_accepts_the_shipped_file_as_it_is(file: str) -> None:
    done = _run(program_of("caddy"), "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / file))
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [line["msg"] for line in said if line["level"] in ("warn", "error")] == []


@pytest.mark.parametrize("file", CADDY)
def test_caddy_is_patient_lets_long_answers_pass_and_drops_idle_connections_first(file: str) -> None:
    done = _run(program_of("caddy"), "adapt", "--adapter", "caddyfile", "--config", str(DEPLOY / file))
    handlers = list(_handlers(json.loads(done.stdout)))
    (proxy,) = [one for one in handlers if one["handler"] == "reverse_proxy"]
    (body,) = [one for one in handlers if one["handler"] == "request_body"]
    assert proxy["upstreams"] == [{"dial": "127.0.0.1:8080"}]
    assert proxy["transport"]["response_header_timeout"] >= LEAST_PATIENCE * 10**9
    assert proxy["transport"]["keep_alive"]["idle_timeout"] < _IDLE_SECONDS * 10**9
    assert body["max_size"] == _BODY


def test_systemd_finds_no_fault_in_the_unit_and_little_it_could_do_harm_with(tmp_path: Path) -> None:
    program = program_of("systemd-analyze")
    unit = tmp_path / "qbwc-server.service"
    text = (DEPLOY / unit.name).read_text(encoding="utf-8")
    assert "ExecStart=/opt/qbwc-server/.venv/bin/qbwc serve\n" in text
    unit.write_text(text.replace("/opt/qbwc-server/.venv/bin/qbwc", sys.executable), encoding="utf-8")
    done = _run(program, "verify", "--man=no", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    # The scale goes from 0 to 100 here; a unit that says nothing of it has 92 to 96.
    exposed = _run(program, "security", "--offline=true", "--threshold=20", "--no-pager", str(unit))
    assert exposed.returncode == 0, exposed.stdout


def test_the_compose_file_has_the_server_behind_caddy_and_believes_caddy_alone() -> None:
    composed: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services, environment = composed["services"], composed["services"]["server"]["environment"]
    assert set(services) == {"server", "caddy", "postgresql"}
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    assert services["postgresql"]["profiles"] == ["postgresql"]
    assert (DEPLOY / services["server"]["build"]["context"] / services["server"]["build"]["dockerfile"]).is_file()
    assert environment["QBWC_TRUSTED_PROXIES"] == composed["networks"]["inner"]["ipam"]["config"][0]["subnet"]
    used = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert {name for name in used if not name.startswith("./")} == set(composed["volumes"])
    assert all((DEPLOY / name).exists() for name in used if name.startswith("./"))


def test_the_dockerfile_ends_as_a_common_user_with_a_health_check() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", text).splitlines()
    last = [line for line in lines if re.match(r"[A-Z]+ ", line)]
    assert [line for line in last if line.startswith("USER ")][-1] == "USER qbwc"
    assert any(line.startswith("HEALTHCHECK ") and "/healthz" in line for line in last)
    assert last[-1] == 'CMD ["qbwc", "serve"]'
    copied = [word for line in last if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]]
    assert copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_dockerfile_makes_constraints_of_the_lock_file(tmp_path: Path) -> None:
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    command = re.search(r"RUN (sed .*? > constraints\.txt)", text)
    assert command is not None
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, check=True)
    lines = (tmp_path / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 20
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!-]+( ; .+)?", line)] == []


def test_the_readme_names_every_file_of_the_folder_and_no_other() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(([^)/]+)\)", text))
    assert named == {path.name for path in DEPLOY.iterdir()} - {"README.md"}


def test_the_documents_of_the_folder_link_to_what_is_there() -> None:
    for document in DEPLOY.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (DEPLOY / target).exists(), f"{document.name} links to {target}"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)


def _handlers(node: object) -> Iterator[dict[str, Any]]:
    """Yield each handler of Caddy's JSON."""
    if isinstance(node, dict) and "handler" in node:
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _handlers(each)
