"""Why a request was not an honest SOAP 1.1 call: one class per cause. No message repeats anything of the request."""


class EnvelopeError(ValueError):
    """The body of the request is not a SOAP 1.1 request this service can read.

    `code` is the SOAP fault code it is answered with (SOAP 1.1 section 4.4.1).
    """

    code = "Client"


class EmptyBodyError(EnvelopeError):
    """Nothing was posted."""

    def __init__(self) -> None:
        super().__init__("The request has no body. Post a SOAP 1.1 envelope.")


class NotXMLError(EnvelopeError):
    """The body is not well-formed XML in UTF-8, or ends before its last tag."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__(
            f"The request is not well-formed XML in UTF-8 (line {line}, column {column}). Send the whole envelope,"
            " encoded in UTF-8."
        )


class EncodingError(EnvelopeError):
    """The body says, or shows, that it is in another encoding than UTF-8, or that it is compressed."""

    def __init__(self) -> None:
        super().__init__("The request is not plain UTF-8. Send it in UTF-8, uncompressed.")


class DoctypeError(EnvelopeError):
    """The body has a document type declaration, which SOAP forbids and which could define entities."""

    def __init__(self) -> None:
        super().__init__("The request has a DOCTYPE. SOAP 1.1 does not allow one: leave it out.")


class InstructionError(EnvelopeError):
    """The body has a processing instruction, which SOAP forbids."""

    def __init__(self) -> None:
        super().__init__("The request has a processing instruction. SOAP 1.1 does not allow one: leave it out.")


class VersionError(EnvelopeError):
    """The outermost element is not SOAP 1.1's Envelope (SOAP 1.2's has another namespace)."""

    code = "VersionMismatch"

    def __init__(self) -> None:
        super().__init__("The request is not a SOAP 1.1 envelope. Use http://schemas.xmlsoap.org/soap/envelope/.")


class StructureError(EnvelopeError):
    """The envelope is not built as document/literal wrapped wants it."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The envelope has {found}. Send one Body with one method element, whose children are the parameters."
        )


class TooMuchMarkupError(EnvelopeError):
    """More elements, attributes, depth or bytes in one tag than any Web Connector sends."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The request has {what} than this service reads. Send only the method and its parameters.")


class ParameterTooLongError(EnvelopeError):
    """A parameter other than the answer of QuickBooks is longer than any Web Connector sends."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"A parameter is longer than {limit} characters. Only QuickBooks' answer may be longer.")


class NotAnIntegerError(EnvelopeError):
    """A parameter of type xs:int is not a 32-bit integer."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not a 32-bit integer. Send digits.")


class UnknownMethodError(EnvelopeError):
    """The Body asks for a method that is not the Web Connector's."""

    def __init__(self) -> None:
        super().__init__("This service has no such method. Its methods are in the WSDL: GET this address with ?wsdl.")
