import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_server.qbxml.hcp import HCP, plain_guid, read_hcp

TEXT = (
    '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>'
    '<HostQueryRs requestID="0" statusCode="0"><HostRet><ProductName>QuickBooks Premier 2024</ProductName>'
    "<MajorVersion>34</MajorVersion><MinorVersion>0</MinorVersion><Country>CA</Country>"
    "<SupportedQBXMLVersion>1.0</SupportedQBXMLVersion><SupportedQBXMLVersion>13.0</SupportedQBXMLVersion>"
    "<IsAutomaticLogin>false</IsAutomaticLogin><QBFileMode>MultiUser</QBFileMode></HostRet></HostQueryRs>"
    '<CompanyQueryRs requestID="1" statusCode="0"><CompanyRet><CompanyName>Quincaillerie &#201;toile</CompanyName>'
    "<EIN>12-3456789</EIN><SSN>123-45-6789</SSN>"
    "<DataExtRet><OwnerID>{AAAAAAAA-1111-2222-3333-BBBBBBBBBBBB}</OwnerID><DataExtName>AppLock</DataExtName>"
    "<DataExtValue>LOCKED</DataExtValue></DataExtRet>"
    "<DataExtRet><OwnerID>{AAAAAAAA-1111-2222-3333-BBBBBBBBBBBB}</OwnerID><DataExtName>FileID</DataExtName>"
    "<DataExtValue>{CCCCCCCC-1111-2222-3333-DDDDDDDDDDDD}</DataExtValue></DataExtRet></CompanyRet></CompanyQueryRs>"
    '<PreferencesQueryRs requestID="2" statusCode="0"><PreferencesRet><MultiCurrencyPreferences>'
    "<IsMultiCurrencyOn>true</IsMultiCurrencyOn></MultiCurrencyPreferences><CurrentAppAccessRights>"
    "<IsPersonalDataAccessAllowed>false</IsPersonalDataAccessAllowed></CurrentAppAccessRights></PreferencesRet>"
    "</PreferencesQueryRs></QBXMLMsgsRs></QBXML>"
)
WHOLE = HCP(
    product="QuickBooks Premier 2024",
    major="34",
    minor="0",
    country="CA",
    supported_versions=("1.0", "13.0"),
    file_mode="MultiUser",
    company_name="Quincaillerie Étoile",
    file_ids={"aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb": "cccccccc-1111-2222-3333-dddddddddddd"},
    is_automatic_login=False,
    multi_currency=True,
    personal_data=False,
    readable=True,
)


def test_version_company_and_file_are_read() -> None:
    assert read_hcp(TEXT) == WHOLE


def test_tax_numbers_are_not_kept() -> None:
    assert "12-3456789" not in repr(read_hcp(TEXT))
    assert "123-45-6789" not in repr(read_hcp(TEXT))


def test_a_cut_answer_gives_what_came_before_the_cut() -> None:
    hcp = read_hcp(TEXT[: TEXT.index("<PreferencesQueryRs")])
    assert not hcp.readable
    assert hcp.file_ids == WHOLE.file_ids
    assert hcp.multi_currency is None


@pytest.mark.parametrize(
    "text", ["", " ", "no XML", "<html/>", "<!DOCTYPE a><QBXML/>", "\ud800", "<a><QBXML/></a>", "\x00<"]
)
def test_what_is_no_hcp_answer_is_empty(text: str) -> None:
    assert read_hcp(text).supported_versions == ()
    assert read_hcp(text).file_ids == {}


@given(st.integers(0, len(TEXT)), st.text(max_size=20))
def test_reading_never_raises(cut: int, rest: str) -> None:
    assert isinstance(read_hcp(TEXT[:cut] + rest), HCP)


def test_guids_are_compared_without_case_or_braces() -> None:
    assert plain_guid(" {ABC-1} ") == plain_guid("abc-1")
