"""Make napari-seal the program that opens sealed images, when the person asks for it.

Two plugins can open a ``.sealed.jpg``: this one, and napari's own reader, which shows the picture
without looking at the seal.  napari asks which to use each time a file is dropped.
"""

from __future__ import annotations

PATTERNS = ("*.sealed.jpg", "*.sealed.jpeg", "*.sealed.png", "*.sealed.json")
_PLUGIN = "napari-seal"


def is_default_opener() -> bool:
    """Whether napari would open a sealed image with this plugin without asking."""
    from napari.plugins.utils import get_preferred_reader

    return all(get_preferred_reader(f"x{pattern[1:]}") == _PLUGIN for pattern in PATTERNS)


def make_default_opener() -> str:
    """Set napari's preference for sealed images to this plugin.

    Returns
    -------
    str
        What was done, in a sentence.
    """
    from napari.settings import get_settings

    if is_default_opener():
        return "Sealed images are opened with napari-seal already; nothing was changed."
    plugins = get_settings().plugins
    others = {k: v for k, v in plugins.extension2reader.items() if k not in PATTERNS}
    # Of two patterns that match equally well the first wins: "*.jpg" may be there already.
    plugins.extension2reader = {**dict.fromkeys(PATTERNS, _PLUGIN), **others}
    return (
        "From now on napari opens *.sealed.jpg, *.sealed.png and *.sealed.json with napari-seal, "
        "without asking. Undo: Preferences > Plugins."
    )
