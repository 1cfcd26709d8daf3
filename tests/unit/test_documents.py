"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(path for folder in ("docs", "qwc", "qbxml_templates", "deploy") for path in (ROOT / folder).rglob("*.md")),
]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = [link.partition("#")[0] for link in _LINK.findall(document.read_text(encoding="utf-8"))]
    here = [link for link in links if link and not re.match(r"[a-z]+:", link)]

    assert [link for link in here if not (document.parent / link).exists()] == []


def test_each_of_the_eighteen_pains_has_an_answer_with_a_link() -> None:
    rows = re.findall(r"^\| (\d+) \|.*$", (ROOT / "docs/pains.md").read_text(encoding="utf-8"), re.MULTILINE)
    lines = [
        line for line in (ROOT / "docs/pains.md").read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)
    ]

    assert [int(row) for row in rows] == list(range(1, 19))
    assert all(_LINK.search(line) for line in lines)
