from dataclasses import replace

import pytest
from a_company import COMPANY

from qbwc_server.conversation.files import judge
from qbwc_server.qbxml.hcp import HCP

OWNER = "{ABCDEF01-0000-4000-8000-000000000001}"
FILE = "{ABCDEF02-0000-4000-8000-000000000002}"
PATH = r"C:\Books\Acme.qbw"

ACME = replace(COMPANY, title="Acme Ltd", owner_id=OWNER, file_id=FILE, qbxml_version=None)


def hcp(file_id: str | None) -> HCP:
    ids = {} if file_id is None else {OWNER.strip("{}").lower(): file_id.strip("{}").lower()}
    return HCP(company_name="Acme", file_ids=ids)


@pytest.mark.parametrize("accepted", [None, r"D:\Other.qbw"])
def test_an_equal_file_id_accepts_whatever_the_path(accepted: str | None) -> None:
    verdict = judge(replace(ACME, accepted_file=accepted), hcp(FILE), PATH)
    assert (verdict.reason, verdict.file, verdict.name) == (None, PATH, "Acme")


@pytest.mark.parametrize("accepted", [None, PATH])
def test_another_file_id_refuses_whatever_the_path(accepted: str | None) -> None:
    verdict = judge(replace(ACME, accepted_file=accepted), hcp("{other}"), PATH)
    assert verdict.reason is not None
    assert verdict.reason.code == "wrong_file"
    assert dict(verdict.reason.values) == {"file": PATH, "company": "Acme Ltd"}


def test_another_programs_file_id_says_nothing() -> None:
    foreign = HCP(file_ids={"somebody-else": "x"})
    assert judge(ACME, foreign, PATH).reason is None


@pytest.mark.parametrize("known", ["company_file", "accepted_file"])
def test_without_a_file_id_a_known_path_accepts_and_another_does_not(known: str) -> None:
    company = replace(ACME, **{known: PATH.upper()})  # type: ignore[arg-type]
    assert judge(company, hcp(None), PATH).reason is None
    refused = judge(company, hcp(None), r"C:\Books\Another.qbw").reason
    assert refused is not None
    assert refused.code == "file_unconfirmed"


def test_without_anything_known_the_first_file_is_taken() -> None:
    assert judge(ACME, HCP(), PATH).reason is None


def test_the_name_known_before_stays_when_none_is_told() -> None:
    assert judge(replace(ACME, accepted_name="Acme before"), HCP(), PATH).name == "Acme before"
