"""Other people's software, and a page of plain Python, come to the same digests."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path

import make_vectors
import numpy as np
import pytest
from mutators import (
    COM,
    DQT,
    EOI,
    SOS,
    edit_exif,
    edit_text,
    exif_payload,
    fill_before,
    flip,
    insert_before,
    scan_offset,
    segment,
)
from support import DATA, skip_or_fail

from napari_seal import check, seal
from napari_seal._format.digest import digest_of
from napari_seal._format.exiftool import scan_pieces
from napari_seal._format.jpeg import is_jpeg


def hashes(exiftool: list[str], *paths: Path) -> dict[str, str]:
    """ExifTool's ImageDataHash by path, in one run."""
    options = ["-api", "ImageHashType=SHA256", "-ImageDataHash", "-json", "-m", "-q"]
    done = subprocess.run(
        [*exiftool, *options, *map(str, paths)], capture_output=True, text=True, check=False
    )
    rows = json.loads(done.stdout)
    return {row["SourceFile"]: row["ImageDataHash"] for row in rows if "ImageDataHash" in row}


def scan_hex(data: bytes) -> str:
    """Our digest by ExifTool's rule."""
    return digest_of(scan_pieces(data)).hex


MUTATED = {
    "flipped": lambda d: flip(d, scan_offset(d, 0.5), 0x10),
    "comment": insert_before(DQT, segment(COM, b"x")),
    "comment before EOI": insert_before(EOI, segment(COM, b"x")),
    "comment in the scan": lambda d: (
        insert_before(SOS, b"")(d)[: scan_offset(d, 0.5)]
        + segment(COM, b"x")
        + d[scan_offset(d, 0.5) :]
    ),
    "fill before segments": fill_before(rb"\xff[\xdb\xc4\xda]"),
    "fill before EOI": insert_before(EOI, b"\xff\xff"),
    "fill before RST": fill_before(rb"\xff[\xd0-\xd7]"),
    "trailer": lambda d: d + b"trailer" + d,
    "Exif twice": lambda d: insert_before(DQT, segment(0xE1, exif_payload(d)))(d),
}


