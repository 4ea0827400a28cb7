"""By which names files are known."""

from __future__ import annotations

import os
from typing import Final

#: Read like the others; sealing compresses them a second time.
JPEG_EXTENSIONS: Final = (".jpg", ".jpeg")

#: What is taken from a folder, the last one being folders themselves.
FOLDER_EXTENSIONS: Final = (".tif", ".tiff", ".stk", ".png", ".npy", ".nd2", ".czi", ".zarr")

#: Of originals, in the order in which they are looked for.
EXTENSIONS: Final = (
    ".tif", ".tiff", ".ome.tif", ".ome.tiff", ".npy", ".png", ".stk", ".nd2", ".czi", ".ome.zarr",
    ".zarr",
)  # fmt: skip

#: Files by which a folder is known for an image in many files.
ZARR_FILES: Final = ("zarr.json", ".zgroup", ".zarray")


def is_zarr(folder: str) -> bool:
    """Whether a folder is one image in many files."""
    if not os.path.isdir(folder):
        return False
    return folder.lower().rstrip("/\\").endswith(".zarr") or any(
        os.path.isfile(os.path.join(folder, name)) for name in ZARR_FILES
    )
