"""`qbwc init`: makes or upgrades the databases and the secret key."""

import contextlib

import click

from qbwc_server import words
from qbwc_server.cli.alone import AnotherServer, alone
from qbwc_server.cli.configured import configured
from qbwc_server.cli.console import Console, json_option
from qbwc_server.cli.installing import install
from qbwc_server.settings import SECRET_KEY_FILE, shown_url
from qbwc_server.store.migrate import SchemaBehind, open_database


@click.command("init")
@json_option
def command(*, as_json: bool) -> None:
    """Make or upgrade the databases and the secret key; safe to repeat."""
    settings = configured(opens_website=True)
    console = Console(as_json=as_json)
    url = settings.database_url.get_secret_value()
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(alone(url))
        except AnotherServer:
            # A server of an older program must not go on with a newer schema; where no step is missing, nothing moves.
            if _is_behind(url):
                raise
        installed = install(settings)
    console.answer(
        {
            "database": shown_url(url),
            "website_database": shown_url(settings.website_database_url.get_secret_value()),
            "revision": installed.revision,
            "data_dir": str(settings.data_dir),
        }
    )
    console.say(words.text(settings.language, "cli.data_dir", path=settings.data_dir))
    if installed.made_key:
        console.say(words.text(settings.language, "cli.init_secret", path=settings.data_dir / SECRET_KEY_FILE))
    console.say(words.text(settings.language, "cli.init_done", revision=installed.revision))


def _is_behind(url: str) -> bool:
    """Tell whether there are steps to take.

    Raises:
        DatabaseUnreachable, SchemaAhead: our own database cannot be used.
    """
    try:
        open_database(url).close()
    except SchemaBehind:
        return True
    return False
