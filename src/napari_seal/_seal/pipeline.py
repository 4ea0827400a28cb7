"""The road from an array to a sealed file, in one function."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy.typing as npt

from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.pixels import digest_array
from napari_seal._format.place import StackPlace
from napari_seal._format.seal import Seal
from napari_seal._format.window import Window
from napari_seal._seal.embed import embed
from napari_seal._seal.encode import encode_jpeg, encode_png
from napari_seal._seal.meanwhile import begin, may_share
from napari_seal._seal.order import Order, check_algorithm
from napari_seal._seal.progress import Progress, Steps
from napari_seal._seal.source import accept, bits_of, choose_window
from napari_seal._seal.write import check_target, write

if TYPE_CHECKING:
    from typing import Unpack

    from napari_seal._seal.order import SealOptions
    from napari_seal._trust.keys import SigningKey

__all__ = ["check_algorithm", "make", "seal", "seal_in_steps"]

# Digested, scaled, encoded, embedded; and written, but not in its place.
_STEPS: Final = 5


def seal(
    image: npt.ArrayLike,
    path: str | os.PathLike[str],
    *,
    quality: int = 90,
    metadata: Mapping[str, Any] | None = None,
    exif: Mapping[str, Any] | None = None,
    window: tuple[float, float] | Window | None = None,
    layer: Mapping[str, Any] | None = None,
    moedal: bool = False,
    overwrite: bool = False,
    algorithm: str = DEFAULT_ALGORITHM,
    place: StackPlace | None = None,
    key: SigningKey | str | os.PathLike[str] | None = None,
) -> Seal:
    """Store an image as JPEG or PNG with a seal.

    The picture is mapped to the levels of the format, encoded, and written together with digests of
    the image data, the original array and the metadata.  The file appears whole or not at all.

    JPEG keeps 8 bits and loses detail.  PNG keeps every value of uint8, uint16, int8 and int16, and
    of wider integers within a range of 65,536; floats become 65,536 levels.

    Parameters
    ----------
    image : (Y, X), (Y, X, 3) or (Y, X, 4) array_like
        Gray, or RGB, of bool, integers or floats.  Values must be finite.  PNG also takes RGBA, and
        colours of uint8 only.
    path : path-like
        Target, ending in ``.jpg``, ``.jpeg`` or ``.png``, which decides the format;
        ``.sealed.jpg`` and ``.sealed.png`` are what the napari reader claims.
    quality : int, default 90
        JPEG quality, 1 (small) to 100.
    metadata : mapping of str to JSON values, optional
        The user's own, stored at the top level of the JSON in the Exif UserComment.  The keys
        ``seal`` and ``sha244`` are reserved.
    exif : mapping of str to values, optional
        Exif tags by their standard name, such as ``{"Make": "Zeiss", "DateTimeOriginal": when}``.
    window : (float, float), optional
        Intensities that become black and white.  By default the image's minimum and maximum, so
        that a flat image is black; what the format can hold as it is, is stored so: uint8, and in
        PNG all whole numbers that 16 bits can hold.
    layer : mapping of str to JSON values, optional
        How the image was shown, as napari's writer records it.
    moedal : bool, default False
        Also store the digest of the MoEDAL function under ``sha244``; for JPEG.
    overwrite : bool, default False
        Replace an existing file.
    algorithm : {"sha256", "blake3"}
        Of the digests.  BLAKE3 is faster for large files, and needs the package ``blake3`` wherever
        the file is sealed or checked: ``pip install napari-seal[blake3]``.
    place : StackPlace, optional
        Where the image lies in a stack; `napari_seal.seal_stack` gives it.
    key : SigningKey or path-like, optional
        Sign the seal: with a key from `napari_seal.load_signing_key`, or with that of a PEM file
        without a passphrase.

    Returns
    -------
    Seal
        What was stored.

    Raises
    ------
    ImageError
        The array cannot be sealed.
    MetadataError
        Metadata or Exif tags cannot be stored; also where they do not fit the 65,533 bytes that
        there are for them.
    OptionError
        The quality, the window or the file's extension is not possible, or the algorithm is unknown
        or needs a package that is not installed.
    KeyFileError, MissingPackageError
        The key cannot be used, or the package ``cryptography`` is not installed.
    TargetExistsError
        The file exists, and ``overwrite`` is not set.
    WriteError
        The file cannot be written.  Nothing is left behind.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> image = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> seal = napari_seal.seal(image, "a.sealed.jpg", metadata={"sample": "TDR 12"})
    >>> seal.window
    Window(low=0, high=4095)
    """
    order = Order.check(
        path, quality=quality, metadata=metadata, exif=exif, window=window, layer=layer,
        moedal=moedal, overwrite=overwrite, algorithm=algorithm, place=place, key=key,
    )  # fmt: skip
    return _follow(order, image, Steps(None, _STEPS))


def seal_in_steps(
    image: npt.ArrayLike,
    path: str | os.PathLike[str],
    progress: Progress,
    **options: Unpack[SealOptions],
) -> Seal:
    """Store an image as `seal` does, for somebody who waits for it and may want to end it.

    Parameters
    ----------
    image, path, options
        See `seal`.
    progress : callable
        Called with the number of steps that are done and that there are, within a long step more
        than once, the last time when only the file's place is left to be taken.  An exception that
        it raises ends the work: nothing is left behind then, and an older file stays.
    """
    return _follow(Order.check(path, **options), image, Steps(progress, _STEPS))


def _follow(order: Order, image: npt.ArrayLike, step: Steps) -> Seal:
    check_target(order.target, overwrite=order.overwrite)
    array, axes = accept(image, order.format)
    data, sealed = make(order, array, axes, step, aside=may_share(array.nbytes))
    write(order.target, data, overwrite=order.overwrite, ready=step)
    return sealed


def make(
    order: Order,
    array: npt.NDArray[Any],
    axes: str,
    step: Steps | None = None,
    *,
    aside: bool = False,
) -> tuple[bytes, Seal]:
    """The bytes of the sealed file, for an array that was accepted and options that were checked.

    Parameters
    ----------
    order, array, axes
        From `Order.check` and `accept`.
    step : Steps, optional
        Called after each stage; what it raises ends the work.
    aside : bool
        Whether digests are computed in threads beside the rest.

    Raises
    ------
    ImageError, MetadataError, OptionError
        See `seal`.
    """
    step = Steps(None, _STEPS) if step is None else step
    source = begin(partial(digest_array, array, axes=axes, algorithm=order.algorithm), aside=aside)
    step()
    chosen = choose_window(array, order.window, order.format)
    levels = chosen.scale(array, bits_of(array, order.format), inside=order.window is None)
    step()
    is_png = order.format == "png"
    encoded = encode_png(levels, step.again) if is_png else encode_jpeg(levels, order.quality)
    step()
    made = embed(
        encoded,
        source=source(),
        window=chosen,
        quality=None if is_png else order.quality,
        metadata=order.metadata,
        exif_tags=order.exif,
        layer=order.layer,
        place=order.place,
        moedal=order.moedal,
        algorithm=order.algorithm,
        signer=order.signer,
        look=step.again,
        aside=aside,
    )
    step()
    return made
