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

# Command and the module that holds it as `command`; a module is imported when its command is used.
_COMMANDS: Final = (
    ("demo", "qbwc_server.cli.demo"),
    ("init", "qbwc_server.cli.init"),
    ("serve", "qbwc_server.cli.serve"),
    ("company", "qbwc_server.cli.company"),
    ("user", "qbwc_server.cli.user"),
    ("token", "qbwc_server.cli.token"),
    ("refresh", "qbwc_server.cli.refresh"),
    ("queue", "qbwc_server.cli.queue"),
    ("forget", "qbwc_server.cli.forget"),
    ("status", "qbwc_server.cli.status"),
    ("doctor", "qbwc_server.cli.doctor"),
    ("rehearse", "qbwc_server.cli.rehearse"),
    ("explain", "qbwc_server.cli.explain"),
)
_WRONG_USE: Final = 2


class _Commands(click.Group):
    """The commands of `_COMMANDS`; turns every error of this package into its sentence."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        let_streams_take_everything()
        return super().main(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, _ in _COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        module = dict(_COMMANDS).get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

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
