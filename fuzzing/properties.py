"""What must hold for any bytes at all, one function for each reader of files from outside.

Each takes the bytes of a file, or of a part of one, and raises if something does not hold.  The
fuzzer (``fuzz.py``) calls them with inputs that it grows, and ``tests/test_corpus.py`` with those
that are kept.  Rules are compared with the slow reference in ``tests/make_vectors*.py``, which
shares no code with the package; pictures with what Pillow makes of the whole file.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import re
import tempfile
import warnings
from collections.abc import Callable

import numpy as np
import seeds
from adopting import adopted_file, amended_block
from PIL import Image, ImageFile
from walkers import exif_reader, jpeg_walker, png_walker, with_check_sums

from napari_seal._format import (
    container,
    layout,
    legacy,
    limits,
    png,
    record,
    salvage,
    stack,
    tile_digests,
    tiles,
)
from napari_seal._format.pixels import decode, shown
from napari_seal._format.seal import Seal
from napari_seal._trust.judge import Judge
from napari_seal._trust.keys import PublicKey, SigningKey
from napari_seal._trust.trusted import Trust
from napari_seal._verify.check import check_bytes
from napari_seal._verify.ledger.database import open_database
from napari_seal._verify.ledger.ledger import Ledger
from napari_seal._verify.ledger.manifest_lines import FORMATS, Line, dump_line, read_lines
from napari_seal._verify.quick import prove
from napari_seal._verify.report.report_check import check_report
from napari_seal._verify.stack_index import check_index
from napari_seal._verify.steps import take_steps
from napari_seal._verify.verdict import Verdict
from napari_seal.errors import (
    FormatError,
    KeyFileError,
    LedgerError,
    OptionError,
    PassphraseError,
    ReadError,
    TrustError,
)

#: Larger pictures are not decoded: a decoder's time is not what is looked for.
PIXELS = 1 << 21
#: Where files are written that have to be opened by name.
FOLDER = tempfile.mkdtemp(prefix="napari-seal-fuzzing-")

#: Trusts one key, whatever this machine has for trusted.
JUDGE = Judge(seeds.trust())

warnings.simplefilter("ignore", Image.DecompressionBombWarning)
ImageFile.LOAD_TRUNCATED_IMAGES = False


# ---------------------------------------------------------------------- the record and the index


def record_text(text: bytes) -> None:
    """What the short way takes for a seal, the strict parser takes for the same one."""
    for variant in (text, seeds.closed(text)):
        short = _recognised(variant)
        try:
            content = record.load(variant)
            assert _depth(content) <= limits.JSON_DEPTH
            seal = record.parse(content)
        except FormatError:
            assert short is None
            seal = None
        if seal is not None:
            _check_seal(variant, seal, short)
        try:
            moedal = legacy.parse_moedal(variant)
        except FormatError:
            moedal = None
        assert moedal is None or len(moedal.pixels) == 56
        # In a file, where all other digests agree, both ways lead to the same verdict.
        if len(variant) < limits.SEGMENT_PAYLOAD - 1000:
            for carrier in seeds.carriers(variant):
                _both_ways(carrier)


def _recognised(text: bytes) -> layout.Layout | None:
    """What the short way makes of it in a block whose tags are those in the text."""
    found = layout.recognise(text)
    if found is None:
        return None
    parts = found.tags.split(b",") if found.tags else []
    keys = [part.partition(b'":"')[0] for part in parts]
    usual = all(map(_TAG.fullmatch, parts)) and len(set(keys)) == len(keys)
    # These are compared with the digests that they should be, whatever they are.
    usual &= all(map(_HEX.fullmatch, (found.codestream, found.exif, found.record)))
    return found if usual else None


_HEX = re.compile(rb"[0-9a-f]{64}")
_TAG = re.compile(rb'"(IFD[01]|ExifIFD|GPS|InteropIFD):0x[0-9a-f]{4}":"[0-9a-f]{8}"')


def _check_seal(text: bytes, seal: Seal, short: layout.Layout | None) -> None:
    matches = record.record_matches(text, seal)
    if short is not None:
        assert seal.record is not None
        assert matches is not None
        pairs = [
            (short.codestream, seal.codestream), (short.scan, seal.scan),
            (short.pixels, seal.pixels.digest), (short.exif, seal.exif.digest),
            (short.record, seal.record),
        ]  # fmt: skip
        assert all(a == b.hex.encode() for a, b in pairs)
        assert (short.source is None) == (seal.source is None)
        assert (short.stack is None) == (seal.stack is None)
    shape = seal.pixels.shape
    for stored, read in ((seal.tiles, tiles.read), (seal.tile_digests, tile_digests.read)):
        if stored is not None:
            with contextlib.suppress(FormatError):
                read(stored, shape[:2] if len(shape) > 1 else (1, 1))
    str(seal), seal.identity


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, dict | list) + max(map(_depth, inner), default=0)


def stack_index(text: bytes) -> None:
    """Only a verdict comes of an index; its planes have names without a folder, each once."""
    for variant in (text, seeds.closed(text, b"}")):
        found, verdict = check_index(variant, "a.sealed.json")
        _check_verdict(verdict)
        if found is None:
            continue
        assert found.count <= limits.STACK_PLANES
        names = [name for _, name in itertools.islice(found.names("a"), 50)]
        assert len(set(names)) == len(names)
        assert not any("/" in name or "\0" in name or "\\" in name for name in names)
        assert found.name("a", (0,) * len(found.grid)) == names[0]
        if verdict.intact:
            assert found.proof(found.count - 1) is not None
            assert stack.index_matches(variant, found)


# ------------------------------------------------------------------------------------ whole files


def whole_check(data: bytes) -> None:
    """A verdict, the same by both ways; `intact` only where the picture is the sealed one."""
    for variant in (data, with_check_sums(data)) if png.is_png(data) else (data,):
        if (_size(variant) or 0) <= PIXELS:
            verdict = _both_ways(variant)
            if verdict.intact and isinstance(verdict.seal, Seal):
                seen = as_seen(variant)
                sealed = verdict.seal.pixels.digest.hex
                assert seen is None or hashlib.sha256(seen.tobytes()).hexdigest() == sealed


def _both_ways(data: bytes) -> Verdict:
    """The verdict by the long way; the short way gives the same one or none."""
    quick = prove(data, "a", JUDGE)
    steps = take_steps(data, "a", full=False, original=None, judge=JUDGE)
    if quick is not None:
        assert quick == steps
        assert quick.seal == steps.seal
    _check_verdict(steps)
    assert check_bytes(data, "a", full=True, judge=JUDGE).verdict == steps.verdict
    return steps


def _size(data: bytes) -> int | None:
    try:
        size = container.walk(data).size
    except FormatError:
        return None
    return None if size is None else size[0] * size[1]


def _check_verdict(verdict: Verdict) -> None:
    assert str(verdict).isprintable()
    assert json.dumps(verdict.as_dict(), allow_nan=False).isascii()
    assert verdict.intact or verdict.reasons
    for reason in verdict.reasons:
        assert all(
            str(part).isprintable() for part in (reason.message, reason.expected, reason.found)
        )
    assert all(y0 < y1 and x0 < x1 and y0 >= 0 <= x0 for y0, x0, y1, x1 in verdict.regions)


def as_seen(data: bytes) -> np.ndarray | None:
    """The picture as somebody sees it who opens the whole file with Pillow; None if not at all."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "MPO"]) as image:
            if image.width * image.height > PIXELS:
                return None
            return np.asarray(image)
    except Exception:  # noqa: BLE001 - Pillow raises whatever its parsers raise
        return None


