"""Samples: decoding a picture, and digests of arrays.

The only module of the format that imports NumPy and Pillow when it is itself imported; nobody
enters it on the way to ``intact``.  ``window`` and ``legacy``, which map and digest arrays, import
NumPy in the functions that need it: reading a seal needs neither.
"""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, JpegImagePlugin, PngImagePlugin, features

from napari_seal._format import limits, salvage
from napari_seal._format.algorithms import DEFAULT_ALGORITHM, start_digest
from napari_seal._format.container import Container, Format
from napari_seal._format.digest import Digest
from napari_seal._format.jpeg import Jpeg
from napari_seal._format.png import Png
from napari_seal._format.seal import ArrayDigest
from napari_seal.errors import FormatError

#: Bytes that are copied and digested while they are in the processor's cache.
_BLOCK: Final = 1 << 18
#: Bytes that are copied in one go.
_BAND: Final = 1 << 22


def decode(structure: Container, *, damaged: bool = False, own: bool = False) -> npt.NDArray[Any]:
    """Decode a picture to its samples.

    Parameters
    ----------
    structure : Container
        Walked in full.
    damaged : bool
        Whether to take what is left of a damaged PNG picture; of a JPEG, decoders always do.
    own : bool
        Whether it is a picture that was encoded here a moment ago: nothing has to be kept from the
        decoder.  The array may not be writable then.

    Returns
    -------
    (Y, X) or (Y, X, 3) or (Y, X, 4) ndarray of uint8, or (Y, X) of uint16
        Gray or RGB; RGBA of PNG, CMYK of JPEG.

    Raises
    ------
    FormatError
        There is no picture, it is larger than `limits` allow, or it cannot be decoded.
    """
    size = structure.size
    if size is None or not structure.has_picture:
        several = isinstance(structure, Png) and structure.has_picture
        what = "not one header" if several else "no image data"
        raise FormatError(f"there is {what} in the file")
    if size[0] * size[1] > limits.PIXELS:
        raise FormatError(f"{size[0]} x {size[1]} pixels are more than {limits.PIXELS:,}")
    each = _bytes_a_pixel(structure)
    if size[0] * size[1] * each > limits.PICTURE_BYTES:
        raise FormatError(
            f"{size[0]} x {size[1]} pixels of {each} bytes are more than "
            f"{limits.PICTURE_BYTES:,} bytes"
        )
    if isinstance(structure, Png):
        return _decode_png(structure, damaged=damaged, own=own)
    if not isinstance(structure, Jpeg):
        raise TypeError(f"no container: {type(structure).__name__}")
    return decode_jpeg(structure, own=own)


def _bytes_a_pixel(structure: Container) -> int:
    """Of the samples that `decode` gives."""
    if isinstance(structure, Jpeg):
        return 1 if structure.frame is None else len(structure.frame.components)
    if not isinstance(structure, Png) or structure.header is None:
        return 4
    if _has(structure, b"tRNS"):
        return 4
    gray = (structure.header.depth + 7) // 8
    return {0: gray, 2: 3, 3: 3}.get(structure.header.colour, 4)  # PNG, table 11.1


def decode_jpeg(jpeg: Jpeg, *, extra: bytes = b"", own: bool = False) -> npt.NDArray[np.uint8]:
    """The same for a JPEG of a known size.

    Parameters
    ----------
    jpeg : Jpeg
    extra : bytes
        Entropy-coded data to add before the end: a complete picture does not change by them.
    own : bool
        See `decode`.
    """
    if jpeg.scans > limits.SCANS:
        raise FormatError(f"{jpeg.scans} scans are more than the limit of {limits.SCANS}")
    height, width = jpeg.size or (0, 0)
    if jpeg.scans * height * width > limits.SCANNED_PIXELS:
        raise FormatError(
            f"{jpeg.scans} scans of {height} x {width} pixels are more than "
            f"{limits.SCANNED_PIXELS:,} pixels together"
        )
    # Pillow's class for JPEG itself: `Image.open` would try other formats and has limits of its
    # own.  It raises whatever its parsers raise, hence the width of the net.
    try:
        data = jpeg.data if own else jpeg.plain(extra)
        with JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as image:
            # In one piece: libjpeg cannot pause within arithmetic-coded data.
            image.decodermaxblock = len(data)
            return _samples(image, own=own)
    except MemoryError:
        raise
    except Exception as error:
        raise FormatError(f"the image data cannot be decoded: {error}") from error


