"""Checking one file: what stands in the verdict beside its word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutators import edit_exif, edit_text, flip, insert_before, record_text, scan_offset, segment

import napari_seal
from napari_seal import MoedalSeal, ReadError, Seal, Verdict, VerificationError, check, read, verify
from napari_seal._format.digest import digest_of
from napari_seal._verify.check import check_bytes


def verdict_on(data: bytes, **options: Any) -> Verdict:
    """The verdict on bytes, with the path ``a.jpg``."""
    return check_bytes(data, "a.jpg", **options)


@pytest.mark.parametrize("kind", ["gray", "rgb", "both"])
def test_an_intact_file_has_a_seal_and_no_reasons(kind: str, sealed: dict[str, bytes]) -> None:
    """There is nothing to say about a file that is as it was sealed."""
    verdict = verdict_on(sealed[kind], full=True)
    assert (verdict.verdict, verdict.reasons, verdict.regions) == ("intact", (), ())
    assert isinstance(verdict.seal, Seal)
    assert verdict.seal.metadata["detector"] == "TDR 12"
    assert verdict.signature == "none"


def test_several_changes_are_all_reported(sealed: dict[str, bytes]) -> None:
    """The gravest change gives the word; the reasons name every one."""
    data = sealed["gray"]
    data = edit_text(lambda text: text.replace(b"TDR 12", b"TDR 13"))(data)
    data = edit_exif(lambda tags: tags["0th"].update({0x010F: b"Leica", 0x0112: 3}))(data)
    data = insert_before(0xDB, segment(0xFE, b"hi"))(data)
    data = flip(data, scan_offset(data, 0.5), 0x10) + b"trailer"
    verdict = verdict_on(data)
    assert verdict.verdict == "image-changed"
    assert [str(reason.code) for reason in verdict.reasons] == [
        "bytes-replaced",
        "pixels-mismatch",
        "codestream-mismatch",
        "metadata-key-changed",
        "record-mismatch",
        "exif-tag-changed",
        "orientation-changed",
        "segment-added",
        "bytes-after-end",
    ]


def test_reasons_name_what_changed(sealed: dict[str, bytes]) -> None:
    """Tags by their name, digests as expected and found, numbers of bytes."""
    changed = edit_exif(lambda tags: tags["Exif"].update({0x9003: b"2000:01:01 00:00:00"}))
    (reason,) = verdict_on(changed(sealed["gray"])).reasons
    assert "DateTimeOriginal" in reason.message
    (reason,) = verdict_on(sealed["gray"] + bytes(1234)).reasons
    assert reason.found == "1,234 bytes"
    seal = verdict_on(sealed["gray"]).seal
    assert isinstance(seal, Seal)
    damaged = flip(sealed["gray"], scan_offset(sealed["gray"], 0.5), 0x10)
    by_code = {reason.code: reason for reason in verdict_on(damaged).reasons}
    assert by_code["codestream-mismatch"].expected == str(seal.codestream)  # type: ignore[index]
    assert by_code["pixels-mismatch"].expected == str(seal.pixels.digest)  # type: ignore[index]
    assert len({r.found for r in by_code.values()}) == len(by_code)


def test_text_from_the_file_is_escaped(sealed: dict[str, bytes]) -> None:
    """A seal cannot drive a terminal through its error message."""
    hostile = json.dumps({"seal": {"version": "\x1b[2J\u202e"}}).encode()
    verdict = verdict_on(edit_text(lambda _: hostile)(sealed["gray"]))
    assert verdict.verdict == "seal-malformed"
    assert str(verdict).isprintable()


def test_a_signature_is_told_beside_the_verdict(sealed: dict[str, bytes]) -> None:
    """A seal that is signed says so; by an algorithm of later, it is not checked."""
    signed = edit_text(lambda text: text[:-2] + b',"signature":{"algorithm":"later"}}}')
    verdict = verdict_on(signed(sealed["gray"]))
    assert (verdict.verdict, str(verdict.signature)) == ("intact", "not-checked")


def test_verify_returns_the_seal_or_raises(sealed: dict[str, bytes], tmp_path: Path) -> None:
    """Only `intact` returns; the exception carries the verdict."""
    path = tmp_path / "a.jpg"
    for kind, seal_type in (("gray", Seal), ("moedal", MoedalSeal)):
        path.write_bytes(sealed[kind])
        assert isinstance(verify(path), seal_type)
    for data in (b"", b"text", sealed["gray"][:-2], sealed["gray"].replace(b"TDR 12", b"TDR 13")):
        path.write_bytes(data)
        with pytest.raises(VerificationError) as raised:
            verify(path)
        assert raised.value.verdict == check(path)
        assert str(path) in str(raised.value)


@pytest.mark.parametrize("kind", ["gray", "rgb", "progressive", "moedal"])
def test_read_gives_the_picture_with_its_verdict(
    kind: str, sealed: dict[str, bytes], tmp_path: Path, leaves_no_files_open: None
) -> None:
    """The stored levels, of an intact file and of a changed one alike."""
    path = tmp_path / "a.jpg"
    path.write_bytes(sealed[kind])
    image, verdict = read(path)
    assert verdict == check(path)
    assert (image.shape[:2], image.dtype) == ((160, 200), np.uint8)
    path.write_bytes(sealed[kind][: len(sealed[kind]) - 1000])
    shown, verdict = read(path)
    assert verdict.verdict == "truncated"
    assert np.array_equal(shown[:40], image[:40]) or kind == "progressive"


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n"])
def test_read_raises_where_there_is_no_picture(data: bytes, tmp_path: Path) -> None:
    """An error of ours, that names the file and the verdict."""
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(ReadError, match=r"a\.jpg.*not-an-image"):
        read(tmp_path / "a.jpg")


def reseal(data: bytes, old: bytes, new: bytes) -> bytes:
    """Change the record's text and close it again, as somebody who wants to deceive would."""
    text = record_text(data)
    assert old in text
    start = text.replace(old, new)[: text.replace(old, new).index(b',"record":')]
    closed = b'%s,"record":"%s"}}' % (start, str(digest_of([start])).encode())
    return edit_text(lambda _: closed)(data)