@pytest.fixture(scope="session")
def variants(sealed: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sealed files of all kinds with all mutations."""
    folder = tmp_path_factory.mktemp("variants")
    for kind, data in sealed.items():
        (folder / f"{kind}.jpg").write_bytes(data)
        for name, mutate in MUTATED.items():
            (folder / f"{kind} {name}.jpg").write_bytes(mutate(data))
    return folder


def test_exiftool_agrees_on_sealed_and_mutated_files(exiftool: list[str], variants: Path) -> None:
    """ExifTool's ImageDataHash is our scan digest, whatever was done to the file."""
    paths = sorted(variants.iterdir())
    found = hashes(exiftool, *paths)
    assert len(found) == len(paths) > 60
    assert {path: scan_hex(Path(path).read_bytes()) for path in found} == found


def test_exiftool_agrees_on_the_vectors(exiftool: list[str], tmp_path: Path) -> None:
    """The conformance vectors' scan digests are ExifTool's."""
    expected = {}
    for number, vector in enumerate(json.loads(make_vectors.FILE.read_text())["jpeg"]):
        if vector["complete"] and vector["length"] > 100:
            path = tmp_path / f"{number}.jpg"
            path.write_bytes(base64.b64decode(vector["file"]))
            expected[str(path)] = vector["scan"].partition(":")[2]
    found = hashes(exiftool, *map(Path, expected))
    assert len(found) > 40
    assert {path: expected[path] for path in found} == found


def test_exiftool_agrees_on_collected_images(exiftool: list[str]) -> None:
    """On microscope pictures, and on files with strange, broken and hostile headers."""
    if not DATA.is_dir():
        skip_or_fail("data", f"there is no folder {DATA} (set NAPARI_SEAL_DATA)")
    paths = [path for path in DATA.rglob("*.jp*g") if is_jpeg(path.read_bytes()[:3])]
    found = hashes(exiftool, *paths)
    assert len(found) > 0.8 * len(paths)
    assert {path: scan_hex(Path(path).read_bytes()) for path in found} == found


def test_the_package_image_data_hash_agrees(variants: Path) -> None:
    """A Python implementation of ExifTool's rule comes to the same digests."""
    try:
        from image_data_hash import image_data_hash
    except ImportError:
        skip_or_fail("tools", "the package image_data_hash is not installed")
    for path in variants.iterdir():
        assert image_data_hash(path, "sha256") == scan_hex(path.read_bytes()), path.name


def test_the_one_liner_lists_exactly_the_changed_files(
    exiftool: list[str], sealed: dict[str, bytes], tmp_path: Path
) -> None:
    """ExifTool alone finds the edited pictures among intact and re-tagged ones, in subfolders."""
    (tmp_path / "sub").mkdir()
    tagged = edit_exif(lambda tags: tags["0th"].update({0x010F: b"Leica"}))
    for kind in ("gray", "rgb", "both", "restarts"):
        folder = tmp_path / "sub" if kind == "rgb" else tmp_path
        (folder / f"{kind}-intact.jpg").write_bytes(sealed[kind])
        (folder / f"{kind}-tagged.jpg").write_bytes(tagged(sealed[kind]))
        (folder / f"{kind}-edited.jpg").write_bytes(MUTATED["flipped"](sealed[kind]))
    command = [
        *exiftool, "-q", "-api", "ImageHashType=SHA256", "-if",
        "$ImageDataHash ne $OriginalImageHash", "-p", "$FilePath", "-r", str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    listed = {Path(line) for line in done.stdout.splitlines()}
    assert listed == set(tmp_path.rglob("*-edited.jpg")), done.stderr
    assert {p for p in tmp_path.rglob("*.jpg") if not check(p).intact} == {
        *listed, *tmp_path.rglob("*-tagged.jpg"),
    }  # fmt: skip


def test_exiftool_reads_our_tags(
    exiftool: list[str], sealed: dict[str, bytes], tmp_path: Path
) -> None:
    """Identity, software, record and the XMP tags are where ExifTool looks, without a warning."""
    (tmp_path / "a.jpg").write_bytes(sealed["gray"])
    command = [*exiftool, "-json", "-G1", "-a", "-warning", "-error", "-EXIF:all", "-XMP:all"]
    done = subprocess.run(
        [*command, str(tmp_path / "a.jpg")], capture_output=True, text=True, check=True
    )
    (tags,) = json.loads(done.stdout)
    stored = check(tmp_path / "a.jpg").seal
    assert tags["ExifIFD:ImageUniqueID"] == stored.identity  # type: ignore[union-attr]
    assert tags["IFD0:Make"] == "Zeiss"
    assert tags["XMP-et:OriginalImageHash"] == stored.scan.hex  # type: ignore[union-attr]
    assert tags["XMP-et:OriginalImageHashType"] == "SHA256"
    assert json.loads(tags["ExifIFD:UserComment"])["detector"] == "TDR 12"
    assert not any("Warning" in key or "Error" in key for key in tags)


def test_exiftool_finds_the_exif_block_well_formed(
    exiftool: list[str], tracks: np.ndarray, tmp_path: Path
) -> None:
    """No overlap, no odd offset, no tag out of order; what is missing is another matter."""
    tags = {"Make": "Zeiss", "XPTitle": tuple(b"t\0"), "GPSLatitude": (52, 30, 0.5), "FNumber": 2}
    for name, given in (("plain", None), ("tags", tags)):
        path = tmp_path / f"{name}.jpg"
        seal(tracks, path, exif=given, metadata={"detector": "TDR 12"})
        done = subprocess.run(
            [*exiftool, "-validate", "-warning", "-error", "-a", "-s3", str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = [line for line in done.stdout.splitlines() if "Warning" not in line]
        assert [line for line in found if not line.startswith("Missing required JPEG")] == []


def test_exiftool_edits_get_the_right_verdict(
    exiftool: list[str], sealed: dict[str, bytes], tmp_path: Path
) -> None:
    """Real tag edits: an added tag is intact, a changed one is not, stripping removes the seal."""
    edits = {
        "added": (["-Artist=Somebody"], "intact"),
        "xmp": (["-XMP-dc:Title=A title"], "intact"),
        "comment": (["-Comment=Hello"], "intact"),
        "changed": (["-Make=Leica"], "metadata-changed"),
        "turned": (["-Orientation#=6"], "metadata-changed"),
        "record": (["-UserComment<${UserComment;s/TDR 12/TDR 13/}"], "metadata-changed"),
        "stripped": (["-all="], "no-seal"),
    }
    for name, (options, expected) in edits.items():
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(sealed["gray"])
        subprocess.run([*exiftool, "-q", "-overwrite_original", *options, str(path)], check=True)
        assert path.read_bytes() != sealed["gray"]
        assert (name, str(check(path).verdict)) == (name, expected)


def verify_by_hand(data: bytes) -> tuple[bool, bool]:
    """Whether codestream and record match, for a file as napari-seal writes it.

    All that it takes: ``hashlib``, ``json`` and the order of segments in the file.
    """
    import hashlib

    rest, at, text, sof = data[:2], 2, b"", 0
    while data[at + 1] != 0xDA:
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker & 0xF0 == 0xE0 or marker == 0xFE:
            if data[at + 4 : at + 10] == b"Exif\0\0":
                text = re.search(rb"ASCII\0\0\0(\{.*\}\})", data[at:end], re.DOTALL)[1]  # type: ignore[index]
        else:
            rest += data[at:end]
            sof = data[at + 9] if marker in (0xC0, 0xC2) else sof
        at = end
    token = b"YCbCr" if sof == 3 else b""
    codestream = hashlib.sha256(rest + data[at:] + token).hexdigest()
    record = hashlib.sha256(text[: text.rindex(b',"record":"')]).hexdigest()
    seal = json.loads(text)["seal"]
    return seal["codestream"] == f"sha256:{codestream}", seal["record"] == f"sha256:{record}"


@pytest.mark.parametrize("kind", ["gray", "rgb", "both", "restarts", "progressive"])
def test_twenty_lines_of_python_verify_a_file(kind: str, sealed: dict[str, bytes]) -> None:
    """The standard library alone proves picture and metadata, and sees a change of either."""
    data = sealed[kind]
    assert verify_by_hand(data) == (True, True)
    assert verify_by_hand(flip(data, scan_offset(data, 0.5), 0x10)) == (False, True)
    assert verify_by_hand(edit_text(lambda t: t.replace(b"12", b"13"))(data)) == (True, False)
