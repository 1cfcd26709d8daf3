"""The command line, `qbwc`: one module a group of commands.

Exit status: 0 done; 1 it ran and the answer is no; 2 wrong use or configuration, with one sentence on standard error.
"""

import importlib
import sys
from typing import Any, Final

import click
from sqlalchemy.exc import SQLAlchemyError

from qbwc_server.cli.console import let_streams_take_everything
from qbwc_server.settings import unknown_variables

# Each command's module, which holds it as `command`, and its line in the list of commands. A module is imported when
# its command is used: to import all of them for the list takes two seconds.
_COMMANDS: Final = {
    "demo": (
        "qbwc_server.cli.demo",
        "Show a refresh from end to end: a server, a simulated QuickBooks and a simulated Web Connector, on SQLite.",
    ),
    "init": ("qbwc_server.cli.init", "Make or upgrade the databases and the secret key; safe to repeat."),
    "serve": ("qbwc_server.cli.serve", "Serve the Web Connector, the pages and the API until SIGTERM or Ctrl+C."),
    "company": ("qbwc_server.cli.company", "QuickBooks companies and their Web Connector accounts."),
    "user": ("qbwc_server.cli.user", "Accounts for the pages."),
    "token": ("qbwc_server.cli.token", "Tokens for programs that use the API."),
    "refresh": ("qbwc_server.cli.refresh", "Ask for refreshes."),
    "queue": ("qbwc_server.cli.queue", "What was asked for, and what became of it."),
    "mapping": (
        "qbwc_server.cli.mapping",
        "A mapping for a website that has its own tables: suggest one, and check it.",
    ),
    "forget": (
        "qbwc_server.cli.forget",
        "Take away what is held of a record, and say what the website still shows.",
    ),
    "status": (
        "qbwc_server.cli.status",
        "Show the databases, the companies and their connection, the queue, and the publishing.",
    ),
    "doctor": ("qbwc_server.cli.doctor", "Check the whole installation; each line that fails ends with its cure."),
    "rehearse": (
        "qbwc_server.cli.rehearse",
        "Call a server as a Web Connector does, and tell where it departs from the protocol (exit status 1).",
    ),
    "explain": ("qbwc_server.cli.explain", "Say what a code means, who can cure it and how."),
}
_WRONG_USE: Final = 2


class _Commands(click.Group):
    """The commands of `_COMMANDS`; turns every error of this package into its sentence."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        let_streams_take_everything()
        return super().main(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException:
            raise
        except Exception as problem:
            sentence = _sentence(problem)
            if sentence is None:
                raise
            click.echo(f"Error: {sentence}", err=True)
            sys.exit(_WRONG_USE)


def _sentence(problem: Exception) -> str | None:
    """Return what an expected problem says; None for a mistake in the program, which deserves its traceback."""
    if isinstance(problem, SQLAlchemyError):
        first = str(getattr(problem, "orig", None) or problem).strip().partition("\n")[0]
        return (
            f"The database did not do what was asked ({first}). Check QBWC_DATABASE_URL and QBWC_WEBSITE_DATABASE_URL, "
            "that the database servers are running, or for SQLite that this user may write the files and their folder."
        )
    if isinstance(problem, OSError) and problem.filename is not None:
        return f"{problem.filename}: {problem.strerror}. Check the path and who may read and write there."
    # Errors of this package say what happened and what to do.
    return str(problem) if type(problem).__module__.startswith("qbwc_server.") else None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="The settings come from the command line, then QBWC_… in the environment, then qbwc.toml in the data "
    "directory.",
)
@click.version_option(package_name="qbwc-server", prog_name="qbwc")
def main() -> None:
    """Bring QuickBooks Desktop's customers and items to a website through the QuickBooks Web Connector."""
    for name in unknown_variables():
        click.echo(f"Warning: {name} is no setting of this program and is ignored. Is its name right?", err=True)
