from __future__ import annotations

import pytest

from qbwc_server.rehearsal import connector_rules as rules
from qbwc_server.rehearsal.connector_faults import Fault, FaultKind, spoil, with_other_file_id, without_file_id
from qbwc_server.rehearsal.connector_soap import Answer
from qbwc_server.rehearsal.connector_wire import Reply
from qbwc_server.rehearsal.scenarios import SCENARIOS, UnknownScenarioError, scenario

GOOD_HEADERS = {"content-type": "text/xml; charset=utf-8", "content-length": "1"}
REQUEST = (
    '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
    '<CustomerQueryRq requestID="1"/></QBXMLMsgsRq></QBXML>'
)
ANSWER = '<QBXML><CustomerQueryRs requestID="7" statusCode="0"><Name>A</Name></CustomerQueryRs></QBXML>'


def reply(
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    seconds: float = 0.0,
    closing: bool = False,
    continued: bool = True,
    reconnected: bool = False,
) -> Reply:
    return Reply(status, GOOD_HEADERS if headers is None else headers, b"", seconds, closing, continued, reconnected)


def judged(value: Reply) -> list[str]:
    return list(rules.check_reply(value, slow_after=60.0))


@pytest.mark.parametrize(
    "kind", ["text/xml; charset=utf-8", 'text/xml;charset="UTF-8"', "TEXT/XML; action=x; charset=utf-8"]
)
def test_an_honest_reply_has_no_violation(kind: str) -> None:
    assert judged(reply(headers=GOOD_HEADERS | {"content-type": kind})) == []


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (reply(reconnected=True), "closed the connection between"),
        (reply(closing=True), "does not keep"),
        (reply(continued=False), "100-continue"),
        (reply(seconds=61), "took 61.0 s"),
        (reply(headers={"content-type": "text/xml; charset=utf-8"}), "Content-Length"),
        (reply(headers=GOOD_HEADERS | {"content-type": "text/xml"}), "charset"),
    ],
)
def test_what_a_web_connector_puts_up_with_is_said(value: Reply, why: str) -> None:
    (sentence,) = judged(value)
    assert why in sentence


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (reply(302, {"location": "/x"}), "302 and redirects are not followed"),
        (reply(404), "404"),
        (reply(headers={"content-type": "application/soap+xml; charset=utf-8"}), "application/soap"),
        (reply(500, {"content-type": "text/html"}), "text/html"),
        (reply(headers=GOOD_HEADERS | {"content-encoding": "gzip"}), "compressed"),
    ],
)
def test_what_ends_a_visit_is_raised(value: Reply, why: str) -> None:
    with pytest.raises(rules.HTTPAnswerError, match=why):
        judged(value)


def test_a_fault_travels_with_500_and_an_answer_with_200() -> None:
    assert list(rules.check_fault_status(reply(500), fault=True)) == []
    assert list(rules.check_fault_status(reply(200), fault=False)) == []
    assert "200 instead of 500" in next(rules.check_fault_status(reply(200), fault=True))
    assert "500 instead of 200" in next(rules.check_fault_status(reply(500), fault=False))


def test_null_is_a_violation_but_for_the_versions() -> None:
    assert list(rules.check_null("clientVersion", Answer(None))) == []
    assert list(rules.check_null("connectionError", Answer(""))) == []
    assert list(rules.check_null("connectionError", Answer(None))) == ["the result is null"]


@pytest.mark.parametrize(
    "members",
    [("t", ""), ("t", "none"), ("t", "nvu", "", ""), ("t", r"C:\a.qbw"), ("t", r"\\pc\a.qbw"), ("t", "", "60", "9")],
)
def test_good_arrays_of_authenticate(members: tuple[str, ...]) -> None:
    assert list(rules.check_authenticate(members)) == []


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ((), "0 of at least 2"),
        (("t",), "QBWC1012"),
        (("", "nvu"), "no ticket"),
        (("t", "NONE"), "lower case"),
        (("t", "ok"), "no known word"),
        (("t", "none", "soon"), "element 2"),
        (("t", "none", "", "-5"), "element 3"),
        (("t", "", "", "", ""), "5 strings"),
    ],
)
def test_bad_arrays_of_authenticate(members: tuple[str, ...], why: str) -> None:
    (sentence,) = rules.check_authenticate(members)
    assert why in sentence


@pytest.mark.parametrize("text", ["", "E:too old", "O:2.0"])
def test_good_answers_to_client_version(text: str) -> None:
    assert list(rules.check_client_version(text)) == []


