"""Checking one file: the short way where it is plainly intact, else the long one.

What the long way needs is imported when a file takes it, so that a check starts at once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from napari_seal._text import printable
from napari_seal._trust.judge import Judge
from napari_seal._trust.states import Signature
from napari_seal._verify.load import load
from napari_seal._verify.quick import prove
from napari_seal._verify.verdict import Outcome, Verdict, VerificationError
from napari_seal.errors import FormatError, ReadError

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_seal._format.legacy import MoedalSeal
    from napari_seal._format.seal import Seal
    from napari_seal._trust.trusted import Trust


def check(
    path: str | os.PathLike[str],
    *,
    full: bool = False,
    source: npt.ArrayLike | str | os.PathLike[str] | None = None,
    trust: Trust | str | os.PathLike[str] | None = None,
) -> Verdict:
    """Check one file.

    Parameters
    ----------
    path : path-like
        The file.
    full : bool, default False
        Also where the image data are proven unchanged, decode the picture and check the digests
        that follow from them (``pixels``, ``scan``): for auditing writers and decoders.
    source : array_like or path-like, optional
        The original that the file was made from, as an array or as a file that ``napari-seal seal``
        reads; a stack may have it among its planes.  The image data are made from it again and
        compared, and where the picture was changed, each pixel is.
    trust : Trust or path-like, optional
        The public keys that are trusted, by which signatures are judged: a `Trust`, or where one is
        loaded from.  By default that of `Trust.default`.

    Returns
    -------
    Verdict
        Always: whatever is wrong with the file or in it becomes a verdict, not an exception.

    Raises
    ------
    OptionError
        ``source`` is neither an image array nor a path.
    TrustError
        ``trust`` cannot be loaded.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> image = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> seal = napari_seal.seal(image, "a.sealed.jpg")
    >>> napari_seal.check("a.sealed.jpg").intact
    True
    >>> print(napari_seal.check("b.sealed.jpg"))
    b.sealed.jpg: unreadable (There is no such file.)
    """
    name = path if type(path) is str else os.fsdecode(path)
    return check_one(name, Judge(trust), full=full, source=source)


def check_one(
    name: str,
    judge: Judge,
    *,
    full: bool = False,
    source: npt.ArrayLike | str | os.PathLike[str] | None = None,
) -> Verdict:
    """Check one file; see `check`."""
    original: npt.NDArray[Any] | str | None = None
    if source is not None:
        from napari_seal._verify.change.original import load_original

        original = load_original(source)
    data = load(name)
    if not isinstance(data, bytes):
        return Verdict(path=name, verdict=Outcome.UNREADABLE, reasons=(data,))
    return check_bytes(data, name, full=full, original=original, judge=judge)


def verify(
    path: str | os.PathLike[str],
    *,
    trust: Trust | str | os.PathLike[str] | None = None,
    require_signature: bool = False,
) -> Seal | MoedalSeal:
    """Return the seal of an intact file, or raise.

    Parameters
    ----------
    path : path-like
        The file.
    trust : Trust or path-like, optional
        See `check`.
    require_signature : bool, default False
        Whether the file must be signed by a key that is trusted.  Without it, a file whose
        signature was taken out passes: nothing in it tells that there was one.

    Returns
    -------
    Seal or MoedalSeal
        What was sealed.

    Raises
    ------
    VerificationError
        The verdict is anything but `intact`, or the state of the signature anything but `trusted`
        where that is required; the exception carries it.
    ReadError
        It is the index of a stack, which has no seal of one image.
    TrustError
        ``trust`` cannot be loaded.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> image = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> seal = napari_seal.seal(image, "a.sealed.jpg", metadata={"sample": "TDR 12"})
    >>> napari_seal.verify("a.sealed.jpg").metadata
    {'sample': 'TDR 12'}
    """
    verdict = check(path, trust=trust)
    if verdict.verdict is not Outcome.INTACT:
        raise VerificationError(verdict)
    if require_signature and verdict.signature is not Signature.TRUSTED:
        raise VerificationError(verdict)
    if verdict.seal is None:
        raise ReadError(
            f"{printable(verdict.path)} is the index of a stack; napari_seal.check_stack checks it "
            "and its planes"
        )
    return verdict.seal


def read(
    path: str | os.PathLike[str], *, trust: Trust | str | os.PathLike[str] | None = None
) -> tuple[npt.NDArray[Any], Verdict]:
    """Read the picture of a file, with the verdict on the very bytes it was decoded from.

    Parameters
    ----------
    path : path-like
        Any JPEG or PNG file, sealed or not.
    trust : Trust or path-like, optional
        See `check`.

    Returns
    -------
    image : (Y, X), (Y, X, 3) or (Y, X, 4) ndarray of uint8, or (Y, X) of uint16
        The stored levels; `napari_seal.restore_intensity` maps them to the original range.  What is
        left of a truncated or damaged picture; CMYK as RGB.
    verdict : Verdict
        Look at it before you trust the picture.

    Raises
    ------
    ReadError
        There is no picture that could be shown.
    TrustError
        ``trust`` cannot be loaded.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> image = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> seal = napari_seal.seal(image, "a.sealed.png")
    >>> levels, verdict = napari_seal.read("a.sealed.png")
    >>> levels.dtype.name, verdict.intact
    ('uint16', True)
    """
    from napari_seal._format import stack

    judge = Judge(trust)
    name = os.fsdecode(path)
    data = load(name)
    if not isinstance(data, bytes):
        raise ReadError(f"{printable(name)}: {data.message}")
    if stack.is_index(name, data):
        raise ReadError(
            f"{printable(name)} is the index of a stack; napari_seal.open_stack opens it"
        )
    verdict = check_bytes(data, name, judge=judge)
    if verdict.verdict is Outcome.NOT_AN_IMAGE:
        raise ReadError(str(verdict))
    try:
        return picture_of(data), verdict
    except MemoryError as error:
        raise ReadError(f"{printable(name)}: there is not enough memory for the picture") from error
    except FormatError as error:
        raise ReadError(f"{printable(name)} ({verdict.verdict}): {error}") from error


def picture_of(data: bytes) -> npt.NDArray[Any]:
    """Decode the content of a file; see `read`.

    Raises
    ------
    FormatError, MemoryError
        There is no picture that could be shown.
    """
    from napari_seal._format import container
    from napari_seal._format.pixels import shown

    return shown(container.walk(data))


def check_bytes(
    data: bytes,
    path: str,
    *,
    full: bool = False,
    original: npt.NDArray[Any] | str | None = None,
    judge: Judge | None = None,
) -> Verdict:
    """Check the content of a file; see `check`.  Without a judge, signatures are by the default."""
    judge = judge or Judge()
    if not full and original is None:
        verdict = prove(data, path, judge)
        if verdict is not None:
            return verdict
    from napari_seal._verify.steps import take_steps

    return take_steps(data, path, full=full, original=original, judge=judge)
