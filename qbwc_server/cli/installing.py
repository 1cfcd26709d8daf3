"""Setting an installation up: what `init` and `demo` do."""

from dataclasses import dataclass

from qbwc_server.publish import Website
from qbwc_server.settings import Settings, make_secret_key, prepare_data_dir
from qbwc_server.store.database import Database
from qbwc_server.store.migrate import stream_id, upgrade


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation has now.

    Attributes:
        revision: of our own database.
        made_key: whether the secret key was made just now.
    """

    revision: str
    made_key: bool


def install(settings: Settings) -> Installed:
    """Make or upgrade both databases and the secret key; safe to repeat.

    Raises:
        DatabaseUnreachable, SchemaAhead: our own database cannot be used.
        WebsiteError: the website's cannot, or a table there is not ours.
    """
    prepare_data_dir(settings)
    made_key = make_secret_key(settings)
    database = Database(settings.database_url.get_secret_value())
    try:
        database.check()
        revision = upgrade(database)
        with database.read() as connection:
            stream = stream_id(connection)
    finally:
        # The two may be the same file: no connection of one stays open while the other is written.
        database.close()
    website = Website(settings.website_database_url.get_secret_value(), stream, frozenset(settings.publish_private))
    try:
        website.install()
    finally:
        website.close()
    return Installed(revision, made_key)
