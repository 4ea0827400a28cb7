"""What napari shows in labels of its own: notifications, progress bars, names of layers.

Qt takes a text that looks like HTML for HTML, and napari's labels leave it to Qt: a name or a
reason with ``<img src=...>`` in it would be a picture, read from wherever it says.
"""

from __future__ import annotations

import re
from typing import Final

# A bracket that looks much the same and begins no tag.
_BRACKET: Final = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
# A label breaks its lines at spaces and slashes, not within a name.
_LONG_WORD: Final = re.compile(r"([^\s/\\\-]{40})(?=[^\s/\\\-])")


def breakable(text: str) -> str:
    """Return ``text`` with places at which a label may break a long name (zero-width spaces)."""
    return _LONG_WORD.sub("\\1\u200b", text)


def unmarked(text: str) -> str:
    r"""Return a text that Qt does not take for markup: ``<`` is another bracket where tags may be.

    ``&lt;`` becomes that bracket as well: Qt takes any text with it for markup.

    Examples
    --------
    >>> ascii(unmarked("<b>a</b>")), unmarked("a < b")
    ("'\\u2039b>a\\u2039/b>'", 'a < b')
    """
    if ">" in text.partition("<")[2]:
        text = text.replace("<", _BRACKET)
    return text.replace("&lt;", _BRACKET)


def say(text: str) -> None:
    """Show a notification."""
    from napari.utils.notifications import show_info

    show_info(unmarked(text))


def warn(text: str) -> None:
    """Show a notification with a warning's sign."""
    from napari.utils.notifications import show_warning

    show_warning(unmarked(text))


def complain(text: str) -> None:
    """Show a notification with an error's sign."""
    from napari.utils.notifications import show_error

    show_error(unmarked(text))
