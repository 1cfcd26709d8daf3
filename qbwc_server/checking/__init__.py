"""Whether a whole installation is in order, and what to do where it is not.

`check_all` makes every check; each group can be made by itself. A check finds out and never raises: it returns a
`Finding`, which `worded` puts into a reader's language at the door. Nothing is changed, and nothing secret is shown.

The modules: finding (values), wording, program, options, folder, files and mounts (SQLite), databases, listening (the
port), address with certificate, line and soap (the public address), proof (that it is this installation), visits.
"""

from collections.abc import Callable, Mapping

from qbwc_server.checking.address import public_address
from qbwc_server.checking.databases import own_database, website_database
from qbwc_server.checking.finding import Finding, State
from qbwc_server.checking.folder import data_directory
from qbwc_server.checking.listening import local_port
from qbwc_server.checking.options import forgotten_settings
from qbwc_server.checking.program import versions
from qbwc_server.checking.visits import Companies, last_visits
from qbwc_server.checking.wording import Worded, worded
from qbwc_server.settings import Settings

__all__ = [
    "Companies",
    "Finding",
    "State",
    "Worded",
    "check_all",
    "data_directory",
    "forgotten_settings",
    "last_visits",
    "local_port",
    "own_database",
    "public_address",
    "versions",
    "website_database",
    "worded",
]


def check_all(
    settings: Settings,
    companies: Companies,
    *,
    load_spyne: Callable[[], object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Make every check; takes seconds, a minute or two where somebody does not answer.

    Args:
        settings: The settings of this installation.
        companies: Reads the companies from our database.
        load_spyne: Imports spyne as the SOAP door does; None where that door runs in this process already.
        environ: The environment; the process's own when left out.

    Returns:
        Findings in the order in which faults are best cured.
    """
    return (
        *versions(load_spyne),
        *forgotten_settings(settings, environ),
        *data_directory(settings),
        *own_database(settings),
        *website_database(settings),
        *local_port(settings),
        *public_address(settings),
        *last_visits(settings, companies),
    )
