"""What a command works with: the settings, our database with the right schema, and the queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from qbwc_server import words
from qbwc_server.cli.configured import configured
from qbwc_server.cli.console import Console
from qbwc_server.refreshing import Office, Refreshing
from qbwc_server.settings import Settings
from qbwc_server.store.database import Database
from qbwc_server.store.migrate import open_database


@dataclass(frozen=True, slots=True)
class Workplace:
    """An installation, open for one command.

    Attributes:
        settings: the settings of contract §2.
        database: our own database; its schema is that of this program.
        refreshing: asking, looking, cancelling.
        console: where the command's answer goes.
    """

    settings: Settings
    database: Database
    refreshing: Refreshing
    console: Console

    def text(self, key: str, **values: object) -> str:
        """Return a sentence of the catalogue in the language of the settings."""
        return words.text(self.settings.language, key, **values)

    def say(self, key: str, **values: object) -> None:
        """Print a sentence of the catalogue for people."""
        self.console.say(self.text(key, **values))


@contextmanager
def workplace(*, as_json: bool, opens_website: bool = False) -> Iterator[Workplace]:
    """Open the installation that the settings name.

    Args:
        as_json: whether the command answers in JSON.
        opens_website: whether the command looks at the website's database too.

    Raises:
        SettingsError: a key is unknown or a value is bad.
        DatabaseUnreachable, SchemaBehind, SchemaAhead: our database cannot be used as it is.
    """
    settings = configured(opens_website=opens_website)
    database = open_database(settings.database_url.get_secret_value())
    try:
        refreshing = Refreshing(database, private=frozenset(settings.publish_private), office=Office.of(settings))
        yield Workplace(settings, database, refreshing, Console(as_json=as_json))
    finally:
        database.close()
