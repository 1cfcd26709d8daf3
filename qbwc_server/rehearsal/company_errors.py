"""What a company file's request processor can throw at its caller."""


class RequestProcessorError(Exception):
    """The whole message set was refused; QuickBooks gives no answer, only an hresult and a sentence.

    Attributes:
        hresult: `0x` and eight hexadecimal digits, such as `0x80040400`.
        message: what the request processor says to people; it never names the offending element.
    """

    def __init__(self, hresult: str, message: str) -> None:
        super().__init__(f"{hresult}: {message}")
        self.hresult = hresult
        self.message = message


class SimulatedCrash(Exception):
    """QuickBooks died over this message set; the Web Connector that called vanishes without another word."""


class NotParsableError(Exception):
    """Why a message set was refused, for the one who wrote it; `process` turns it into 0x80040400.

    The real request processor keeps the reason to itself, therefore it is only in `SimulatedCompany.refusals`.
    """


class WrongSampleDataError(ValueError):
    """A test or scenario asked the simulated company for something that it cannot hold."""
