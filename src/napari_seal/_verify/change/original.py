"""A file beside its original: whether it was made from it, and which pixels are not as they were.

The original array, the recorded window and the recorded quality give the sealed image data again,
byte for byte: Pillow 9.0 to 13 encode alike.  The sealing code has no part in it.
"""

from __future__ import annotations

import io
import math
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from napari_seal._files import check_address, is_address
from napari_seal._format import jpeg
from napari_seal._format.pixels import decode, digest_array
from napari_seal._format.tiles import Fingerprint, luma, starts, view
from napari_seal._images import OpenedImage, index_in_name, open_images, planes
from napari_seal._text import printable
from napari_seal._verify.change.localise import score, tile_means
from napari_seal._verify.change.regions import boxes, tighten
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Box
from napari_seal.errors import FormatError, ImageError, OptionError

if TYPE_CHECKING:
    from napari_seal._format.container import Container
    from napari_seal._format.jpeg import Jpeg
    from napari_seal._format.seal import ArrayDigest, Seal

_TILE: Final = 16
# More bytes than this share are not replaced by a fault; compressing again replaces most of them.
_FAULT: Final = 0.05
# Pixels are gathered into boxes over this distance.
_NEAR: Final = 8


class Comparison(NamedTuple):
    """What the original tells about a file.

    Parameters
    ----------
    is_other : bool
        Whether the original is not the array that was sealed.
    reasons : list of Reason
    regions : tuple of Box
        Around the pixels that differ, exactly; where the picture was saved again, around the tiles
        that differ by more than that explains.
    scores : ScoreMap or None
        The difference in levels by pixel: tiles of size 1.
    """

    is_other: bool
    reasons: list[Reason]
    regions: tuple[Box, ...] = ()
    scores: ScoreMap | None = None