def picture(data: bytes) -> None:
    """What is shown of a file, damaged or not, is what Pillow shows where that shows anything."""
    for variant in (data, with_check_sums(data)) if png.is_png(data) else (data,):
        try:
            found = container.walk(variant)
        except FormatError:
            continue
        size = found.size
        if size is not None and size[0] * size[1] > PIXELS:
            continue
        try:
            image = shown(found)
            assert image.shape[:2] == size
            assert image.dtype in ("uint8", "uint16")
        except FormatError:
            continue
        if isinstance(found, png.Png):
            samples, rows = salvage.readable(found)
            header = found.header
            assert header is not None
            assert len(samples) <= header.row * header.height
            assert 0 <= rows <= header.height
        _compare_with_pillow(variant, found)


def _compare_with_pillow(data: bytes, found: container.Container) -> None:
    seen = as_seen(data)
    if seen is None or found.end is None or found.is_ambiguous or found.is_animated:
        return
    try:
        decoded = decode(found)
    except FormatError:
        return
    if seen.shape == decoded.shape and seen.dtype == decoded.dtype:
        assert np.array_equal(seen, decoded)


# -------------------------------------------------------------------------------- ledgers and lists


def ledger_file(data: bytes) -> None:
    """A damaged ledger gives answers or a `LedgerError`, and is not written to by reading."""
    path = os.path.join(FOLDER, f"{os.getpid()}.db")
    with open(path, "wb") as file:
        file.write(data)
    try:
        with Ledger.open(path, read_only=True) as ledger:
            for question in (
                ledger.runs,
                ledger.duplicates,
                ledger.missing,
                lambda: ledger.stale(-1),
                lambda: ledger.diff(1, 2),
                lambda: ledger.history(os.path.join(ledger.root or "/", "a.jpg")),
                lambda: ledger.find("0000"),
                lambda: ledger.find("8000"),
                lambda: ledger.unfinished([ledger.root or "/"]),
            ):
                try:
                    for answer in itertools.islice(question() or (), 1000):
                        str(answer)
                except (LedgerError, OptionError):  # the latter of a run that is not in it
                    pass
    except LedgerError:
        pass
    with open(path, "rb") as file:
        assert file.read() == data
    with contextlib.suppress(LedgerError):
        open_database(path, write=True).close()
    for name in os.listdir(FOLDER):
        os.unlink(os.path.join(FOLDER, name))


