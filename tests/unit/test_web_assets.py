import hashlib
import re
from pathlib import Path

import pytest

import qbwc_server.web

WEB = Path(qbwc_server.web.__file__).parent
VENDOR = WEB / "static" / "vendor"
OURS = sorted([*WEB.glob("templates/*.html"), *WEB.glob("static/*.*")])
_LINE = re.compile(r"\| (\S+) \| .+ \| (\S+) \| (\S+), (\S+) \| ([0-9a-f]{64}) \|")


def test_every_vendored_file_is_listed_with_its_licence_and_is_as_it_came() -> None:
    lines = _LINE.findall((VENDOR / "VENDOR.md").read_text("utf-8"))
    carried = {path.name for path in VENDOR.iterdir()} - {"VENDOR.md"}
    assert {line[0] for line in lines} | {line[3] for line in lines} == carried
    for name, version, _, _, digest in lines:
        assert version in name
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_nothing_of_ours_names_another_host_or_needs_an_unsafe_policy(path: Path) -> None:
    text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "//" not in re.sub(r"^//.*$", "", text, flags=re.MULTILINE)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|\beval\b|hx-on|hx-vals=.js:|\|\s*safe\b", text)


def test_no_template_holds_a_sentence_of_its_own() -> None:
    for path in WEB.glob("templates/*.html"):
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;", " ", path.read_text("utf-8"), flags=re.DOTALL)
        assert not re.findall(r"[A-Za-z]{2,}", bare), path.name


def test_the_stylesheets_load_nothing() -> None:
    for path in (WEB / "static" / "style.css", VENDOR / "pico-2.1.1.min.css"):
        text = path.read_text("utf-8")
        assert "@import" not in text
        assert not re.findall(r"url\((?!\"data:|data:|'data:)[^)]*\)", text)