def load_original(source: npt.ArrayLike | str | os.PathLike[str]) -> npt.NDArray[Any] | str:
    """Return the original as an array, or the path of the file that holds it.

    Parameters
    ----------
    source : array_like or path-like
        The array, or a file that ``napari-seal seal`` reads.

    Raises
    ------
    OptionError
        It is neither.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        if is_address(path):
            check_address(path)
        return path
    try:
        array = np.asarray(source)
    except (ValueError, TypeError) as error:
        raise OptionError(f"the original is neither an array nor a path: {error}") from error
    if array.dtype.kind not in "biuf" or array.ndim < 2:
        raise OptionError(
            f"the original is an image array or a path, not an array of shape {array.shape} and "
            f"type {array.dtype}"
        )
    return array


def compare_with_original(
    structure: Container, seal: Seal, original: npt.NDArray[Any] | str
) -> Comparison:
    """Compare a file with the array that it was made from.

    Parameters
    ----------
    structure : Container
        Walked in full.
    seal : Seal
        As it stands in the file: a claim, which the original confirms or does not.
    original : ndarray or str
        The array that was sealed, or a stack that has it among its planes; or the path of a file
        with either.
    """
    lossless = seal.format == "png"
    if seal.source is None or seal.window is None or (seal.quality is None and not lossless):
        message = "The seal does not say from what array the picture was made, nor how."
        reason = Reason(code=ReasonCode.ORIGINAL_NOT_COMPARABLE, message=message)
        return Comparison(False, [reason])
    if isinstance(original, str):
        try:
            plane, looked_at = _find_in_file(original, seal.source, seal)
        except ImageError as error:
            message = printable(f"The original {printable(original)} {error}.")
            return Comparison(False, [Reason(code=ReasonCode.ORIGINAL_UNREADABLE, message=message)])
    else:
        plane = _find_plane(original, seal.source)
        looked_at = _words(original.shape, original.dtype.name)
    if plane is None:
        return Comparison(True, [_other_original(seal.source, looked_at)])
    try:
        made = _make_again(plane, seal)
    except (OSError, TypeError, ValueError, OverflowError, FormatError) as error:
        message = f"The original cannot be stored as the seal says: {printable(error)}."
        reason = Reason(code=ReasonCode.ORIGINAL_NOT_COMPARABLE, message=message)
        return Comparison(False, [reason])
    exact = (
        made.stored is not None
        and made.stored.codestream(seal.codestream.algorithm) == seal.codestream
    )
    if not exact and digest_array(made.samples, algorithm=seal.pixels.digest.algorithm) != replace(
        seal.pixels, axes=None
    ):
        message = (
            "The original is the sealed array; this JPEG library makes other pixels of it, so that "
            "single pixels cannot be compared."
        )
        return Comparison(False, [Reason(code=ReasonCode.ORIGINAL_NOT_COMPARABLE, message=message)])
    how = "scaled and compressed again it gives the sealed image data, byte for byte"
    if not exact:
        again = "scaled" if lossless else "scaled and compressed again"
        how = f"{again} it gives exactly the sealed pixels"
    message = f"The original is the sealed array; {how}."
    confirmed = Reason(code=ReasonCode.ORIGINAL_CONFIRMED, message=message)
    if structure.codestream(seal.codestream.algorithm) == seal.codestream:
        return Comparison(False, [confirmed])
    try:
        now = decode(structure)
    except FormatError:
        return Comparison(False, [confirmed])  # that it cannot be decoded is said elsewhere
    then = made.samples
    if (now.shape, now.dtype) != (then.shape, then.dtype):
        return Comparison(False, [confirmed])
    saved_again = structure.format == "jpeg" and (
        not exact or _share_of_other_bytes(made.stored, structure) > _FAULT
    )
    return _compare_pixels(structure, then, now, confirmed, saved_again=saved_again)


class _Made(NamedTuple):
    """What an original gives by the rules of its seal: the samples, and of JPEG the file."""

    samples: npt.NDArray[Any]
    stored: Jpeg | None


def _make_again(plane: npt.NDArray[Any], seal: Seal) -> _Made:
    if seal.window is None:
        raise FormatError("there is no window")
    if seal.format == "png":
        bits = 16 if seal.pixels.dtype == "uint16" else 8
        return _Made(seal.window.scale(plane, bits), None)
    stored = jpeg.walk(_encode(seal.window.scale(plane), seal.quality or 0))
    return _Made(decode(stored), stored)


def _share_of_other_bytes(made: Jpeg | None, structure: Container) -> float:
    """Of two codestreams of the same length; 1 where the lengths differ."""
    if made is None or not isinstance(structure, jpeg.Jpeg) or made.length != structure.length:
        return 1
    one, other = (
        np.frombuffer(b"".join(j.data[start:end] for start, end in j.pieces), np.uint8)
        for j in (made, structure)
    )
    return float(np.count_nonzero(one != other) / max(1, one.size))


def _find_plane(original: npt.NDArray[Any], sealed: ArrayDigest) -> npt.NDArray[Any] | None:
    """The array with the sealed digest: the original itself or a plane of it."""
    size = len(sealed.shape)
    if original.ndim < size or original.shape[original.ndim - size :] != sealed.shape:
        return None
    if original.dtype.name != sealed.dtype or math.prod(sealed.shape) == 0:
        return None
    algorithm = sealed.digest.algorithm
    for plane in original.reshape(-1, *sealed.shape):
        if digest_array(plane, algorithm=algorithm).digest == sealed.digest:
            found: npt.NDArray[Any] = plane
            return found
    return None


def _find_in_file(
    path: str, sealed: ArrayDigest, seal: Seal
) -> tuple[npt.NDArray[Any] | None, str]:
    """The array with the sealed digest among the planes of a file, and what there is in words."""
    with open_images(path) as images:
        for image in images:
            found = _find_among_planes(image, sealed, seal)
            if found is not None:
                return found, ""
        return None, ", ".join(_words(one.array.shape, one.array.dtype.name) for one in images[:9])


def _find_among_planes(
    image: OpenedImage, sealed: ArrayDigest, seal: Seal
) -> npt.NDArray[Any] | None:
    if image.array.shape[len(image.leading) :] != sealed.shape:
        return None
    if image.array.dtype.name != sealed.dtype:
        return None

    def is_it(plane: npt.NDArray[Any]) -> bool:
        return digest_array(plane, algorithm=sealed.digest.algorithm).digest == sealed.digest

    # Where the seal says which plane it is, that one first: a long stack is not searched for each.
    index = _claimed_index(seal, image)
    if index is not None and is_it(named := image.array[index]):
        return named
    return next((plane for _, plane in planes(image) if is_it(plane)), None)


def _claimed_index(seal: Seal, image: OpenedImage) -> tuple[int, ...] | None:
    """Which plane of an image the seal says that it is of; None where it does not, or none."""
    sizes = tuple(image.leading.values())
    if seal.stack is not None:
        return seal.stack.index if seal.stack.shape == sizes else None
    name = (seal.layer or {}).get("name")
    return index_in_name(name, image.leading) if isinstance(name, str) else None


def _other_original(sealed: ArrayDigest, looked_at: str) -> Reason:
    return Reason(
        code=ReasonCode.ORIGINAL_DIFFERS,
        message="The original is not the array that was sealed: it is another image, or was itself "
        "changed.",
        expected=f"{sealed.digest}, {_words(sealed.shape, sealed.dtype)}",
        found=looked_at,
    )


def _words(shape: tuple[int, ...], dtype: str) -> str:
    return f"{' x '.join(map(str, shape))} of {dtype}"


def _encode(levels: npt.NDArray[np.uint8], quality: int) -> bytes:
    """The image data as section 5.3 of the format page says that they are made."""
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def _compare_pixels(
    structure: Container,
    then: npt.NDArray[Any],
    now: npt.NDArray[Any],
    confirmed: Reason,
    *,
    saved_again: bool,
) -> Comparison:
    spread = {"low": int(then.min()), "high": int(then.max())}
    sealed = luma(view(then, spread))
    difference = np.maximum(then, now) - np.minimum(then, now)
    if difference.ndim == 3:
        difference = difference.max(axis=2)
    changed = difference > 0
    count = int(np.count_nonzero(changed))
    if count == 0:
        return Comparison(False, [confirmed])
    if not saved_again:  # every pixel that differs was changed
        shape = (changed.shape[0], changed.shape[1])
        ys, xs = (np.arange(0, length, _NEAR) for length in shape)
        flags = np.logical_or.reduceat(np.logical_or.reduceat(changed, ys, axis=0), xs, axis=1)
        found = tuple(tighten(box, changed) for box in boxes(flags, _NEAR, shape))
    else:
        found = _standing_out(structure, sealed, view(now, spread))
    places = f" {len(found)} {'place stands' if len(found) == 1 else 'places stand'} out."
    most = int(difference.max())
    reason = Reason(
        code=ReasonCode.DIFFERS_FROM_ORIGINAL,
        message=f"Of {changed.size:,} pixels, {count:,} differ from the original, by up to "
        f"{most:,} {'level' if most == 1 else 'levels'} of {np.iinfo(then.dtype).max:,}."
        f"{places if found else ''}",
        found=f"{count:,} pixels",
    )
    if then.dtype == np.uint16:  # in levels of 255, like all scores
        difference = np.minimum(difference // 257 + changed, 255).astype(np.uint8)
    scores = ScoreMap(size=1, scores=difference, sealed=sealed, exact=True)
    return Comparison(False, [reason, confirmed], found, scores)


def _standing_out(
    structure: Container, then: npt.NDArray[np.uint8], now: npt.NDArray[np.uint8]
) -> tuple[Box, ...]:
    """Where a picture that was saved again differs by more than saving it explains."""
    shape = (then.shape[0], then.shape[1])
    exact = Fingerprint(shape, _TILE, 0.0, tile_means(then, _TILE))
    return boxes(score(structure, now, exact).scores > 1, _TILE, shape)


def coarser(scores: ScoreMap) -> ScoreMap:
    """The same in tiles of 16 pixels: what many files leave behind has to be small."""
    ys, xs = (starts(length, _TILE) for length in scores.scores.shape)
    highest = np.maximum.reduceat(np.maximum.reduceat(scores.scores, ys, axis=0), xs, axis=1)
    sealed = tile_means(np.asarray(scores.sealed, np.uint8), _TILE).astype(np.float32)
    return replace(scores, size=_TILE, scores=highest, sealed=sealed)