@pytest.mark.parametrize(("text", "why"), [("ok", "QBWC1046"), ("W:old", "dialog")])
def test_bad_answers_to_client_version(text: str, why: str) -> None:
    (sentence,) = rules.check_client_version(text)
    assert why in sentence


def test_a_reading_request_has_no_violation() -> None:
    assert list(rules.check_request(REQUEST)) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\n" + REQUEST, "does not start with <?xml"),
        (REQUEST.replace('<?qbxml version="13.0"?>', ""), "<?qbxml"),
        (REQUEST.replace("</QBXML>", ""), "refused by a parser"),
        (REQUEST.replace("QBXMLMsgsRq", "Msgs"), "QBXMLMsgsRq"),
        (REQUEST.replace(' onError="continueOnError"', ""), "onError"),
        (REQUEST.replace('<CustomerQueryRq requestID="1"/>', ""), "empty"),
        (REQUEST.replace("CustomerQueryRq", "CustomerAddRq"), "CustomerAddRq asks QuickBooks for more than reading"),
    ],
)
def test_bad_requests_are_told_apart(text: str, why: str) -> None:
    assert any(why in sentence for sentence in rules.check_request(text))


@pytest.mark.parametrize(("number", "answer"), [(-1, ""), (0, ""), (99, ""), (100, 'iteratorRemainingCount="0"')])
def test_good_numbers(number: int, answer: str) -> None:
    assert list(rules.check_progress(number, answer)) == []


@pytest.mark.parametrize(
    ("number", "answer", "why"), [(101, "", "undefined"), (100, 'iteratorRemainingCount="40"', "records left")]
)
def test_bad_numbers(number: int, answer: str, why: str) -> None:
    (sentence,) = rules.check_progress(number, answer)
    assert why in sentence


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [
        (FaultKind.REPLAYED_ANSWER, "before"),
        (FaultKind.TRUNCATED_ANSWER, ANSWER[: len(ANSWER) * 2 // 3]),
        (FaultKind.FOREIGN_ANSWER, ANSWER.replace('"7"', '"somebody-elses-1"')),
        (FaultKind.WRONG_KIND, ANSWER.replace("Customer", "Vendor")),
        (FaultKind.EMPTY_ANSWER, ""),
        (FaultKind.HRESULT, ""),
        (FaultKind.CONTROL_CHARACTERS, ANSWER.replace("A<", "A\x1f\x02&#x1F;&#31;<")),
        (FaultKind.LATE_ANSWER, ANSWER),
    ],
)
def test_each_fault_spoils_an_answer_in_its_own_way(kind: FaultKind, spoilt: str) -> None:
    assert spoil(kind, ANSWER, "before") == spoilt


def test_without_an_earlier_answer_there_is_nothing_to_replay() -> None:
    assert spoil(FaultKind.REPLAYED_ANSWER, ANSWER, None) == ANSWER


def test_a_fault_is_due_at_its_number_or_always() -> None:
    assert Fault(FaultKind.CRASH, at=2).hits(2)
    assert not Fault(FaultKind.CRASH, at=2).hits(1)
    assert Fault(FaultKind.CRASH, at=0).hits(7)


def test_the_file_id_can_be_taken_from_an_hcp_answer_or_changed() -> None:
    hcp = (
        "<CompanyRet><CompanyName>A</CompanyName><DataExtRet><OwnerID>{1}</OwnerID><DataExtName>AppLock</DataExtName>"
        "<DataExtValue>LOCKED</DataExtValue></DataExtRet>\n<DataExtRet><OwnerID>{1}</OwnerID><DataExtName>FileID"
        "</DataExtName><DataExtType>STR255TYPE</DataExtType><DataExtValue>{2}</DataExtValue></DataExtRet></CompanyRet>"
    )
    assert without_file_id(hcp) == "<CompanyRet><CompanyName>A</CompanyName></CompanyRet>"
    other = with_other_file_id(hcp)
    assert "{2}" not in other
    assert "LOCKED" in other


def test_scenarios_have_names_of_their_own_and_are_found_by_them() -> None:
    names = [each.name for each in SCENARIOS]
    assert len(set(names)) == len(names)
    assert scenario("wrong-password").faults[0].kind is FaultKind.WRONG_PASSWORD


def test_an_unknown_scenario_is_answered_with_the_known_names() -> None:
    with pytest.raises(UnknownScenarioError, match="vanish-after-send"):
        scenario("nonsense")
