"""File > Save and ``layer.save``: one layer becomes one sealed JPEG or PNG."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_seal._napari.attributes import attributes_to_json
from napari_seal._napari.flag import plain_name
from napari_seal._napari.user_metadata import metadata_to_json, opened_verdict
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome
from napari_seal.errors import ImageError, OptionError, TargetExistsError

if TYPE_CHECKING:
    from napari_seal import Seal

EXTENSION, LOSSLESS = ".sealed.jpg", ".sealed.png"
# Only what is known to be an image extension is replaced: "cell_3.5um" must stay whole.
_OTHER = re.compile(
    r"(\.sealed)?(\.ome)?\.(jpe?g|jpe|jfif|png|tiff?|bmp|gif|webp|avif|heic|jp2|np[yz]|zarr|h5|hdf5|svg)$"
    r"|\.sealed$",
    re.IGNORECASE,
)
_KINDS = {EXTENSION: {"jpg", "jpeg", "jpe", "jfif"}, LOSSLESS: {"png"}}


def write_sealed(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Save one image layer as a sealed JPEG; napari calls this.

    In napari's dialog the chosen filter decides, not the typed name.  Whoever types ``z.tif`` under
    our filter, which may stand there already, gets ``z.sealed.jpg`` and a warning: it is a lossy
    file in place of a lossless one.

    Parameters
    ----------
    path : str
        As typed.  A missing or different extension is completed to ``.sealed.jpg``.
    data : array-like
        The layer's data.
    meta : mapping
        The layer's attributes.

    Returns
    -------
    list of str
        The one file that was written.

    Raises
    ------
    SealError
        If the image, its metadata or the target do not fit.  Nothing is written then.  It is never
        a `ValueError`, which napari would drop without a word.
    """
    return _write(path, data, meta, EXTENSION)


