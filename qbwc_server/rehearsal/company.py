"""The simulated QuickBooks, as tests, scenarios and the Web Connector simulator import it."""

from qbwc_server.rehearsal.company_errors import RequestProcessorError, SimulatedCrash, WrongSampleDataError
from qbwc_server.rehearsal.company_faults import Faults
from qbwc_server.rehearsal.company_file import SimulatedCompany
from qbwc_server.rehearsal.company_random import Edit, EditKind
from qbwc_server.rehearsal.data import sample_company

__all__ = [
    "Edit",
    "EditKind",
    "Faults",
    "RequestProcessorError",
    "SimulatedCompany",
    "SimulatedCrash",
    "WrongSampleDataError",
    "sample_company",
]
