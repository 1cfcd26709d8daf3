"""The catalogue: every sentence people read, in English and French, and the way figures and times are written.

The texts stand in `en/` and `fr/` beside this module, in files by subject and tables by area. A key is the path to a
text with dots, `"refresh.waiting"`; values are filled in by `str.format`. A text with a number has the keys `….one`
and `….other`.
"""

from qbwc_server.words.catalogue import (
    DEFAULT_LANGUAGE,
    LANGUAGE_NAMES,
    LANGUAGES,
    MissingText,
    field_label,
    has,
    keys,
    plural,
    text,
    texts,
)
from qbwc_server.words.formats import (
    about,
    ago,
    clock,
    currency_amount,
    day,
    duration,
    moment,
    money,
    number,
)
from qbwc_server.words.outcomes import outcome

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "LANGUAGE_NAMES",
    "MissingText",
    "about",
    "ago",
    "clock",
    "currency_amount",
    "day",
    "duration",
    "field_label",
    "has",
    "keys",
    "moment",
    "money",
    "number",
    "outcome",
    "plural",
    "text",
    "texts",
]
