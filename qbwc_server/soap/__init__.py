"""The door for the QuickBooks Web Connector: SOAP 1.1 in, answers of the conversation out."""

from qbwc_server.soap.conversing import Caller, Conversation
from qbwc_server.soap.door import MAX_BODY, PATH, make_soap_app

__all__ = ["MAX_BODY", "PATH", "Caller", "Conversation", "make_soap_app"]
