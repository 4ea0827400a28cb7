"""Adopting one file: what is kept, what the seal says, and what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import piexif
import pytest
from make_vectors import codestream
from make_vectors_metadata import read_tiff
from mutators import APP1, EXIF, XMP, edit_text, exif_payload, moedal_check, record_text, spans
from PIL import Image
from strangers import (
    ACCEPTED,
    COLOURS,
    FORCEABLE,
    REFUSED,
    TRACKS,
    camera_block,
    encoded,
    mpf_first,
    with_block,
)

import napari_seal
from napari_seal import AdoptError, MetadataError, Outcome, check
from napari_seal.errors import OptionError

KINDS = pytest.mark.parametrize("kind", ACCEPTED)
OURS = XMP + b"<?xpacket begin='\xef\xbb\xbf' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='a"


def others(data: bytes) -> list[bytes]:
    """All segments but Exif and the packet for ExifTool."""
    parts = ((m, data[s:e]) for m, s, e in spans(data))
    return [p for m, p in parts if m != APP1 or not p[4:].startswith((EXIF, OURS))]


def tags_of(data: bytes) -> dict[str, dict[int, Any]]:
    """Exif tags by a reader that is not the code's own; empty where there are none."""
    if EXIF not in data:
        return {}
    return read_tiff(exif_payload(data)[len(EXIF) :])


@KINDS
def test_the_image_and_all_else_is_untouched(kind: str, adopted: Any) -> None:
    """Codestream, other segments and trailer are the same bytes; the pixels are the same."""
    data = ACCEPTED[kind]
    new = adopted(data)
    assert codestream(new) == codestream(data)
    assert others(new) == others(data)
    end = codestream(data)[0]
    assert new.endswith(data[data.rindex(end[-40:]) :])
    pixels = [np.asarray(Image.open(io.BytesIO(d))) for d in (data, new)]
    assert np.array_equal(*pixels)


@KINDS
def test_an_adopted_file_is_intact(kind: str, adopted: Any, tmp_path: Path) -> None:
    """The one reason is that it was adopted, and every digest in the seal is right."""
    new = adopted(ACCEPTED[kind])
    verdict = check(tmp_path / "old.jpg", full=True)
    assert verdict.verdict == Outcome.INTACT
    assert [str(r.code) for r in verdict.reasons] == ["adopted"]
    seal = verdict.seal
    assert isinstance(seal, napari_seal.Seal)
    assert seal.source is seal.window is seal.quality is None
    assert seal.adopted is not None
    assert seal.adopted.sha244 == ("intact" if kind == "MoEDAL" else "none")
    assert json.loads(record_text(new))["seal"]["adopted"] == seal.adopted.as_dict()


@KINDS
def test_every_other_exif_tag_is_kept(kind: str, adopted: Any) -> None:
    """Only UserComment changes, and what a seal needs is added where it is missing."""
    data = ACCEPTED[kind]
    old, new = tags_of(data), tags_of(adopted(data))
    added = {("IFD0", 0x0131), ("ExifIFD", 0x9000), ("ExifIFD", 0xA420), ("ExifIFD", 0x9286)}
    for directory, tags in new.items():
        for number, value in tags.items():
            if (directory, number) != ("ExifIFD", 0x9286):
                kept = old.get(directory, {}).get(number)
                assert kept == value or (kept is None and (directory, number) in added)
    assert {(d, n) for d in old for n in old[d]} <= {(d, n) for d in new for n in new[d]}


def test_what_a_camera_points_to_stays_where_it_is(adopted: Any) -> None:
    """MakerNote and thumbnail lie at their old offsets, and all bytes before the new ones too."""
    data = ACCEPTED["a camera's Exif"]
    old, new = exif_payload(data)[6:], exif_payload(adopted(data))[6:]
    changed = [at for at in range(len(old)) if old[at] != new[at]]
    assert len(changed) <= 4  # the pointer to the Exif IFD
    before, after = piexif.load(EXIF + old), piexif.load(EXIF + new)
    assert after["thumbnail"] == before["thumbnail"] is not None
    assert after["1st"] == before["1st"]


def test_the_thumbnail_is_named_when_it_changes(adopted: Any, tmp_path: Path) -> None:
    """It is no part of the image, and an edited one is told."""
    new = adopted(ACCEPTED["a camera's Exif"])
    at = new.index(b"\xff\xd8", 30) + 30
    (tmp_path / "b.jpg").write_bytes(new[:at] + bytes((new[at] ^ 1,)) + new[at + 1 :])
    verdict = check(tmp_path / "b.jpg")
    assert verdict.verdict == Outcome.INTACT
    assert "thumbnail-added" in [str(r.code) for r in verdict.reasons]


def test_the_moedal_keys_stay_where_scripts_expect_them(adopted: Any) -> None:
    """The user's keys and ``sha244`` are at the top level, and the old check passes."""
    data = ACCEPTED["MoEDAL"]
    old, new = json.loads(record_text(data)), json.loads(record_text(adopted(data)))
    assert new.pop("seal")["adopted"]["sha244"] == "intact"
    assert new == old
    assert moedal_check(adopted(data))


