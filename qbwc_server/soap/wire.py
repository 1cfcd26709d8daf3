"""spyne's SOAP 1.1, hardened: a reader and a writer of our own, and spyne's dispatch between them.

spyne's general way through lxml raises on bad input, logs whole bodies, accepts entities, and takes most of a poll's
time. Here the bytes are read by `envelope` and written by `answers`; spyne describes the methods, chooses one, and
calls it.
"""

import logging
from collections.abc import Iterable
from typing import Any

import qbwc_server.soap.spyne_import  # noqa: F401  isort: skip
from spyne import Application, Fault, MethodContext
from spyne.model.primitive import Integer32
from spyne.protocol.soap.soap11 import Soap11
from spyne.server import ServerBase
from spyne.util.appreg import unregister_application

from qbwc_server.soap.answers import write_answer, write_fault
from qbwc_server.soap.envelope import INTUIT, Call, read_envelope
from qbwc_server.soap.errors import EnvelopeError, NotAnIntegerError, UnknownMethodError

_log = logging.getLogger(__name__)

_INT_LIMIT = 1 << 31
_INT_DIGITS = 11


class QBWCSoap(Soap11):  # type: ignore[misc]  # spyne publishes no types
    """Reads and writes document/literal wrapped messages in Intuit's namespace."""

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:  # noqa: ARG002 -- always UTF-8
        """Reads ctx.in_string, an iterable of bytes, into a `Call`."""
        ctx.in_document = read_envelope(ctx.in_string)
        ctx.files.append(ctx.in_document)

    def decompose_incoming_envelope(self, ctx: Any, message: object = Soap11.REQUEST) -> None:  # noqa: ARG002
        """Names the method that spyne shall call."""
        ctx.method_request_string = f"{{{INTUIT}}}{ctx.in_document.method}"

    def generate_method_contexts(self, ctx: Any) -> tuple[Any]:
        """Finds the method and puts its arguments in order.

        There are no auxiliary methods, so the context need not be copied.
        """
        found = self.get_call_handles(ctx)
        if not found:
            raise UnknownMethodError
        ctx.descriptor = found[0]
        call = ctx.in_document
        ctx.in_object = [_argument(call, *item) for item in ctx.descriptor.in_message._type_info.items()]  # noqa: SLF001
        return (ctx,)

    def serialize(self, ctx: Any, message: object) -> None:  # noqa: ARG002
        """Writes the answer, or the fault."""
        if ctx.out_error is not None:
            ctx.out_document = write_fault(ctx.out_error.faultcode, ctx.out_error.faultstring)
        else:
            ctx.out_document = write_answer(ctx.descriptor.name, ctx.out_object[0])

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:  # noqa: ARG002
        """Hands the bytes over."""
        ctx.out_string = (ctx.out_document,)


def _argument(call: Call, name: str, kind: type) -> object:
    """Returns one argument: text, or a 32-bit integer (0 when absent or empty), or the streamed answer."""
    text = call.values.get(name, "")
    if not issubclass(kind, Integer32):
        return text
    text = text.strip()
    if not text:
        return 0
    digits = text[1:] if text[0] in "+-" else text
    if not (digits.isascii() and digits.isdigit() and len(text) <= _INT_DIGITS and abs(int(text)) < _INT_LIMIT):
        raise NotAnIntegerError(name)
    return int(text)


class SoapServer(ServerBase):  # type: ignore[misc]
    """Takes the bytes of one request through spyne: read, find the method, call it, write the answer."""

    transport = "http://schemas.xmlsoap.org/soap/http"

    def answer(self, chunks: Iterable[bytes], caller: object) -> tuple[bool, bytes]:
        """Returns whether the call was answered (else it is a fault), and the envelope.

        `chunks` is the body in pieces of at most 64 KiB; the service finds `caller` in its context.
        """
        ctx = _Context(self, MethodContext.SERVER)
        ctx.in_string = chunks
        ctx.udc = caller
        try:
            try:
                self.generate_contexts(ctx)
                self.get_out_object(ctx)
            except EnvelopeError as error:
                # These messages repeat nothing of the request.
                _log.info("refused a SOAP request: %s", error)
                ctx.out_error = Fault(error.code, str(error))
            self.get_out_string(ctx)
            return ctx.out_error is None, ctx.out_string[0]
        finally:
            ctx.close()


class _Context(MethodContext):  # type: ignore[misc]
    """spyne's record of one call, without its check that no attribute is new: it guards sixty assignments a call."""

    __setattr__ = object.__setattr__

    def fire_event(self, event: str, *args: object, **kwargs: object) -> None:
        """Does nothing: nobody listens."""


def make_server(service: type, config: object) -> SoapServer:
    """Returns a server of one service, whose methods find `config` at their context's application."""
    application = Application(
        [service], INTUIT, name="QBWebConnectorSvc", in_protocol=QBWCSoap(), out_protocol=QBWCSoap(), config=config
    )
    # spyne's registry would keep every application for ever.
    unregister_application(application)
    return SoapServer(application)
