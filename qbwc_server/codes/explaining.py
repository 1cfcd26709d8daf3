"""A code in plain words. The sentences stand in the catalogue, under `code`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypedDict

from qbwc_server import words
from qbwc_server.codes.facts import Blame, Code, find, is_known

_GIVEN_UP: Final = "given_up"
# The second step of a code that is tried again says how that comes about; it is not so for what was given up.
_HOW_AGAIN: Final = 1
# What the Web Connector's window shows well of one sentence, in characters.
_SHOWN: Final = 250


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code in plain words.

    Attributes:
        code: As it is shown.
        message: What happened and what becomes of the request, in a sentence or two.
        who: The blame of the code, the same word in every language.
        who_text: The same for people: "Somebody at the QuickBooks PC".
        steps: What to do, three sentences.
    """

    code: str
    message: str
    who: Blame
    who_text: str
    steps: tuple[str, ...]


class ErrorJSON(TypedDict):
    """The `error` of a Refresh, as the API gives it."""

    code: str
    message: str
    who: str
    steps: list[str]


def explain(language: str, code: str | int | Code, /, **values: object) -> Explanation:
    """Returns a code in plain words.

    Args:
        language: "en" or "fr".
        code: As for find(), or a Code.
        **values: Particulars, such as file="acme.qbw" or time="10:31". If they are all that a fuller sentence needs,
            it is used; else the one that needs none. An empty one counts as not given. "reason" chooses between
            sentences where a code has several. "last" of "given_up" is the code of what went wrong the last time.
    """
    found = code if isinstance(code, Code) else find(code)
    if found.code == _GIVEN_UP and values.get("last"):
        return _given_up(language, found, find(str(values["last"])))
    base = f"code.{found.wording}"
    given = {**values, "code": found.code}
    steps = words.texts(language, f"{base}.steps", **given)
    after = words.text(language, f"{base}.after") if words.has(words.DEFAULT_LANGUAGE, f"{base}.after") else ""
    message = f"{_message(language, base, given)} {after}".rstrip()
    return _explanation(language, found.code, found.blame, message, steps)


def _explanation(language: str, code: str, who: Blame, message: str, steps: tuple[str, ...]) -> Explanation:
    return Explanation(code, message, who, words.text(language, f"who.{who}"), steps)


def _given_up(language: str, code: Code, last: Code) -> Explanation:
    """Say what went wrong the last time, without what usually becomes of such a request, and who can cure it."""
    base = f"code.{last.wording}"
    key = "last_code" if is_known(last.code) and last.kind != "ours" else "last"
    cause = _message(language, base, {"code": last.code})
    message = words.text(language, f"code.{code.wording}.{key}", code=last.code, cause=cause)
    # What cures itself did not: somebody has to look.
    who = code.blame if last.blame == "nobody" else last.blame
    cure = words.texts(language, f"code.{code.wording}.steps")
    if who == last.blame:
        again = words.text(language, f"code.{code.wording}.again")
        own = words.texts(language, f"{base}.steps", code=last.code)
        cure = (*own[:_HOW_AGAIN], again, *own[_HOW_AGAIN + 1 :])
    return _explanation(language, code.code, who, message, cure)


def sentence(language: str, code: str | int | Code, /, **values: object) -> str:
    """Returns what happened and the first thing to do, at a length that the Web Connector's window shows well.

    Particulars that would make it longer than 250 characters, such as a very long path, are left out. Where there is
    nothing to do, what happened is all that is said. The arguments are those of explain().
    """
    for particulars in (values, {}):
        said = explain(language, code, **particulars)
        whole = said.message if said.who == "nobody" else f"{said.message} {said.steps[0]}"
        if len(whole) <= _SHOWN:
            break
    return whole


def error_json(language: str, code: str | int | Code, /, **values: object) -> ErrorJSON:
    """Returns the `error` of a Refresh, ready for JSON; the arguments are those of explain()."""
    said = explain(language, code, **values)
    return {"code": said.code, "message": said.message, "who": said.who, "steps": list(said.steps)}


def _message(language: str, base: str, given: Mapping[str, object]) -> str:
    known = {name: value for name, value in given.items() if str(value if value is not None else "")}
    for fuller in (f"{base}.detail_{given.get('reason', '')}", f"{base}.detail"):
        if words.has(language, fuller):
            try:
                return words.text(language, fuller, **known)
            except words.MissingText:
                continue  # the particulars are not all there; the last sentence needs none
    return words.text(language, f"{base}.message", **given)
