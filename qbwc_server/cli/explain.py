"""`qbwc explain`: a code in plain words. It needs no database and no data directory."""

import re
import sys
from typing import Any, Final

import click

from qbwc_server import codes, words
from qbwc_server.cli.configured import configured
from qbwc_server.cli.console import Console, WrongUse, json_option

# The longest code is shorter; what is longer is a message or a mistake.
_LONGEST: Final = 40


# A negative number would be taken for an option.
@click.command("explain", context_settings={"ignore_unknown_options": True})
@click.argument("code")
@json_option
def command(code: str, *, as_json: bool) -> None:
    """Say what a code means, who can cure it and how.

    CODE is a message of the Web Connector (QBWC1039), an hresult (0x80040414), a status of QuickBooks (3260) or a name
    of this server (held). Exit status 1 when the code is not in the list.
    """
    language = configured().language
    asked = re.sub(r"\s+", "", code)
    if not asked or len(asked) > _LONGEST or not asked.isprintable():
        raise WrongUse(words.text(language, "explain.not_a_code"))
    meanings = codes.find_all(asked)
    console = Console(as_json=as_json)
    first, *others = (_as_json(language, meaning) for meaning in meanings)
    console.answer({**first, "others": others})
    if not as_json:
        for at, meaning in enumerate(meanings):
            if at:
                console.say("")
                console.say(words.text(language, "explain.also"))
            _tell(console, language, meaning)
    if not codes.is_known(meanings[0].code):
        sys.exit(1)


def _as_json(language: str, meaning: codes.Code) -> dict[str, Any]:
    said = codes.explain(language, meaning)
    return {
        "code": said.code,
        "kind": meaning.kind,
        "meaning": said.message,
        "who": said.who,
        "who_text": said.who_text,
        "steps": list(said.steps),
    }


def _tell(console: Console, language: str, meaning: codes.Code) -> None:
    said = codes.explain(language, meaning)
    console.say(said.message)
    console.say(words.text(language, "refresh.who", who=said.who_text))
    for number, step in enumerate(said.steps, 1):
        console.say(f"  {number}. {step}")
    if meaning.wording != codes.UNKNOWN:
        console.say(words.text(language, f"explain.from_{meaning.kind}", code=said.code))