def test_the_identity_is_that_of_the_pixels_unless_there_is_one(adopted: Any) -> None:
    """ImageUniqueID is kept; where it is missing it is the first digits of the pixels' digest."""
    kept = tags_of(adopted(ACCEPTED["a camera's Exif"]))["ExifIFD"][0xA420][2]
    assert kept.rstrip(b"\0") == b"0123456789abcdef" * 2
    new = adopted(ACCEPTED["gray"])
    pixels = json.loads(record_text(new))["seal"]["pixels"]["digest"]
    assert tags_of(new)["ExifIFD"][0xA420][2] == pixels[7:39].encode() + b"\0"


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (b"ASCII\0\0\0after lunch \0\0", {"UserComment": "after lunch"}),
        (b"ASCII\0\0\0caf\xe9", {"UserComment": "caf\u00e9"}),
        (b'ASCII\0\0\0{"a": [1, 2.50], "UserComment": 3}', {"a": [1, 2.5], "UserComment": 3}),
        (b"ASCII\0\0\0[1]", {"UserComment": "[1]"}),
        (b'ASCII\0\0\0{"a":1,"a":2}', {"UserComment": '{"a":1,"a":2}'}),
        (b"ASCII\0\0\0" + bytes(200), {}),
        (bytes(8) + b" " * 36, {}),
        (bytes(8) + b"words", {"UserComment": "words"}),
        (bytes(8) + b"\1\2\3", {"UserComment": {"code": "", "base64": "AQID"}}),
        (b"UNICODE\0" + "{\"a\":1}".encode("utf-16-le"), {"a": 1}),
        (b"UNICODE\0" + "Žofie".encode("utf-16-be"), {"UserComment": "Žofie"}),
        (b"UNICODE\0" + "hello".encode("utf-16-le"), {"UserComment": "hello"}),
        (b"JIS\0\0\0\0\0" + "顕微鏡".encode("iso2022_jp"), {"UserComment": "顕微鏡"}),
        (b"unknown\0text", {"UserComment": "text"}),
        (b"abc", {"UserComment": {"code": "abc", "base64": ""}}),
    ],
)  # fmt: skip
def test_comments_become_the_users_keys(comment: bytes, expected: object, adopted: Any) -> None:
    """A JSON object gives its keys; whatever else somebody wrote is kept under one key."""
    if comment == b"abc":
        expected = {}  # a code without a comment
    new = json.loads(record_text(adopted(with_block(encoded(), camera_block(comment)))))
    del new["seal"]
    assert new == expected