def _samples(image: Image.Image, *, own: bool = False) -> npt.NDArray[Any]:
    """The samples of a picture, a band at a time.

    Pillow copies them twice, and lets no other thread run meanwhile: a window would stand still.
    """
    width, height = image.size
    rows = max(1, _BAND // (4 * width))
    if rows >= height:
        return np.asarray(image) if own else np.array(image)
    row = np.asarray(image.crop((0, 0, width, 1)))
    out = np.empty((height, *row.shape[1:]), row.dtype)
    for top in range(0, height, rows):
        band = np.asarray(image.crop((0, top, width, min(top + rows, height))))
        out[top : top + len(band)] = band
    return out


def _decode_png(png: Png, *, damaged: bool, own: bool = False) -> npt.NDArray[Any]:
    header = png.header
    if header is not None and header.depth == 16 and (header.colour or _has(png, b"tRNS")):
        # Pillow would read their high bytes without a word.
        raise FormatError("pictures of 16 bits with colours or transparency are not read")
    try:
        data = salvage.restored(png) if damaged else png.plain()
        with PngImagePlugin.PngImageFile(io.BytesIO(data)) as image:
            image.load()
            if image.mode in ("L", "RGB") and "transparency" not in image.info:
                return _samples(image, own=own)
            if image.mode in ("I;16", "I;16B", "I;16L", "I"):  # "I": Pillow before 10.4
                return _samples(image, own=own).astype(np.uint16, copy=False)
            if image.mode == "1":
                return _samples(image.convert("L"))
            if image.mode == "P" and "transparency" not in image.info:
                return _samples(image.convert("RGB"))
            # Converting to the same mode would be a copy.
            return _samples(image if image.mode == "RGBA" else image.convert("RGBA"), own=own)
    except MemoryError:
        raise
    except Exception as error:
        if damaged:
            raise FormatError(f"the image data cannot be decoded: {error}") from error
    # Pillow says of most damage that the file is broken, or is no PNG file.
    raise FormatError("the image data cannot be decoded: they are damaged")


def _has(png: Png, kind: bytes) -> bool:
    return any(chunk.kind == kind for chunk in png.critical)


def fitted(image: npt.NDArray[Any], shape: tuple[int, ...], dtype: str) -> npt.NDArray[Any]:
    """Bring samples into another form of the same picture, where that loses nothing.

    Optimisers of PNG store gray pictures as gray, opaque ones without alpha, and 16 bits as 8 where
    both bytes are the same; other software does the reverse.

    Parameters
    ----------
    image : ndarray
        As `decode` gives it.
    shape, dtype
        Of the form to bring it into.

    Returns
    -------
    ndarray
        ``image`` itself where it has no such form.
    """
    out = image
    if image.shape[:2] != shape[:2]:
        return image
    if dtype == "uint16" and image.dtype == np.uint8:
        out = out.astype(np.uint16) * np.uint16(257)
    elif dtype == "uint8" and image.dtype == np.uint16 and (image % 257 == 0).all():
        out = (out // 257).astype(np.uint8)
    channels, wanted = out.shape[2:], shape[2:]
    if channels == (4,) and wanted != (4,) and (out[..., 3] == 255).all():
        out = out[..., :3]
    if out.shape[2:] == (3,) and not wanted and (out == out[..., :1]).all():
        out = out[..., 0]
    if out.ndim == 2 and wanted:
        out = np.repeat(out[..., None], 3, axis=2)
    if out.shape[2:] == (3,) and wanted == (4,):
        out = np.dstack([out, np.full(out.shape[:2], 255, out.dtype)])
    return out if (out.shape, out.dtype.name) == (shape, dtype) else image


def digest_array(
    array: npt.NDArray[Any], *, axes: str | None = None, algorithm: str = DEFAULT_ALGORITHM
) -> ArrayDigest:
    """Digest an array's bytes in C order, little-endian."""
    state = start_digest(algorithm)
    little = array.dtype.newbyteorder("<")
    # As it is, in one go: other threads run meanwhile.
    as_it_is = array.flags.c_contiguous and array.dtype == little
    step = max(1, len(array) if as_it_is else _BLOCK // max(1, array[:1].nbytes))
    for rows in range(0, len(array), step):
        part = np.ascontiguousarray(array[rows : rows + step], dtype=little)
        state.update(part.reshape(-1).view(np.uint8).data)
    digest = Digest(algorithm, state.hexdigest())
    return ArrayDigest(digest=digest, shape=array.shape, dtype=array.dtype.name, axes=axes)


def decoder(format: Format = "jpeg") -> dict[str, str]:  # noqa: A002 - the seal's word
    """Name and version of the library by which Pillow reads the format."""
    if format == "png":
        return {"zlib": str(features.version_codec("zlib"))}
    turbo = features.check_feature("libjpeg_turbo")
    name = "libjpeg-turbo" if turbo else "libjpeg"
    version = features.version_feature("libjpeg_turbo") if turbo else features.version_codec("jpg")
    return {name: str(version)}


def shown(structure: Container) -> npt.NDArray[Any]:
    """Decode a picture for showing: what is left of a damaged one, and CMYK as RGB.

    Raises
    ------
    FormatError
        See `decode`.
    """
    if structure.format == "png":
        try:
            return decode(structure)
        except FormatError:
            return decode(structure, damaged=True)
    image = decode(structure)
    if image.ndim == 3 and image.shape[2] == 4:
        return np.array(Image.fromarray(image, "CMYK").convert("RGB"))
    return image
