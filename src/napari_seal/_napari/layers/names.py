"""Names of sealed files and of stacks, completed from what was typed."""

from __future__ import annotations

import os
import re

from napari_seal._napari.flag import plain_name
from napari_seal._text import printable
from napari_seal.errors import OptionError

EXTENSION, LOSSLESS = ".sealed.jpg", ".sealed.png"
#: By the format's name.
EXTENSIONS = {"jpeg": EXTENSION, "png": LOSSLESS}
#: What people write in place of these.
KINDS = {EXTENSION: {"jpg", "jpeg", "jpe", "jfif"}, LOSSLESS: {"png"}}
# Only what is known to be an image extension is replaced: "cell_3.5um" must stay whole.
_OTHER = re.compile(
    r"(\.sealed)?(\.ome)?\.(jpe?g|jpe|jfif|png|tiff?|bmp|gif|webp|avif|heic|jp2|np[yz]|zarr|h5|hdf5|svg)$"
    r"|\.sealed$",
    re.IGNORECASE,
)
# Characters that one or another file system refuses.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


def complete_name(path: str, extension: str = EXTENSION) -> str:
    """Return ``path`` with the extension of sealed files, in place of another image extension.

    Parameters
    ----------
    path : str
        As typed.
    extension : str
        Where ``path`` has neither of our own.

    Examples
    --------
    >>> complete_name("cell_3.5um"), complete_name("x.PNG"), complete_name("x.sealed.jpg")
    ('cell_3.5um.sealed.jpg', 'x.sealed.jpg', 'x.sealed.jpg')
    """
    folder, name = os.path.split(os.fspath(path))
    if not name:
        raise OptionError(f"{printable(path)} names a folder; a file name is needed")
    if our_extension(name):
        return os.fspath(path)
    return os.path.join(folder, (_OTHER.sub("", name) or name) + extension)


def base_name(path: str) -> str:
    """Return a path without the extension of an image, such as the folder that was meant."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(folder, _OTHER.sub("", name) or name)


def safe_name(layer_name: str) -> str:
    """Return the name of a layer, without its flag, as every file system takes it."""
    return plain_name(layer_name).translate(_NOT_IN_NAMES).strip(" .") or "image"


def our_extension(name: str) -> str:
    """Return the extension of sealed files that a name has; empty where it has none."""
    return next((e for e in KINDS if name.lower().endswith(e) and len(name) > len(e)), "")


def other_extension(path: str) -> str:
    """Return the kind of image that a typed name ends with, such as ``tif``; empty for none."""
    found = _OTHER.search(os.path.basename(path))
    return (found[3] if found else None) or ""


def stack_folder(target: str) -> str:
    """Return the folder of a stack that is to have a name of a sealed file.

    Examples
    --------
    >>> stack_folder("cells.sealed.png")
    'cells.sealed'
    """
    extension = our_extension(os.path.basename(target))
    return target[: len(target) - len(extension)] + ".sealed"
