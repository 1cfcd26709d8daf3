"""The read-only gate: the last thing an outgoing document passes.

We never write to QuickBooks. The gate reads the document that is about to leave, not what it was made from, so
that no template, however edited, gets a writing request past it.
"""

from typing import Final

from qbwc_server.qbxml.characters import Element, parse_small
from qbwc_server.qbxml.errors import NotReadOnly, NotXML

READ_REQUESTS: Final = (
    "CustomerQueryRq",
    "ItemQueryRq",
    "HostQueryRq",
    "CompanyQueryRq",
    "PreferencesQueryRq",
    "ListDeletedQueryRq",
)
_CURE: Final = "this program only reads from QuickBooks; put the templates back as they were installed"


def check_read_only(text: str) -> None:
    """Refuse a document that holds anything but requests on the closed list.

    Raises:
        NotReadOnly: it does, or it cannot be read and so cannot be judged.
    """
    try:
        root = parse_small(text.encode("ascii", "xmlcharrefreplace"))
    except NotXML as error:
        raise NotReadOnly(f"the outgoing document was refused: {error}") from None
    check_element(root)


def check_element(root: Element) -> None:
    """Refuse a parsed document by the same rule.

    Raises:
        NotReadOnly: it holds anything but requests on the closed list.
    """
    if root.tag != "QBXML":
        raise NotReadOnly(f"the outgoing document is a {_name(root)}, not QBXML; {_CURE}")
    for messages in root:
        if messages.tag != "QBXMLMsgsRq":
            raise NotReadOnly(f"{_name(messages)} was refused; {_CURE}")
        for request in messages:
            if request.tag not in READ_REQUESTS:
                raise NotReadOnly(f"{_name(request)} was refused; {_CURE}")
            for inner in request.iterdescendants():
                if not isinstance(inner.tag, str) or inner.tag.endswith("Rq"):
                    raise NotReadOnly(f"{_name(inner)} inside {request.tag} was refused; {_CURE}")


def _name(element: Element) -> str:
    return str(element.tag)[:60]
