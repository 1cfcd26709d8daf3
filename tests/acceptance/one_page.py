"""A simulated QuickBooks that gives a whole list in one answer, for answers of any size."""

import re

from qbwc_server.rehearsal.company import SimulatedCompany


class OnePage:
    """A company that answers a list with all of it at once, whatever page was asked for."""

    def __init__(self, company: SimulatedCompany) -> None:
        self.company = company
        self.longest = 0

    @property
    def path(self) -> str:
        return self.company.path

    @property
    def country(self) -> str:
        return self.company.country

    def begin_session(self) -> None:
        self.company.begin_session()

    def end_session(self) -> None:
        self.company.end_session()

    def hcp_response(self) -> str:
        return self.company.hcp_response()

    def process(self, qbxml: str, /) -> str:
        whole = re.sub(r"<MaxReturned>\d+</MaxReturned>", "<MaxReturned>100000</MaxReturned>", qbxml)
        answer = self.company.process(whole)
        self.longest = max(self.longest, len(answer))
        return answer
