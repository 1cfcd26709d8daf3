"""The judgements of `qbwc doctor`, each on values; and that each has its words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qbwc_server import checking, words
from qbwc_server.checking import certificate, databases, files, mounts, program, proof, soap
from qbwc_server.checking.finding import Bytes, Finding, Trouble, fault, good, guarded, skipped
from qbwc_server.checking.visits import visit
from qbwc_server.checking.wording import worded
from qbwc_server.publish import WebsiteUnreachable

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ZONE = "America/Toronto"
MOUNTS = r"""21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:40 / /srv rw - nfs4 files.example.com:/srv rw
31 30 8:2 / /srv/local\040disk rw shared:7 - xfs /dev/sdb1 rw
"""


@dataclass(frozen=True)
class Seen:
    state: str
    last_seen_at: datetime | None = None
    attention_code: str | None = None
    attention_values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Acme:
    connection: Seen
    company: str = "acme"


def test_an_old_python_is_a_fault_that_names_the_least_one() -> None:
    found = program.python((3, 10, 4))

    assert (found.ok, found.values["version"], found.values["least"]) == (False, "3.10.4", "3.11")
    assert program.python((3, 11, 0)).ok


def test_spyne_must_be_there_of_the_pinned_release_and_importable() -> None:
    def broken() -> None:
        raise ImportError

    assert program.spyne(None, "2.14.0", None).told == "spyne.absent"
    assert program.spyne("2.13.0", "2.14.0", None).told == "spyne.other_release"
    assert program.spyne("2.14.0", "2.14.0", broken).told == "spyne.broken"
    assert program.spyne("2.14.0", "2.14.0", lambda: None).state == "ok"
    assert program.spyne("2.14.0", None, None).state == "skipped"


def test_the_pinned_release_is_the_one_of_the_distribution() -> None:
    assert program.pinned_spyne() == program.installed("spyne") == "2.14.0"


def test_a_disk_with_less_than_half_a_gigabyte_is_a_fault() -> None:
    assert not files.room("database_disk", Path("qbwc.db"), files.LEAST_ROOM - 1).ok
    assert files.room("database_disk", Path("qbwc.db"), files.LEAST_ROOM).ok


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/var/lib", "ext4"), ("/srv/qbwc", "nfs4"), ("/srv/local disk/qbwc", "xfs"), ("/srvs", "ext4")],
)
def test_the_deepest_mount_tells_the_kind_of_disk(folder: str, kind: str) -> None:
    assert mounts.kind_in(MOUNTS, Path(folder)) == kind


def test_disks_of_other_machines_are_known() -> None:
    assert [kind for kind in ("ext4", "xfs", "overlay", "tmpfs", "nfs4", "cifs") if mounts.is_network(kind)] == [
        "nfs4",
        "cifs",
    ]


@pytest.mark.parametrize(
    ("days", "told"),
    [(6, "tls.ends"), (-1, "tls.ends"), (8, "tls.ends_soon"), (20, "tls.ends_soon"), (22, "tls.lasts")],
)
def test_a_certificate_is_a_fault_in_its_last_week(days: int, told: str) -> None:
    until = (NOW + timedelta(days=days)).strftime("%b %d %H:%M:%S %Y GMT")

    found = certificate.expiry({"notAfter": until}, NOW)

    assert found.told == told
    assert found.ok == (days >= 7)


@pytest.mark.parametrize(("seconds", "ok"), [(-61, False), (-59, True), (59, True), (61, False)])
def test_a_clock_may_be_off_by_a_minute(seconds: int, ok: bool) -> None:
    found = databases.clock("database_clock", timedelta(seconds=seconds), "clock.database")

    assert found.ok == ok
    assert found.values["off"] == timedelta(seconds=abs(seconds))


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (Seen("never_seen"), "skipped"),
        (Seen("connected", NOW), "ok"),
        (Seen("late", NOW), "fault"),
        (Seen("offline", NOW), "fault"),
        (Seen("off_hours", NOW), "ok"),
        (Seen("paused", NOW), "skipped"),
        (Seen("needs_attention", NOW, "wrong_password"), "fault"),
    ],
)
def test_silence_is_a_fault_in_office_hours_and_trouble_always(seen: Seen, state: str) -> None:
    assert visit(Acme(seen)).state == state


def test_a_company_in_trouble_is_told_in_the_words_of_its_code() -> None:
    found = visit(Acme(Seen("needs_attention", NOW, "wrong_password")))

    for language in words.LANGUAGES:
        said = worded(found, language, ZONE)
        assert said.message.startswith("acme")
        assert said.message != worded(found, "fr" if language == "en" else "en", ZONE).message
        assert said.cure


def test_only_the_same_key_and_challenge_give_the_same_proof() -> None:
    challenge = proof.new_challenge()
    answer = proof.prove(b"k" * 32, challenge).encode()

    assert proof.is_challenge(challenge)
    assert proof.proves(b"k" * 32, challenge, answer + b"\n")
    assert not proof.proves(b"j" * 32, challenge, answer)
    assert not proof.proves(b"k" * 32, proof.new_challenge(), answer)


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "a" * 32 + "\n"])
def test_only_a_challenge_is_answered(text: str) -> None:
    assert not proof.is_challenge(text)


def test_a_check_that_breaks_is_a_fault_that_names_it_and_not_what_broke() -> None:
    def broken() -> Finding:
        message = "password=hunter2"
        raise RuntimeError(message)

    found = guarded("port", broken)

    said = worded(found, "en", ZONE)
    assert (found.check, found.ok) == ("port", False)
    assert "port" in said.message
    assert "RuntimeError" in said.message
    assert "hunter2" not in f"{said}"


def test_only_a_fault_has_a_cure() -> None:
    assert worded(good("python", "python.fit", version="3.13.0"), "en", ZONE).cure is None
    assert worded(skipped("mail", "mail.not_set"), "en", ZONE).cure is None
    assert worded(fault("mail", "mail.no_sender"), "en", ZONE).cure
    assert skipped("mail", "mail.not_set").ok


def test_values_are_written_in_the_readers_language() -> None:
    found = fault("database_disk", "file.full", path=Path("qbwc.db"), free=Bytes(2_500_000), least=Bytes(1_200_000_000))
    ends = fault("public_url_expiry", "tls.ends", until=NOW, left=timedelta(days=2))

    assert "2.5 MB" in worded(found, "en", ZONE).message
    assert "2,5\u00a0Mo" in worded(found, "fr", ZONE).message
    assert "1,2\u00a0Go" in (worded(found, "fr", ZONE).cure or "")
    assert "Nov 24, 2026 10:00" in worded(ends, "en", ZONE).message


def test_the_reason_of_a_database_holds_no_password() -> None:
    problem = WebsiteUnreachable("postgresql://web:hunter2@host/site", "connection refused")

    assert "hunter2" not in checking.finding.reason(problem)


def test_a_wsdl_is_known_by_its_namespace() -> None:
    ours = (
        b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="http://developer.intuit.com/">'
        b'<port><address xmlns="http://schemas.xmlsoap.org/wsdl/soap/" location="https://a.example/qbwc"/></port>'
        b"</definitions>"
    )

    assert soap.wsdl_address(ours) == "https://a.example/qbwc"
    assert soap.wsdl_address(ours.replace(b"developer.intuit.com", b"other.example")) is None
    assert soap.wsdl_address(b"<!doctype html><p>Hello") is None
    assert soap.wsdl_address(b"") is None


def test_a_result_is_read_only_from_an_answer_of_its_method() -> None:
    answer = b'<serverVersionResponse xmlns="x"><serverVersionResult>a &amp; b</serverVersionResult>'

    assert soap.result("serverVersion", answer) == "a & b"
    assert soap.result("clientVersion", answer) is None
    assert soap.result("serverVersion", b"<html>serverVersion</html>") is None


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_finding_of_the_package_has_its_words_and_every_fault_its_cure(language: str) -> None:
    areas = {key.split(".")[1] for key in words.keys("en", "checking")}
    named = re.compile(rf'"((?:{"|".join(areas)})\.\w+)"')
    source = "".join(path.read_text("utf-8") for path in Path(checking.__file__).parent.glob("*.py"))
    faults = set(re.findall(r'fault\(\s*[\w."]+,\s*"(\w+\.\w+)"', source))

    assert len(faults) > 40
    assert [told for told in named.findall(source) if not words.has(language, f"checking.{told}")] == []
    assert [told for told in sorted(faults) if not words.has(language, f"checking.{told}_cure")] == []


def test_no_cure_is_without_its_fault() -> None:
    cures = [key for key in words.keys("en", "checking") if key.endswith("_cure")]

    assert [key for key in cures if not words.has("en", key.removesuffix("_cure"))] == []


def test_trouble_without_a_known_code_still_has_words() -> None:
    found = fault("last_visit", "visit.attention", company="acme", trouble=Trouble("unheard_of", {}))

    assert worded(found, "en", ZONE).cure
