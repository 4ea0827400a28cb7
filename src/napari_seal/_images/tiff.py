"""TIFF files of all dialects that tifffile knows: OME-TIFF, ImageJ, MetaMorph and plain ones."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._format import limits
from napari_seal._images.opened import OpenedImage, PlaneArray, arrange, letters
from napari_seal._images.tiff_metadata import describe
from napari_seal.errors import ImageError

# TIFF 6.0, PhotometricInterpretation: those whose samples are red, green and blue when decoded.
_COLOUR: Final = {2, 6}
_NOT_RGB: Final = {5: "CMYK", 8: "CIELAB", 9: "ICCLAB", 10: "ITULAB", 32845: "LogLuv"}
# TIFF 6.0, ExtraSamples.
_ALPHA: Final = {1, 2}


@contextmanager
def open_tiff(path: str | IO[bytes]) -> Iterator[list[OpenedImage]]:
    """Open a TIFF file: an image for each series that tifffile finds in it."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        _check_chain(file)
        _check_imagej(file)
        about = describe(file)
        yield [_open_series(file, index, about[index]) for index in range(len(file.series))]


def _check_chain(file: Any) -> None:
    """Refuse a file that was cut off between its pages: tifffile gives those before.

    The directory of each page ends with the offset of the next, and that of the last with 0 (TIFF
    6.0, section 2).
    """
    layout, last = file.tiff, file.pages[len(file.pages) - 1]
    handle = file.filehandle
    handle.seek(last.offset)
    (tags,) = struct.unpack(layout.tagnoformat, handle.read(layout.tagnosize))
    handle.seek(last.offset + layout.tagnosize + tags * layout.tagsize)
    end = handle.read(layout.offsetsize)
    if len(end) < layout.offsetsize:
        raise ImageError(f"ends within the directory of page {len(file.pages)}")
    (after,) = struct.unpack(layout.offsetformat, end)
    # Some files lead back to an earlier page, which has been read.
    if after != 0 and all(page.offset != after for page in file.pages):
        raise ImageError(
            f"is cut off: after page {len(file.pages)} another should begin at byte {after:,}, and "
            f"none is there; the file has {handle.size:,} bytes"
        )


def _check_imagej(file: Any) -> None:
    """Refuse a stack that was cut off: tifffile gives its first plane, as if that were all."""
    announced = (file.imagej_metadata or {}).get("images", 1) if file.is_imagej else 1
    found = sum(
        math.prod(series.shape) // max(1, math.prod(series.keyframe.shape))
        for series in file.series
    )
    if isinstance(announced, int) and announced > found:
        raise ImageError(f"says that it holds {announced} planes, of which {found} are there")


def _open_series(file: Any, index: int, about: dict[str, Any]) -> OpenedImage:
    series = file.series[index]
    axes = _axes(series)
    array, axes = _lazily(series, axes)
    about["name"] = series.name or about.get("name", "")
    channels = about.pop("channels", ())
    count = array.shape[axes.index("C")] if "C" in axes else 1
    known = channels if len(channels) == count else ()
    return OpenedImage(array=array, axes=axes, channels=known, **about)


def _axes(series: Any) -> str:
    """Return tifffile's letters, each once; S only for colours."""
    axes, page = str(series.axes), series.keyframe
    if "S" in axes:
        kind = int(page.photometric)
        if kind in _NOT_RGB:
            raise ImageError(f"is a {_NOT_RGB[kind]} picture; convert it to RGB first")
        samples, alpha = series.shape[axes.index("S")], set(map(int, page.extrasamples)) & _ALPHA
        if alpha and kind not in _COLOUR:
            raise ImageError("is a gray picture with an alpha channel; remove that first")
        if kind not in _COLOUR or samples != (4 if alpha else 3):
            axes = axes.replace("S", "Q" if "C" in axes else "C")
    return letters(axes)


def _lazily(series: Any, axes: str) -> tuple[PlaneArray, str]:
    """Read a series by plane, in the way in which it is stored."""
    if any(page is None for page in series.pages):
        raise ImageError(
            "lacks planes that its metadata name; a file that belongs to it is missing"
        )
    page, shape = series.keyframe, tuple(series.shape)
    outer = len(shape) - len(page.shape)
    by_plane = (
        series.transform is None
        and shape[outer:] == page.shape
        and all(letter in "YXS" for letter in axes[outer:])
    )
    number = math.prod(shape[:outer])
    if by_plane and number == len(series.pages):
        return arrange(_Planes(series, outer, lambda n: series.pages[n].asarray()), axes, "TIFF")
    if by_plane and series.dataoffset is not None:
        # ImageJ describes a stack of any size in one page, and lets the planes follow it.
        file, stored = series.parent.filehandle, series.parent.byteorder + series.dtype.char
        count = math.prod(page.shape)

        def plane(n: int) -> npt.NDArray[Any]:
            offset = series.dataoffset + n * count * series.dtype.itemsize
            found = file.read_array(stored, count=count, offset=offset)
            return np.asarray(found).reshape(page.shape)

        return arrange(_Planes(series, outer, plane), axes, "TIFF")
    if series.nbytes > limits.SOURCE_BYTES:
        raise ImageError(
            f"is stored in a way that is not read by plane, and has {series.nbytes:,} bytes; save "
            "it as OME-TIFF"
        )
    return arrange(series.asarray(), axes, "TIFF")


class _Planes:
    """A series as an array, each plane of which is read when it is asked for."""

    def __init__(self, series: Any, outer: int, plane: Callable[[int], Any]) -> None:
        self.shape, self.dtype = tuple(series.shape), series.dtype
        self._outer, self._plane = outer, plane

    def __getitem__(self, index: tuple[Any, ...]) -> npt.NDArray[Any]:
        number = 0
        for at, length in zip(index[: self._outer], self.shape, strict=False):
            number = number * length + at
        try:
            plane = np.asarray(self._plane(number))
        except (ValueError, ImportError) as error:
            if isinstance(error, ValueError) and "imagecodecs" not in str(error):
                raise
            raise ImageError(
                "is compressed in a way for which tifffile needs the package imagecodecs: "
                "pip install 'napari-seal[tiff]'"
            ) from error
        return np.asarray(plane[index[self._outer :]])