def test_a_full_check_audits_the_derived_digests(sealed: dict[str, bytes]) -> None:
    """Where the scan or pixel digest in a closed record is false, only `full` can tell."""
    body = json.loads(record_text(sealed["gray"]))["seal"]
    for key, digest in (("scan", body["scan"]), ("decoder", body["pixels"]["digest"])):
        data = reseal(sealed["gray"], digest.encode(), b"sha256:" + b"0" * 64)
        code = f"{key}-differs"
        assert code not in {str(r.code) for r in verdict_on(data).reasons}
        audited = verdict_on(data, full=True)
        assert audited.verdict == "intact"
        assert code in {str(r.code) for r in audited.reasons}


def test_the_identity_is_that_of_the_seal(sealed: dict[str, bytes]) -> None:
    """An ImageUniqueID that agrees with its own digest and not with the source is seen."""
    body = json.loads(record_text(sealed["gray"]))["seal"]
    data = reseal(sealed["gray"], body["source"]["digest"].encode(), b"sha256:" + b"0" * 64)
    verdict = verdict_on(data)
    assert verdict.verdict == "metadata-changed"
    assert [str(r.code) for r in verdict.reasons] == ["image-id-mismatch"]


def test_checking_writes_nothing(sealed: dict[str, bytes], tmp_path: Path) -> None:
    """Neither the file nor its folder is touched."""
    path = tmp_path / "a.jpg"
    path.write_bytes(sealed["gray"][:-2])
    before = path.stat(), tmp_path.stat()
    check(path, full=True)
    read(path)
    after = path.stat(), tmp_path.stat()
    assert [s.st_mtime_ns for s in before] == [s.st_mtime_ns for s in after]
    assert napari_seal.check(path).path == str(path)


def test_too_little_memory_is_a_verdict(tmp_path: Path) -> None:
    """A picture for which there is no memory is not checked, and does not end a run."""
    import subprocess
    import sys

    from mutators import huge_frame, moedal_file
    from support import nuclear_tracks

    path = tmp_path / "a.jpg"
    path.write_bytes(huge_frame(moedal_file(nuclear_tracks((64, 64)), {})))
    code = (
        "import resource, sys, napari_seal, numpy, PIL.JpegImagePlugin\n"
        "resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))\n"
        "verdict = napari_seal.check(sys.argv[1])\n"
        "print(verdict.verdict, *(str(r.code) for r in verdict.reasons))\n"
        "try:\n    napari_seal.read(sys.argv[1])\n"
        "except napari_seal.ReadError as error:\n    print('ReadError')\n"
    )
    run = [sys.executable, "-c", code, path]
    result = subprocess.run(run, capture_output=True, text=True, check=False)
    assert result.stdout.split() == ["unreadable", "limit-exceeded", "ReadError"], result.stderr
