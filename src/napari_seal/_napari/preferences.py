"""What a person set in Preferences > napari-seal: how layers are sealed, and what opening does.

napari keeps it, from 0.9 on.  In an older one, or where the page cannot be read, what stands here
as default holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from napari_seal._napari.json_values import as_value
from napari_seal._text import printable
from napari_seal.errors import MetadataError

#: Choices as they stand on the page; the first is the default.
FORMATS: Final = {"JPEG, small": "jpeg", "PNG, lossless": "png"}
IMAGE_WINDOWS: Final = ("range of the image", "range of its type")
STACK_WINDOWS: Final = ("range of the whole stack", "range of each plane")
ON_MISMATCH: Final = {
    "flag it": "flag",
    "ask before it is shown": "ask",
    "do not show it": "refuse",
}

OnMismatch = Literal["flag", "ask", "refuse"]
_RESERVED: Final = ("seal", "sha244")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What was set.

    Parameters
    ----------
    format : {"jpeg", "png"}
        What the widget "Seal layer..." proposes.
    quality : int
        Of JPEG, 1 to 100.
    type_range : bool
        Whether the window of an image is the range of its type, not that of its values.
    plane_windows : bool
        Whether each plane of a stack has a window of its own.
    metadata : mapping
        What every seal carries.
    on_mismatch : {"flag", "ask", "refuse"}
        What becomes of a file that is not intact when it is opened.
    """

    format: str = "jpeg"
    quality: int = 90
    type_range: bool = False
    plane_windows: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    on_mismatch: OnMismatch = "flag"

    def image_window(self, dtype: Any) -> tuple[int, int] | None:
        """The window of an image; None for the lowest and the highest value in it.

        Floats have no range of their own, and that of 64 bits is too wide.
        """
        import numpy as np

        kind = np.dtype(dtype)
        if not self.type_range or kind.kind not in "iu" or kind.itemsize > 4:
            return None
        return int(np.iinfo(kind).min), int(np.iinfo(kind).max)


def load_preferences() -> Preferences:
    """Return what was set, or the defaults.

    Raises
    ------
    MetadataError
        The metadata for every seal cannot be read: sealing without them would be silent loss.
    """
    page = settings_page()
    if page is None:
        return Preferences()
    sealing, opening = page.sealing, page.opening
    return Preferences(
        format=FORMATS.get(sealing.format, "jpeg"),
        quality=int(sealing.quality),
        type_range=sealing.image_window == IMAGE_WINDOWS[1],
        plane_windows=sealing.stack_window == STACK_WINDOWS[1],
        metadata=read_metadata(sealing.metadata),
        on_mismatch=_on_mismatch(opening),
    )


def preferences_and_problem() -> tuple[Preferences, str]:
    """Return what was set, and why that is not all: the defaults if metadata cannot be read."""
    try:
        return load_preferences(), ""
    except MetadataError as error:
        return Preferences(), str(error)


def on_mismatch() -> OnMismatch:
    """Return what becomes of a file that is not intact, whatever else is wrong on the page."""
    page = settings_page()
    return "flag" if page is None else _on_mismatch(page.opening)


def read_metadata(text: str) -> dict[str, Any]:
    """Read the metadata that every seal carries.

    Parameters
    ----------
    text : str
        ``operator = Ada; instrument = CR-39 reader 2``, or one JSON object.  Values are read as in
        the table of "Seal layer...".

    Raises
    ------
    MetadataError
        Says what cannot be read, and how it is written.
    """
    text = text.strip()
    if not text:
        return {}
    if text.startswith("{"):
        found = as_value(text)
        if not isinstance(found, dict):
            raise _unreadable("it begins with { and is no JSON object")
    else:
        found = {}
        for part in filter(str.strip, text.split(";")):
            key, sign, value = part.partition("=")
            key = key.strip()
            if not sign or not key:
                raise _unreadable(f"{printable(part.strip(), 40)!r} is no pair key = value")
            if key in found:
                raise _unreadable(f"the key {printable(key, 40)} stands twice")
            found[key] = as_value(value.strip())
    for key in _RESERVED:
        if key in found:
            raise _unreadable(f"the key {key} is reserved for the seal")
    return found


def _unreadable(problem: str) -> MetadataError:
    return MetadataError(
        f"The metadata for every seal in Preferences > napari-seal cannot be read: {problem}. "
        "Write them as: operator = Ada; instrument = reader 2"
    )


def _on_mismatch(opening: Any) -> OnMismatch:
    word: Any = ON_MISMATCH.get(opening.on_mismatch, "flag")
    return word  # type: ignore[no-any-return]


def follow(group: str, callback: Callable[[Any], None]) -> None:
    """Have a bound method called whenever something in a group is set, as long as its object lives.

    Parameters
    ----------
    group : {"sealing", "opening", "signatures"}
        On the page.
    callback : callable
        Gets napari's event.
    """
    page = settings_page()
    if page is not None:
        getattr(page, group).events.connect(callback)


def unfollow(group: str, callback: Callable[[Any], None]) -> None:
    """End that."""
    page = settings_page()
    if page is not None:
        getattr(page, group).events.disconnect(callback)


def settings_page() -> Any:
    """Return what napari keeps of the page; None where there is none."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # napari before 0.9
        return None
    try:
        return get_plugin_settings("napari-seal")
    except (KeyError, OSError):  # used without being installed, as from a source tree
        return None
