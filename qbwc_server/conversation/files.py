"""Whether the company file that QuickBooks has open is this company's own.

Theory of operation
-------------------
QBWC writes our FileID into the company file when the application is added, and
shows it in the HCP answer. Equal: it is the file, wherever it lies. Different:
it is another file, and nothing is sent. Absent or unreadable: the path decides,
and where no path was ever accepted or given, the first one is taken and kept.

Source: QBWC guide ch. 8; design: company file.
"""

from dataclasses import dataclass

from qbwc_server.protocol import Reason
from qbwc_server.qbxml.hcp import HCP, plain_guid
from qbwc_server.store.companies import Company


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None when the file is accepted; `file` and `name` are what to remember then."""

    reason: Reason | None
    file: str
    name: str


def judge(company: Company, hcp: HCP, path: str) -> Verdict:
    """Compare the open company file with what is known of the company."""
    name = hcp.company_name or (company.accepted_name or "")
    seen = hcp.file_ids.get(plain_guid(company.owner_id))
    if seen is not None:
        if seen == plain_guid(company.file_id):
            return Verdict(None, path, name)
        return Verdict(Reason("wrong_file", (("file", path), ("company", company.title))), path, name)
    known = [one for one in (company.company_file, company.accepted_file) if one]
    if not known or any(one.casefold() == path.casefold() for one in known):
        return Verdict(None, path, name)
    return Verdict(Reason("file_unconfirmed", (("file", path), ("company", company.title))), path, name)
