"""How the names of sealed files end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_seal._format.container import Format

#: Of sealed images, by format.
ENDINGS: Final[dict[Format, str]] = {"jpeg": ".sealed.jpg", "png": ".sealed.png"}

#: Of the index of a stack.
INDEX_ENDING: Final = ".sealed.json"