def report_file(data: bytes) -> None:
    """A report is checked to its end, or refused."""
    path = os.path.join(FOLDER, f"{os.getpid()}.report")
    with open(path, "wb") as file:
        file.write(data)
    try:
        found = check_report(path)
    except ReadError:
        return
    assert all(problem.isprintable() for problem in found.problems)
    if not found.problems:
        assert found.expected == found.found
        assert found.form == "html" or found.counts.total() == found.summary["files"]


def manifest(data: bytes) -> None:
    """A line is read as it was written, or refused."""
    for form in FORMATS:
        for _, line in read_lines(io.BytesIO(data), form):
            if isinstance(line, Line):
                try:
                    text = dump_line(line, form)
                except FormatError:
                    continue
                assert [again for _, again in read_lines(io.BytesIO(text), form)] == [line]
                assert re.fullmatch(rb"[^\n\r]*\n", text)


def key_file(data: bytes) -> None:
    """A PEM file holds one key, which is written as it is named, or is refused."""
    with contextlib.suppress(KeyFileError):
        key = PublicKey.from_pem(data.decode("latin-1"))
        assert PublicKey.from_pem(key.pem) == PublicKey.from_text(key.text) == key
    with contextlib.suppress(KeyFileError):
        assert PublicKey.from_text(data.decode("latin-1")).text.encode() == data
    with contextlib.suppress(KeyFileError, PassphraseError):
        signing = SigningKey.from_pem(data)
        assert signing.public.verify(signing.sign(b"a"), b"a")


def trust_list(data: bytes) -> None:
    """A list of trusted keys is read, or refused; each key has a name that can be shown."""
    path = os.path.join(FOLDER, f"{os.getpid()}.toml")
    with open(path, "wb") as file:
        file.write(data)
    with contextlib.suppress(TrustError):
        trust = Trust.load(path)
        assert trust.keys
        for entry in trust.keys:
            assert entry.name.isprintable()
            for created in ("2026-01-31T12:00:00.000Z", "never"):
                state, why = trust.judge(entry.key, created)
                assert f"{state} {why}".isprintable()


#: By the names of the folders of inputs; what each of them reads.
PROPERTIES: dict[str, Callable[[bytes], None]] = {
    "jpeg": jpeg_walker,
    "png": png_walker,
    "exif": exif_reader,
    "record": record_text,
    "index": stack_index,
    "check": whole_check,
    "picture": picture,
    "ledger": ledger_file,
    "report": report_file,
    "manifest": manifest,
    "key": key_file,
    "trust": trust_list,
    "amend": amended_block,
    "adopt": adopted_file,
}
