"""The check of a name in publish_private: what is misspelt must not be taken in silence."""

import difflib
import re
from collections.abc import Mapping
from typing import Final

from pydantic_core import PydanticCustomError

_FORM: Final = re.compile(r"(customer|item)(\.[^.\s][^.]*)+")
# Below it stands a custom field by its own name, which only the company file knows.
_CUSTOM: Final = "Custom"
# Looser, and a public field would be taken for a private one: the owner would publish what nobody meant.
_ALIKE: Final = 0.75


def check_private(name: str, fields: Mapping[str, bool] | None) -> None:
    """Checks one name.

    Args:
        name: As the owner wrote it, "customer.Balance".
        fields: The fields there are, by such names, and whether each is private; None if they are not known here.

    Raises:
        PydanticCustomError: private_name, it is no name at all; private_public, the field is not private;
            private_unknown and private_unknown_near, there is no such field.
    """
    if not _FORM.fullmatch(name):
        raise PydanticCustomError("private_name", "form", {"value": name})
    if fields is None or fields.get(name):
        return
    if name in fields:
        raise PydanticCustomError("private_public", "public", {"value": name})
    list_name, _, field = name.partition(".")
    head, dot, rest = field.partition(".")
    custom = f"{list_name}.{_CUSTOM}"
    if dot and head == _CUSTOM and fields.get(custom):
        return
    near = _nearest(list_name, head if dot else field, fields)
    if dot and near == custom:
        near = f"{custom}.{rest}"
    if near is not None:
        raise PydanticCustomError("private_unknown_near", "unknown", {"value": name, "near": near})
    known = ", ".join(each for each, private in fields.items() if private and each.startswith(f"{list_name}."))
    raise PydanticCustomError("private_unknown", "unknown", {"value": name, "known": known})


def _nearest(list_name: str, field: str, fields: Mapping[str, bool]) -> str | None:
    """Returns the private field that was probably meant; None also where a public one is nearer."""
    prefix = f"{list_name}."
    by_field = {each.removeprefix(prefix).casefold(): each for each in fields if each.startswith(prefix)}
    alike = difflib.get_close_matches(field.casefold(), by_field, n=1, cutoff=_ALIKE)
    return by_field[alike[0]] if alike and fields[by_field[alike[0]]] else None