def test_further_keys_go_beside_those_of_the_file(adopted: Any) -> None:
    """The same value twice is no conflict; another one is refused."""
    data = ACCEPTED["a comment of JSON"]
    new = json.loads(record_text(adopted(data, metadata={"site": "CERN", "dose": 1.5})))
    assert (new["dose"], new["site"]) == (1.5, "CERN")
    with pytest.raises(AdoptError, match="'dose' already") as raised:
        adopted(data, metadata={"dose": 2})
    assert raised.value.code == "metadata"
    with pytest.raises(MetadataError, match="sha244"):
        adopted(data, metadata={"sha244": "x"})


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_is_left_as_it_is(kind: str, tmp_path: Path) -> None:
    """With its code, whatever is forced, and with nothing beside it."""
    code, make = REFUSED[kind]
    path = tmp_path / "a.jpg"
    path.write_bytes(make())
    with pytest.raises(AdoptError) as raised:
        napari_seal.adopt(path, in_place=True, force=list(FORCEABLE))
    assert raised.value.code == code, raised.value
    assert path.read_bytes() == make()
    assert [p.name for p in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("code", FORCEABLE)
def test_what_is_forced_is_written_into_the_seal(code: str, tmp_path: Path) -> None:
    """Refused by default; forced, the seal says so, and the file is intact."""
    path = tmp_path / "a.jpg"
    path.write_bytes(FORCEABLE[code]())
    with pytest.raises(AdoptError, match=f"force '{code}'") as raised:
        napari_seal.adopt(path, in_place=True)
    assert raised.value.code == code
    assert path.read_bytes() == FORCEABLE[code]()
    seal = napari_seal.adopt(path, in_place=True, force=code)
    assert seal.adopted is not None
    assert seal.adopted.forced == (code,)
    assert check(path).intact


def test_a_broken_sha244_is_recorded(tmp_path: Path) -> None:
    """The seal and every verdict say what stood there, and what the picture has."""
    path = tmp_path / "a.jpg"
    path.write_bytes(FORCEABLE["sha244-broken"]())
    stood = json.loads(record_text(path.read_bytes()))["sha244"]
    adopted = napari_seal.adopt(path, in_place=True, force=["sha244-broken"]).adopted
    assert adopted is not None
    assert (adopted.sha244, adopted.expected) == ("broken", stood)
    reason = check(path).reasons[0]
    assert (reason.expected, reason.found) == (stood, adopted.found)
    assert "not those of its digest" in reason.message
    assert json.loads(record_text(path.read_bytes()))["sha244"] == stood


def test_a_seal_that_was_removed_is_not_passed_over(tmp_path: Path) -> None:
    """What once was sealed is adopted only if it is forced."""
    path = tmp_path / "a.jpg"
    napari_seal.seal(TRACKS, path, moedal=True)
    cut = edit_text(lambda t: t[: t.index(b',"seal"')] + b"}")(path.read_bytes())
    path.write_bytes(cut)
    with pytest.raises(AdoptError, match="was removed") as raised:
        napari_seal.adopt(path, in_place=True)
    assert raised.value.code == "seal-removed"
    adopted = napari_seal.adopt(path, in_place=True, force=["seal-removed"]).adopted
    assert adopted is not None
    assert (adopted.sha244, adopted.forced) == ("intact", ("seal-removed",))


def test_what_is_sealed_is_never_sealed_again(tmp_path: Path, sealed: dict[str, bytes]) -> None:
    """An intact file is left alone; one that was changed since is refused."""
    path = tmp_path / "a.jpg"
    path.write_bytes(sealed["gray"])
    assert napari_seal.adopt(path, in_place=True).adopted is None
    assert path.read_bytes() == sealed["gray"]
    for old, new in ((b'"dose":1.5', b'"dose":9.5'), (b'"seal":{', b'"seal":[')):
        path.write_bytes(sealed["gray"].replace(old, new))
        with pytest.raises(AdoptError, match="it has a seal, and is") as raised:
            napari_seal.adopt(path, in_place=True, force=list(FORCEABLE))
        assert raised.value.code == "not-intact"
    path.write_bytes(ACCEPTED["MoEDAL"])
    first = napari_seal.adopt(path, in_place=True)
    assert napari_seal.adopt(path, in_place=True) == first


def test_offsets_from_before_are_not_broken(adopted: Any) -> None:
    """Further pictures are found after adoption; a list before the Exif segment is refused."""
    data = ACCEPTED["several pictures"]
    for content in (data, adopted(data)):
        with Image.open(io.BytesIO(content)) as image:
            assert image.n_frames == 2
            image.seek(1)
            second = np.asarray(image)
        assert abs(int(second[0, 0]) - int(np.asarray(Image.open(io.BytesIO(data)))[-1, 0])) < 9
    with pytest.raises(AdoptError) as raised:
        adopted(mpf_first())
    assert raised.value.code == "offsets"


def test_a_copy_leaves_the_file_alone(tmp_path: Path) -> None:
    """The target is made once; the same again is no error, another one is."""
    old, new = tmp_path / "a.jpg", tmp_path / "b.jpg"
    old.write_bytes(ACCEPTED["gray"])
    first = napari_seal.adopt(old, new)
    assert old.read_bytes() == ACCEPTED["gray"]
    assert napari_seal.adopt(old, new) == first
    old.write_bytes(ACCEPTED["progressive"])
    with pytest.raises(AdoptError) as raised:
        napari_seal.adopt(old, new)
    assert raised.value.code == "target-exists"


def test_a_dry_run_writes_nothing_and_says_the_same(tmp_path: Path) -> None:
    """The seal that would be stored, and the errors that would be raised."""
    path = tmp_path / "a.jpg"
    path.write_bytes(ACCEPTED["MoEDAL"])
    would = napari_seal.adopt(path, dry_run=True)
    assert path.read_bytes() == ACCEPTED["MoEDAL"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.jpg"]
    did = napari_seal.adopt(path, in_place=True)
    assert (would.codestream, would.adopted, would.metadata) == (
        did.codestream, did.adopted, did.metadata)  # fmt: skip
    path.write_bytes(REFUSED["cut"][1]())
    with pytest.raises(AdoptError):
        napari_seal.adopt(path, dry_run=True)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "give a target"),
        ({"target": "b.jpg", "in_place": True}, "not both"),
        ({"dry_run": True, "force": ["truncated"]}, "cannot be forced"),
        ({"dry_run": True, "algorithm": "md5"}, "algorithm"),
        ({"target": "s3://bucket/b.jpg"}, "local files"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], problem: str, tmp_path: Path) -> None:
    """They are refused before anything is read."""
    path = tmp_path / "a.jpg"
    path.write_bytes(ACCEPTED["gray"])
    with pytest.raises(OptionError, match=problem):
        napari_seal.adopt(path, **options)


def test_a_signed_seal_and_other_digests(tmp_path: Path) -> None:
    """The signature is trusted where its key is; BLAKE3 is for those that want it."""
    pytest.importorskip("cryptography")
    pytest.importorskip("blake3")
    key = napari_seal.SigningKey.generate()
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(COLOURS))
    seal = napari_seal.adopt(path, in_place=True, key=key, algorithm="blake3")
    assert seal.codestream.algorithm == "blake3"
    assert seal.adopted is not None
    assert seal.adopted.beside.algorithm == "blake3"
    trust = napari_seal.Trust([napari_seal.TrustedKey(key=key.public, name="me")])
    assert napari_seal.verify(path, trust=trust, require_signature=True) == seal
