"""Opening a sealed image: the picture, its attributes and the verdict, never one without the other.

Of a JPEG, the layer shows the 8-bit picture as it is stored.  Contrast limits are mapped from
original intensities to those levels, so that it looks as it did when it was sealed; the original
limits and the window stand in ``layer.metadata["seal"]``, with which
`napari_seal.restore_intensity` gives original intensities.  Of a PNG, it shows these themselves.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_seal._napari.flag import announce, flagged_name, mark
from napari_seal._napari.layers.attributes import attributes_from_json, name_from_json
from napari_seal._napari.layers.seal_values import seal_values
from napari_seal._napari.layers.user_metadata import VERDICT_KEY, opened_verdict
from napari_seal._napari.notices import unmarked
from napari_seal._napari.opening.mismatch import check_agreed
from napari_seal._napari.opening.new_layer import (
    free_slider,
    make_layer,
    prepare_layers,
    restorer,
)
from napari_seal._napari.opening.opened import remember, scores_of
from napari_seal._napari.opening.overlays import make_overlays, strengths
from napari_seal._napari.opening.reading import read_beside
from napari_seal._napari.opening.stack_reader import is_stack_path, read_stack
from napari_seal._napari.opening.tile_means import tile_means
from napari_seal._napari.signature_flag import signed_help
from napari_seal._napari.signature_preferences import trust_for_opening
from napari_seal._napari.signature_words import signature_of
from napari_seal._text import printable
from napari_seal.errors import ReadError

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.layers import Image, Labels, Layer

    from napari_seal import Trust, Verdict
    from napari_seal._verify.change.score_map import ScoreMap

_EXTENSION = re.compile(r"(\.sealed)?\.(jpe?g|jpe|jfif|png)$", re.IGNORECASE)


def get_reader(path: str | Sequence[str]) -> Callable[..., list[Layer]]:  # noqa: ARG001 - napari's
    """Return the function that opens sealed images; napari calls this.

    Parameters
    ----------
    path : str or sequence of str
        One file, or several that were asked for as a stack: each is opened by itself, because a
        verdict belongs to one file.

    Returns
    -------
    callable
        Always: a reader that declines would send napari to one that shows the file unverified.
    """
    return read_layers


def read_layers(
    path: str | Sequence[str],
    stack: bool = False,  # noqa: ARG001 - napari passes it
) -> list[Layer]:
    """Open one or several files, each with its verdict.

    Parameters
    ----------
    path : str or sequence of str
        The files.
    stack : bool
        Accepted for napari's sake; files are not stacked.

    Returns
    -------
    list of napari.layers.Layer
        A picture a file; above one that was changed, the layers that show where.
    """
    paths = [path] if isinstance(path, str | os.PathLike) else path
    try:
        return [layer for one in paths for layer in read_file(os.fspath(one))]
    except ReadError as error:  # napari shows its text
        raise ReadError(unmarked(str(error))) from error


def read_file(path: str) -> list[Layer]:
    """Open one file: the picture with its verdict, and above it the layers that show the change.

    Parameters
    ----------
    path : str
        Any JPEG or PNG, or the index or folder of a stack.

    Raises
    ------
    ReadError
        If there is no picture that could be shown.
    """
    if is_stack_path(path):
        return [read_stack(path)]
    image = read_layer(path)
    return [image, *make_overlays(image, scores_of(image))]


def read_layer(path: str) -> Image | Labels:
    """Open one file as a layer that carries its verdict.

    Parameters
    ----------
    path : str
        Any JPEG or PNG; without a seal it is flagged "no seal".

    Returns
    -------
    napari.layers.Image or napari.layers.Labels
        With the verdict in ``metadata["seal"]``; unless the file is intact, also in its name, on
        the canvas and in a notification.

    Raises
    ------
    ReadError
        If there is no picture that could be shown.
    """
    trust = trust_for_opening()
    file = read_beside(lambda: _read(path, trust), os.path.basename(path))
    verdict = file.verdict
    check_agreed(path, verdict)
    keywords, notes = _keywords(path, file)
    layer = make_layer(file.data, keywords, getattr(verdict.seal, "layer", None), notes)
    layer.metadata[VERDICT_KEY]["notes"] = notes
    finish(layer, verdict.scores, file.means)
    announce(os.path.basename(path), verdict, notes)
    return layer


def finish(
    layer: Image | Labels, scores: ScoreMap | None, means: npt.NDArray[Any] | None = None
) -> None:
    """Do to a new layer what its constructor takes no keyword for: the flag and the slider's range.

    Parameters
    ----------
    layer : napari.layers.Image or napari.layers.Labels
        As it was made from the file.
    scores : ScoreMap or None
        From the verdict on that file.
    means : ndarray, optional
        Of its tiles, see `tile_means`.
    """
    free_slider(layer)
    remember(layer, scores, means)
    outcome = opened_verdict(layer.metadata)
    if outcome is not None:
        mark(layer, outcome, signed_help(*signature_of(layer.metadata[VERDICT_KEY])))


class _File(NamedTuple):
    """What a file holds: levels as they are stored, and what is shown of them."""

    levels: npt.NDArray[Any]
    data: npt.NDArray[Any]
    verdict: Verdict
    means: npt.NDArray[Any] | None


def _read(path: str, trust: Trust | None) -> _File:
    """Read the picture and find out what takes long; touches no widget."""
    import napari_seal

    levels, verdict = napari_seal.read(path, trust=trust)
    data = _intensities(levels, verdict.seal)
    prepare_layers()
    scores = verdict.scores
    means = None if scores is None else tile_means(data, scores.size, scores.sealed.shape)
    return _File(levels, data, verdict, means)


def _keywords(path: str, file: _File) -> tuple[dict[str, Any], list[str]]:
    """Return what napari is told of the picture, and what of the seal it cannot be told."""
    levels, verdict, seal = file.levels, file.verdict, file.verdict.seal
    stored = getattr(seal, "layer", None)
    rgb = levels.ndim == 3
    keywords, notes = attributes_from_json(
        stored,
        window=getattr(seal, "window", None) if file.data is levels else None,
        rgb=rgb,
        intact=verdict.intact,
        top=65535 if levels.dtype == "uint16" else 255,
    )
    if "contrast_limits" not in keywords and file.data.dtype == "uint8":
        # All levels: a stretch chosen from the data would make dim pictures look bright.  Of 16
        # bits, cameras use a part.
        keywords["contrast_limits"] = [0, 255]
    name = name_from_json(stored) or printable(file_stem(path), 200)
    keywords["name"] = flagged_name(unmarked(name), verdict.verdict)
    keywords["rgb"] = rgb
    keywords["metadata"] = _metadata(path, verdict)
    return keywords, notes


def _intensities(levels: npt.NDArray[Any], seal: Any) -> npt.NDArray[Any]:
    """The original array of a picture that was sealed as PNG, where its seal fits it."""
    if getattr(seal, "source", None) is None or levels.dtype.name != seal.pixels.dtype:
        return levels
    restore = restorer(seal.format, seal.window, levels.dtype.name, seal.source.dtype)
    return levels if restore is None else restore(levels)


def file_stem(path: str) -> str:
    """Return the file's name without folder and without ``.sealed.jpg``, ``.png`` and the like."""
    name = os.path.basename(path)
    return _EXTENSION.sub("", name) or name


def _metadata(path: str, verdict: Verdict) -> dict[str, Any]:
    """The user's metadata, and beside them the verdict as plain values."""
    seal = verdict.seal
    user = getattr(seal, "metadata", None)
    metadata = dict(user) if isinstance(user, Mapping) else {}
    entry: dict[str, Any] = {
        "verdict": str(verdict.verdict),
        "meaning": verdict.verdict.meaning,
        "path": os.path.abspath(path),
        "reasons": [reason.as_dict() for reason in verdict.reasons],
        "signature": str(verdict.signature),
        "signer": verdict.signer,
        "regions": [list(box) for box in verdict.regions],
        "strengths": strengths(verdict.scores, verdict.regions),
        "lossless": verdict.scores is not None and verdict.scores.lossless,
    }
    if seal is not None:
        entry |= seal_values(seal)
    metadata[VERDICT_KEY] = entry
    return metadata