def write_lossless(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Save one image layer as a sealed PNG, which loses nothing; see `write_sealed`."""
    return _write(path, data, meta, LOSSLESS)


def write_labels(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Save one labels layer as a sealed PNG; see `write_sealed`.

    Raises
    ------
    SealError
        Also for a name of JPEG: it would turn each label into others.
    """
    if os.fspath(path).lower().endswith(EXTENSION):
        raise ImageError(
            "Labels are not saved as JPEG, which would change the numbers they are made of. "
            f"Save as {LOSSLESS}, which keeps each of them."
        )
    return _write(path, data, {**meta, "type": "labels"}, LOSSLESS)


def _write(path: str, data: Any, meta: Mapping[str, Any], extension: str) -> list[str]:
    target = complete_name(path, extension)
    agreed = target == path and _dialog_asked()
    seal_image(target, data, meta, overwrite=agreed, announce=True)
    # Last: a later message covers an earlier one.
    _say_which_format(path, target)
    return [target]


def seal_image(
    target: str,
    data: Any,
    meta: Mapping[str, Any],
    *,
    user_metadata: Mapping[str, Any] | None = None,
    quality: int = 90,
    moedal: bool = False,
    overwrite: bool = False,
    announce: bool = False,
) -> Seal:
    """Seal the data of a layer together with what napari knows about it.

    Parameters
    ----------
    target : str
        Complete file name; its extension decides the format.
    data : array-like
        The layer's data: 2-D gray or RGB, for PNG also RGBA; of a pyramid, the full resolution is
        taken.
    meta : mapping
        The layer's attributes.
    user_metadata : mapping, optional
        In place of the layer's own ``metadata``.
    quality : int
        JPEG quality, 1 to 100.
    moedal : bool
        Whether to write the key ``sha244`` for the scripts of the MoEDAL collaboration as well.
    overwrite : bool
        Whether an existing file may be replaced.
    announce : bool
        Whether to say that it was sealed.

    Returns
    -------
    Seal
        What was written into the file.
    """
    from napari.utils.notifications import show_info

    import napari_seal

    lossless = target.lower().endswith(LOSSLESS)
    image = plane(data, meta, alpha=lossless)
    if meta.get("type") == "labels":
        _check_labels(image)
    attributes, attributes_lost = attributes_to_json(meta)
    if "name" in attributes:
        attributes["name"] = plain_name(attributes["name"])
    own = meta.get("metadata") if user_metadata is None else user_metadata
    metadata, metadata_lost = metadata_to_json(own)
    try:
        seal = napari_seal.seal(
            image,
            target,
            quality=quality,
            metadata=metadata or None,
            layer=attributes,
            moedal=moedal,
            overwrite=overwrite,
        )
    except TargetExistsError as error:
        raise TargetExistsError(
            f"Not saved: {printable(target)} exists already and was left as it is. Choose another "
            'name, or use "Seal layer..." with "replace an existing file" ticked.'
        ) from error
    # First: a later message covers an earlier one, and warnings must be seen.
    if announce:
        show_info(
            f"Sealed: {printable(os.path.basename(target))} in {printable(os.path.dirname(target))}"
        )
    _say_what_is_missing(target, attributes_lost, metadata_lost)
    _say_where_it_came_from(target, opened_verdict(meta.get("metadata")))
    return seal


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
    if any(name.lower().endswith(ours) and len(name) > len(ours) for ours in _KINDS):
        return os.fspath(path)
    return os.path.join(folder, (_OTHER.sub("", name) or name) + extension)


def plane(data: Any, meta: Mapping[str, Any], *, alpha: bool = False) -> Any:
    """Return the layer's data as the one 2-D gray or RGB array that can be sealed.

    Parameters
    ----------
    data : array-like
        NumPy, dask or a pyramid of either.
    meta : mapping
        The layer's attributes, of which ``rgb`` and ``multiscale`` count.
    alpha : bool
        Whether the format has an alpha channel.

    Raises
    ------
    ImageError
        If it has more dimensions, or an alpha channel and the format has none.
    """
    import numpy as np

    check_shape(data, meta, alpha=alpha)
    return np.asarray(_full_resolution(data, meta))


def check_shape(data: Any, meta: Mapping[str, Any], *, alpha: bool = False) -> None:
    """Refuse what is neither 2-D gray nor RGB, without computing or copying anything.

    Parameters
    ----------
    data, meta, alpha
        As for `plane`.

    Raises
    ------
    ImageError
        Saying what can be sealed and what to do.
    """
    shape = tuple(_full_resolution(data, meta).shape)
    rgb = bool(meta.get("rgb"))
    if rgb and shape[-1] != 3 and not (alpha and shape[-1] == 4):
        raise ImageError(
            f"The image has {shape[-1]} colour channels: gray and RGB images can be sealed, JPEG "
            "stores no transparency. Drop the alpha channel first (layer.data[..., :3]), or save "
            f"as {LOSSLESS}, which keeps it."
        )
    if len(shape) != (3 if rgb else 2):
        sizes = " x ".join(map(str, shape))
        raise ImageError(
            f"The image is {sizes}: 2-D gray and RGB images can be sealed now; stacks and other "
            "images with more dimensions will be supported in a later version. Until then "
            "seal it plane by plane (right-click the layer, Split Stack)."
        )


def _full_resolution(data: Any, meta: Mapping[str, Any]) -> Any:
    # The lower levels of a pyramid are derived from the first: nothing is lost.
    return data[0] if meta.get("multiscale") else data


def _dialog_asked() -> bool:
    """Whether napari's save dialog stands behind this call.

    Qt asks "replace the existing file?" before the dialog closes, about exactly the name that was
    typed.  A call from a script looks the same to a writer; only the stack tells them apart.
    Where the stack looks different, in another version of napari, nothing is overwritten.
    """
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "_save_layers_dialog":
            return str(frame.f_globals.get("__name__", "")).startswith("napari._qt")
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _say_what_is_missing(target: str, attributes: list[str], metadata: list[str]) -> None:
    from napari.utils.notifications import show_warning

    name = printable(os.path.basename(target))
    # warnings.warn would not be seen in the window.
    if metadata:
        show_warning(f"{name}: metadata not sealed, JSON has no form for: {'; '.join(metadata)}")
    if attributes:
        show_warning(f"{name}: layer attributes not sealed: {'; '.join(attributes)}")


def _check_labels(labels: Any) -> None:
    """Refuse labels that 16 bits cannot hold one by one."""
    import numpy as np

    if labels.size and int(labels.max()) - int(labels.min()) > np.iinfo(np.uint16).max:
        raise ImageError(
            f"The labels go from {labels.min()} to {labels.max()}, and a PNG holds 65,536 numbers "
            "in a row. Renumber them first (skimage.segmentation.relabel_sequential)."
        )


def _say_which_format(typed: str, target: str) -> None:
    from napari.utils.notifications import show_warning

    found = _OTHER.search(os.path.basename(typed))
    kind = (found[3] if found else None) or ""
    extension = next(ours for ours in _KINDS if target.lower().endswith(ours))
    if not kind or kind.lower() in _KINDS[extension]:
        return
    format_ = "PNG" if extension == LOSSLESS else "JPEG"
    loss = f" A JPEG loses detail: for {kind.upper()}, save" if format_ == "JPEG" else " Or save"
    # What was written first: napari shows about 38 characters of a message until it is opened.
    show_warning(
        f"{format_} written, not {kind.upper()}: {printable(os.path.basename(target))}. You typed "
        f"{printable(os.path.basename(typed))}, but the chosen filter decides, and it was one of "
        f"napari-seal.{loss} again with a filter that lists *.{kind.lower()}."
    )


def _say_where_it_came_from(target: str, opened_as: Outcome | None) -> None:
    from napari.utils.notifications import show_warning

    if opened_as is None or opened_as in (Outcome.INTACT, Outcome.NO_SEAL):
        return
    show_warning(
        f"{printable(os.path.basename(target))}: this layer was opened as {opened_as!s}. "
        "The new seal vouches for the picture as it is now, not for the original."
    )
