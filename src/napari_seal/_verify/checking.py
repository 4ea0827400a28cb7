"""What is done with each of many files: checked, as small as it travels, and in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, TypeAlias

from napari_seal._folders import list_folder
from napari_seal._format.names import INDEX_ENDING
from napari_seal._text import printable
from napari_seal._trust.judge import Judge
from napari_seal._trust.states import Signature
from napari_seal._verify.check import check_bytes, check_one
from napari_seal._verify.load import Unlisted, load
from napari_seal._verify.quick import Proven, proven_seal
from napari_seal._verify.verdict import Outcome, Verdict, intact, record_text

Packed: TypeAlias = Verdict | bytes | tuple[bytes | None, str, str | None] | None


class Originals(NamedTuple):
    """Where the originals of checked files are; see `find_original`."""

    named: list[str]
    folder: str


class Checking(NamedTuple):
    """What is done with each file: the `Work` of `check_many`."""

    full: bool = False
    originals: Originals | None = None
    judge: Judge = Judge()
    seals: bool = True

    def check(self, path: str) -> tuple[Verdict, int]:
        """Check a file; also how many bytes were read."""
        return check_sized(path, full=self.full, originals=self.originals, judge=self.judge)

    def prove(self, path: str) -> tuple[Verdict | Proven, int]:
        """The same; of a plainly intact file, the record's text and what is in it say it all."""
        judge = self.judge
        if self.full or self.originals is not None:
            return self.check(path)
        data = load(path)
        if not isinstance(data, bytes):
            return check_found(path, judge=judge), 0
        if type(path) is not str:  # something is known of what belongs there
            return _in_place(check_bytes(data, str(path), judge=judge), path, data), len(data)
        return proven_seal(data, judge) or check_bytes(data, path, judge=judge), len(data)

    def pack(self, path: str) -> tuple[Packed, int]:
        """The same, as small as it can be sent: the text, or None where nobody looks at seals."""
        found, size = self.prove(path)
        if type(found) is Proven and found.signer is None:  # as most are: the signature is `none`
            return (found.text if self.seals else None), size
        return self.packed(found), size

    def packed(self, found: Verdict | Proven) -> Packed:
        """What is sent of it; a text alone is that of a file that nobody signed."""
        if isinstance(found, Verdict):
            text = record_text(found)
            if text is None:
                return found
            signature, signer = found.signature, found.signer
        else:
            text, _, signature, signer = found
        sent = text if self.seals else None
        return sent if signature is Signature.NONE else (sent, str(signature), signer)

    def unpack(self, path: str, packed: Packed) -> Verdict:
        """The verdict that was packed."""
        if packed is None or isinstance(packed, bytes):
            return intact(str(path), packed)
        if isinstance(packed, Verdict):
            return packed
        text, signature, signer = packed
        return intact(str(path), text, Signature(signature), signer)

    def give_up(self, verdict: Verdict) -> Verdict:
        """The verdict on a file of which only this is known."""
        return verdict


def check_sized(
    path: str,
    *,
    full: bool = False,
    originals: Originals | None = None,
    judge: Judge | None = None,
) -> tuple[Verdict, int]:
    """Check what `find_images` found; also how many bytes were read."""
    if originals is None:
        data = load(path)
        if isinstance(data, bytes):
            verdict = check_bytes(data, str(path), full=full, judge=judge)
            return _in_place(verdict, path, data), len(data)
    return check_found(path, full=full, originals=originals, judge=judge), 0


def check_found(
    path: str,
    *,
    full: bool = False,
    originals: Originals | None = None,
    judge: Judge | None = None,
) -> Verdict:
    """Check what `find_images` found: a file, or a folder to complain about."""
    name = str(path)
    if type(path) is Unlisted:
        return Verdict(path=name, verdict=Outcome.UNREADABLE, reasons=(path.reason,))
    judge = judge or Judge()
    if originals is None:
        verdict = check_one(name, judge, full=full)
    else:
        verdict = _check_against(name, full, originals, judge)
    verdict = _in_place(verdict, path)
    from napari_seal._verify.reasons import Reason, ReasonCode

    if not any(reason.code is ReasonCode.IS_A_DIRECTORY for reason in verdict.reasons):
        return verdict
    try:
        list_folder(path)
    except OSError as error:
        code, message = (
            ReasonCode.PERMISSION_DENIED,
            f"The folder cannot be listed: {error.strerror}.",
        )
    else:
        code, message = ReasonCode.EMPTY_FOLDER, "The folder has no JPEG or PNG file in it."
    return replace(verdict, reasons=(Reason(code=code, message=message),))


def _in_place(verdict: Verdict, path: str, data: bytes | None = None) -> Verdict:
    """The verdict on a file, beside what a manifest or the index of a stack says belongs there."""
    if type(path) is str:
        return verdict
    from napari_seal._verify.listed import ListedPath, judge_listed
    from napari_seal._verify.stack_files import PlanePath, judge_plane

    if isinstance(path, ListedPath):
        return judge_listed(_in_place(verdict, path.path), path.expected, data)
    return judge_plane(verdict, path) if isinstance(path, PlanePath) else verdict


def _check_against(path: str, full: bool, originals: Originals, judge: Judge) -> Verdict:
    from napari_seal._verify.change.original import coarser
    from napari_seal._verify.change.original_files import find_original

    if path.lower().endswith(INDEX_ENDING):
        # The planes have an original, what names them has none.
        return check_one(path, judge, full=full)
    original = find_original(path, *originals)
    if original is not None:
        verdict = check_one(path, judge, full=full, source=original)
        if verdict.scores is None or not verdict.scores.exact:
            return verdict
        return replace(verdict, scores=coarser(verdict.scores))
    message = f"There is no original of this name in {printable(originals.folder)}."
    from napari_seal._verify.reasons import Reason, ReasonCode

    reason = Reason(code=ReasonCode.ORIGINAL_MISSING, message=message)
    verdict = check_one(path, judge, full=full)
    return replace(verdict, reasons=(*verdict.reasons, reason))
