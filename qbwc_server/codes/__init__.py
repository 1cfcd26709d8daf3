"""What every code means, who can cure it, and what becomes of the refresh.

Four families: hresults of the Web Connector and QuickBooks ("0x80040408"), qbXML statuses ("500"), messages of the
Web Connector itself ("QBWC1039"), and our own names for what can happen ("held"). `facts` holds what is known of each,
`explaining` puts it into words.
"""

from qbwc_server.codes.explaining import ErrorJSON, Explanation, error_json, explain, sentence
from qbwc_server.codes.facts import UNKNOWN, Blame, Code, Kind, Policy, find, find_all, is_known, known

__all__ = [
    "UNKNOWN",
    "Blame",
    "Code",
    "ErrorJSON",
    "Explanation",
    "Kind",
    "Policy",
    "error_json",
    "explain",
    "find",
    "find_all",
    "is_known",
    "known",
    "sentence",
]
