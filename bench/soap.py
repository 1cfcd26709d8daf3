"""The Web Connector's calls as bytes, and QuickBooks's answer to a request for one customer.

Source: QBWC guide ch. 10.
"""

import html
import re

from bench.wire import request

VERSION = "2.3.0.215"
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
)
_TAIL = "</soap:Body></soap:Envelope>"
_FILE = r"C:\Books\Bench.qbw"


def hcp(*versions: str) -> str:
    """Return what QuickBooks says of itself, speaking these qbXML versions."""
    spoken = "".join(f"<SupportedQBXMLVersion>{version}</SupportedQBXMLVersion>" for version in versions)
    return (
        '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><HostQueryRs requestID="0" statusCode="0" statusSeverity="Info" '
        'statusMessage="Status OK"><HostRet><ProductName>QuickBooks Enterprise Solutions 24.0</ProductName>'
        "<MajorVersion>34</MajorVersion><MinorVersion>0</MinorVersion><Country>US</Country>"
        f"{spoken}<IsAutomaticLogin>false</IsAutomaticLogin><QBFileMode>MultiUser</QBFileMode></HostRet></HostQueryRs>"
        "</QBXMLMsgsRs></QBXML>"
    )


HCP = hcp("12.0", "13.0")


def call(method: str, **parameters: str) -> bytes:
    """Return the HTTP request of one SOAP call."""
    inner = "".join(f"<{name}>{html.escape(text, quote=False)}</{name}>" for name, text in parameters.items())
    body = f'{_HEAD}<{method} xmlns="http://developer.intuit.com/">{inner}</{method}>{_TAIL}'.encode()
    return request(
        "POST",
        "/qbwc",
        body,
        User_Agent="Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)",
        Content_Type="text/xml; charset=utf-8",
        SOAPAction=f'"http://developer.intuit.com/{method}"',
    )


def result(answer: bytes) -> str:
    """Return the text of a SOAP answer with a single result."""
    return html.unescape(re.sub("<[^>]*>", "", answer.decode().partition("?>")[2]))


def ticket(answer: bytes) -> tuple[str, str]:
    """Return authenticate's two texts: the ticket, and none, nvu, busy or the company file."""
    first, second = re.findall(r"<string>([^<]*)</string>|<string */>", answer.decode())[:2]
    return first, second


def greeting(user: str, password: str) -> tuple[bytes, bytes, bytes]:
    """Return the three calls that open every visit."""
    return (
        call("serverVersion"),
        call("clientVersion", strVersion=VERSION),
        call("authenticate", strUserName=user, strPassword=password),
    )


def send_request(ticket: str, hcp: str = HCP) -> bytes:
    """Return sendRequestXML: the first of a visit, or with an empty HCP answer any other."""
    return call(
        "sendRequestXML",
        ticket=ticket,
        strHCPResponse=hcp,
        strCompanyFileName=_FILE,
        qbXMLCountry="US",
        qbXMLMajorVers="13",
        qbXMLMinorVers="0",
    )


def receive_response(ticket: str, qbxml: str) -> bytes:
    """Return receiveResponseXML with QuickBooks's answer."""
    return call("receiveResponseXML", ticket=ticket, response=qbxml, hresult="", message="")


def close(ticket: str) -> bytes:
    """Return closeConnection."""
    return call("closeConnection", ticket=ticket)


def customer(qbxml: str, number: int) -> str:
    """Return QuickBooks's answer to a query for one customer by ListID; its values depend on `number`."""
    request_id = re.findall(r'requestID="([^"]*)"', qbxml)[0]
    list_id = re.findall(r"<ListID>([^<]*)</ListID>", qbxml)[0]
    return (
        f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><CustomerQueryRs requestID="{request_id}" statusCode="0" '
        f'statusSeverity="Info" statusMessage="Status OK"><CustomerRet><ListID>{list_id}</ListID>'
        "<TimeCreated>2024-01-15T09:30:00-05:00</TimeCreated><TimeModified>2024-05-02T14:12:09-05:00</TimeModified>"
        f"<EditSequence>{1700000000 + number}</EditSequence><Name>Quincaillerie Bench {list_id}</Name>"
        f"<FullName>Quincaillerie Bench {list_id}</FullName><IsActive>true</IsActive><Sublevel>0</Sublevel>"
        f"<CompanyName>Quincaillerie Bench</CompanyName><Phone>514-555-{number % 10000:04}</Phone>"
        "</CustomerRet></CustomerQueryRs></QBXMLMsgsRs></QBXML>"
    )
