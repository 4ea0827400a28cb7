"""Records spelt like one that was recognised before, but for their values.

`layout.recognise` reads the user's keys and the layer as JSON.  In the files of an archive they
differ in numbers and texts only, so one pattern, made from a record that was recognised, takes the
next one at once.  Keys, nesting and all that is spelt unusually stand in it as they are: what it
matches is as valid as the record that it was made from.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from napari_seal._format import layout
from napari_seal._format.layout import NUMBER, TEXT, Layout

#: Forms that are tried, and bytes of the user's keys and the layer in one.
_MOST, _BYTES = 4, 4096
#: To make a form takes as long as to do without it some hundred times.  The next one has to wait
#: longer, so that an archive in which every record has another form is not the slower for it.
_WORTH: Final = 100

# JSON's tokens: a key; a text without escapes; another text; numbers and names of constants.
_TOKEN: Final = (
    rb'(?P<key>"(?:[^"\\]|\\.)*"\s*:)|(?P<text>' + TEXT + rb')|(?P<escaped>"(?:[^"\\]|\\.)*")'
    rb"|(?P<atom>[-+.0-9A-Za-z]+)|."
)


class Forms:
    """Records whose seals have the same Exif tags, recognised by the forms of earlier ones.

    Parameters
    ----------
    tags : bytes
        The pattern of the tags' check values.
    """

    def __init__(self, tags: bytes) -> None:
        self._tags = re.compile(tags)
        self._forms: tuple[re.Pattern[bytes], ...] = ()
        self._without = self._made = 0

    def recognise(self, data: bytes, start: int, stop: int) -> Layout | None:
        """Find the seal in the text ``data[start:stop]``; None where it is not spelt as usual."""
        for form in self._forms:
            match = form.fullmatch(data, start, stop)
            if match is not None:
                known = Layout._make(match.groups())
                return known if known.stack is None or layout.holds_place(known.stack) else None
        text = data[start:stop]
        seal = layout.recognise(text)
        if seal is None or self._tags.fullmatch(seal.tags) is None:
            return None
        self._without += 1
        if self._without > _WORTH * (self._made + 1):
            self._without = 0
            self._made += 1
            self._forms = (*make_form(text, self._tags.pattern), *self._forms)[:_MOST]
        return seal


@lru_cache(maxsize=64)
def forms_with(tags: bytes) -> Forms:
    """The forms of records with these tags."""
    return Forms(tags)


def make_form(text: bytes, tags: bytes) -> tuple[re.Pattern[bytes], ...]:
    """The form of a record that was recognised; none if it is too long to be worth it."""
    found = layout.parts(text)
    if found is None or len(found.user) + len(found.layer) > _BYTES:
        return ()
    keys = b"" if found.checks is None else rb',"keys":\{' + found.checks + rb"\}"
    layer = b"" if not found.layer else b',"layer":' + _generalised(found.layer)
    seal = layout.pattern(tags, keys, layer)
    return (re.compile(_generalised(found.user) + seal, re.DOTALL),)


def _generalised(text: bytes) -> bytes:
    """The pattern of JSON that differs from this in its plain texts and numbers at most."""
    return re.sub(_TOKEN, _pattern_of, text, flags=re.DOTALL)


def _pattern_of(token: re.Match[bytes]) -> bytes:
    # A number of more digits than usual stays as it is, whole.
    if token["text"] is not None:
        return TEXT
    if token["atom"] is not None and re.fullmatch(NUMBER, token["atom"]):
        return NUMBER
    return re.escape(token[0])
