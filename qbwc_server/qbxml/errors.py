"""Why something is no answer, no value, or may not be sent; one class per cause, named for what happened."""


class QBXMLError(Exception):
    """The common parent of every error of this package."""


class BadValue(QBXMLError):
    """A field's text is not of the field's type; the message names the type and never repeats the text."""


class NotReadOnly(QBXMLError):
    """A document holds a request that could write to QuickBooks, or one that is not on the closed list."""


class TemplateError(QBXMLError):
    """A file of qbxml_templates is missing a part or is no qbXML document."""


class NotAnAnswer(QBXMLError):
    """What came back is no answer to what was asked: nothing of it may be applied."""


class EmptyAnswer(NotAnAnswer):
    """Nothing came back, or a document without a single answer in it."""


class NotXML(NotAnAnswer):
    """What came back cannot be read as XML, or holds what an answer never holds (a DOCTYPE)."""


class Truncated(NotAnAnswer):
    """The answer stops before its closing tags."""


class ForeignAnswer(NotAnAnswer):
    """The document answers something else than what was asked."""


class WrongKind(NotAnAnswer):
    """Our request is answered by an element of another kind."""


class UnreadableRecord(QBXMLError):
    """A record has no usable ListID: it cannot be told which record it is, and it is skipped."""
