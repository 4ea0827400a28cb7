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
from typing import TYPE_CHECKING, Any

from napari_seal._napari.attributes import OF_IMAGES, attributes_from_json, name_from_json
from napari_seal._napari.flag import announce, flagged_name, mark
from napari_seal._napari.mismatch import check_agreed
from napari_seal._napari.notices import unmarked
from napari_seal._napari.opened import remember, scores_of
from napari_seal._napari.overlays import make_overlays, strengths
from napari_seal._napari.seal_values import seal_values
from napari_seal._napari.signature_flag import signed_help
from napari_seal._napari.signature_preferences import trust_for_opening
from napari_seal._napari.signature_words import signature_of
from napari_seal._napari.stack_reader import is_stack_path, read_stack, restorer
from napari_seal._napari.user_metadata import VERDICT_KEY, opened_verdict
from napari_seal._text import printable
from napari_seal.errors import ReadError

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.layers import Image, Labels, Layer

    from napari_seal import Verdict
    from napari_seal._verify.score_map import ScoreMap

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
    from napari.layers import Image, Labels

    data, keywords, verdict, notes = _load(path)
    kind = Labels if _are_labels(verdict, data) else Image
    if kind is Labels:
        keywords = {key: value for key, value in keywords.items() if key not in OF_IMAGES}
    try:
        layer = kind(data, **keywords)
    except Exception as error:  # noqa: BLE001 - values that napari refuses only in combination
        keywords = {key: keywords[key] for key in ("name", "metadata", "rgb") if key in keywords}
        notes.append(f"layer attributes ({printable(error, 100)})")
        layer = kind(data, **keywords)
    layer.metadata[VERDICT_KEY]["notes"] = notes
    finish(layer, verdict.scores)
    announce(os.path.basename(path), verdict, notes)
    return layer


def finish(layer: Image | Labels, scores: ScoreMap | None) -> None:
    """Do to a new layer what its constructor takes no keyword for: the flag and the slider's range.

    Parameters
    ----------
    layer : napari.layers.Image or napari.layers.Labels
        As it was made from the file.
    scores : ScoreMap or None
        From the verdict on that file.
    """
    # Restored limits would also be the ends of the slider: contrast could only be raised.
    if hasattr(layer, "reset_contrast_limits_range"):
        layer.reset_contrast_limits_range()
    remember(layer, scores)
    outcome = opened_verdict(layer.metadata)
    if outcome is not None:
        mark(layer, outcome, signed_help(*signature_of(layer.metadata[VERDICT_KEY])))


def _load(path: str) -> tuple[Any, dict[str, Any], Verdict, list[str]]:
    import napari_seal

    data, verdict = napari_seal.read(path, trust=trust_for_opening())
    check_agreed(path, verdict)
    rgb = data.ndim == 3
    seal = verdict.seal
    stored = getattr(seal, "layer", None)
    window, top = getattr(seal, "window", None), 65535 if data.dtype == "uint16" else 255
    original = _intensities(data, seal)
    if original is not None:
        data, window = original, None
    keywords, notes = attributes_from_json(
        stored, window=window, rgb=rgb, intact=verdict.intact, top=top
    )
    if "contrast_limits" not in keywords and data.dtype == "uint8":
        # All levels: a stretch chosen from the data would make dim pictures look bright.  Of 16
        # bits, cameras use a part.
        keywords["contrast_limits"] = [0, 255]
    name = name_from_json(stored) or printable(file_stem(path), 200)
    keywords["name"] = flagged_name(unmarked(name), verdict.verdict)
    keywords["rgb"] = rgb
    keywords["metadata"] = _metadata(path, verdict)
    keywords["metadata"][VERDICT_KEY]["notes"] = notes
    return data, keywords, verdict, notes


def _are_labels(verdict: Verdict, data: npt.NDArray[Any]) -> bool:
    """Whether a layer of labels was sealed."""
    stored = getattr(verdict.seal, "layer", None)
    kind = stored.get("type") if isinstance(stored, Mapping) else None
    return kind == "labels" and data.ndim == 2 and data.dtype.kind in "iu"


def _intensities(levels: npt.NDArray[Any], seal: Any) -> npt.NDArray[Any] | None:
    """The original array of a picture that was sealed as PNG, where its seal fits it."""
    if getattr(seal, "source", None) is None or levels.dtype.name != seal.pixels.dtype:
        return None
    restore = restorer(seal.format, seal.window, levels.dtype.name, seal.source.dtype)
    return None if restore is None else restore(levels)


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
