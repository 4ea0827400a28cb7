"""What is asked for beside the image: checked at once, before any work is done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict

from napari_seal._format.algorithms import DEFAULT_ALGORITHM, start_digest
from napari_seal._format.exif_tags import encode
from napari_seal._format.metadata import check_metadata
from napari_seal._format.place import StackPlace
from napari_seal._format.window import Window
from napari_seal._seal.encode import check_quality
from napari_seal._seal.source import check_window
from napari_seal._trust.judge import signer_of
from napari_seal.errors import MetadataError, OptionError, UnknownAlgorithmError

if TYPE_CHECKING:
    from napari_seal._format.container import Format
    from napari_seal._format.signature import Signer
    from napari_seal._trust.keys import SigningKey

# The format of a file by its extension.
_EXTENSIONS: Final[dict[str, Format]] = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}

#: What new seals may be made with.
ALGORITHMS = ("sha256", "blake3")


class SealOptions(TypedDict, total=False):
    """The options of `napari_seal.seal`, all of which may be left out."""

    quality: int
    metadata: Mapping[str, Any] | None
    exif: Mapping[str, Any] | None
    window: tuple[float, float] | Window | None
    layer: Mapping[str, Any] | None
    moedal: bool
    overwrite: bool
    algorithm: str
    place: StackPlace | None
    key: SigningKey | str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The options of `napari_seal.seal`, none of which can be wrong any more.

    It shares nothing with the caller, who may go on and change what was given.
    """

    target: str
    format: Format
    quality: int
    metadata: dict[str, Any]
    exif: dict[str, Any]
    window: Window | None
    layer: dict[str, Any] | None
    moedal: bool
    overwrite: bool
    algorithm: str
    place: StackPlace | None
    signer: Signer | None

    @classmethod
    def check(
        cls,
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
    ) -> Order:
        """Check the options; see `napari_seal.seal` for what they are.

        Raises
        ------
        OptionError, MetadataError, KeyFileError, MissingPackageError
            One of them is wrong.
        """
        target = os.fspath(path)
        if not isinstance(target, str):
            raise OptionError(f"the target is a path as text, not as {type(target).__name__}")
        format_ = _EXTENSIONS.get(os.path.splitext(target)[1].lower())
        if format_ is None:
            raise OptionError(
                "a sealed file is named .jpg, .jpeg or .png, best .sealed.jpg or .sealed.png, not "
                f"{target!r}"
            )
        if moedal and format_ != "jpeg":
            raise OptionError("the MoEDAL function stored JPEG files; leave out moedal for PNG")
        check_algorithm(algorithm)
        return cls(
            target=target,
            format=format_,
            quality=check_quality(quality),
            metadata=check_metadata({} if metadata is None else metadata),
            exif=_check_exif(exif),
            window=check_window(window),
            layer=None if layer is None else check_metadata(layer, what="layer attribute"),
            moedal=moedal,
            overwrite=overwrite,
            algorithm=algorithm,
            place=place,
            signer=signer_of(key),
        )


def _check_exif(tags: Mapping[str, Any] | None) -> dict[str, Any]:
    if tags is None:
        return {}
    if not isinstance(tags, Mapping):
        raise MetadataError(f"exif must be a mapping of tag names, not {type(tags).__name__}")
    # Lists and arrays are copied, too.
    plain = {
        name: value.tolist() if hasattr(value, "dtype") else
        [*value] if isinstance(value, (list, tuple)) else value
        for name, value in tags.items()
    }  # fmt: skip
    encode(plain, unique_id="", software="")
    return plain


def check_algorithm(algorithm: object) -> None:
    """Refuse an algorithm that new seals are not made with, or that cannot be computed here.

    Raises
    ------
    OptionError
        Says which ones there are, or what to install.
    """
    if algorithm not in ALGORITHMS:
        raise OptionError(f"the algorithm is one of {', '.join(ALGORITHMS)}, not {algorithm!r}")
    try:
        start_digest(str(algorithm))
    except UnknownAlgorithmError as error:
        raise OptionError(str(error)) from error
