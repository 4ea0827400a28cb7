"""The documentation says what is so: its lists are complete, and the format is as it says."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from pages import DOCS, ROOT, blocks_of, section_of

import napari_seal
from napari_seal._format import exif, exif_tags, jpeg, keys, limits, record, tiles, xmp

# ------------------------------------------------------------------------------------------ lists


def test_architecture_lists_every_module() -> None:
    """The tree of files on the page is the tree of files."""
    shown = set(
        re.findall(r"^ +(\w+\.py) ", (DOCS / "architecture.md").read_text("utf-8"), re.MULTILINE)
    )
    package = ROOT / "src" / "napari_seal"
    there = {path.name for path in package.glob("*.py")}
    for folder in (
        "_acquire",
        "_adopt",
        "_format",
        "_images",
        "_seal",
        "_trust",
        "_verify",
        "_verify/change",
        "_verify/ledger",
        "_verify/report",
        "_watch",
    ):
        there |= {path.name for path in (package / folder).glob("*.py")}
    assert there - shown <= {"__init__.py", "__main__.py", "_version.py"}
    assert shown <= there


# ------------------------------------------------------------------------------------ the format


@pytest.fixture(scope="module")
def example(tracks: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> jpeg.Jpeg:
    """A sealed file with all that a seal can hold."""
    path = tmp_path_factory.mktemp("docs") / "a.sealed.jpg"
    napari_seal.seal(tracks, path, layer={"name": "a"}, moedal=True)
    return jpeg.walk(path.read_bytes())


def exif_of(structure: jpeg.Jpeg) -> dict[exif.Key, exif.Entry]:
    (block,) = (
        structure.data[s.payload]
        for s in structure.excluded
        if structure.data[s.payload].startswith(exif.SIGNATURE)
    )
    return exif.read(block[len(exif.SIGNATURE) :])


def test_format_describes_every_key_of_a_seal(example: jpeg.Jpeg) -> None:
    """What a real seal holds is on the format page, and what the parser knows as well."""
    text = exif.user_comment(exif_of(example))
    assert text is not None
    seal = record.load(text)["seal"]
    section = section_of("seal-format/record.md", "2. The record")
    rows = set(
        re.findall(r"^\| `(\w+)` \| [\w ]+ \| (?:required|optional) \|", section, re.MULTILINE)
    )
    assert rows == set(record._KNOWN)
    assert set(seal) <= rows
    for key in ("pixels", "source", "window", "exif"):
        assert all(f"`{inner}`" in section for inner in seal[key])
    assert f"`{record.MOEDAL_KEY}`" in section


def test_format_describes_the_fingerprint(tracks: np.ndarray) -> None:
    """The keys of a fingerprint are those of the page, and so are its numbers."""
    section = section_of("seal-format/picture.md", "5.4 `tiles`: the fingerprint, rule `means-1`")
    keys_of_both = {*tiles.measure(tracks), *tiles.measure((tracks >> 8).astype(np.uint8))}
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    assert set(re.findall(r"\w+", " ".join(rows))) == keys_of_both
    assert f"`{tiles.KIND}`" in section
    steps = (tiles.FINEST, tiles.COARSEST, tiles.COARSEST_OF_BLOCKS)
    numbers = (tiles.BUDGET, tiles.MOST, tiles.BLOCK, *steps, *tiles._LUMA)
    for number in numbers:
        assert re.search(rf"(?<![\d,.]){number:,g}(?![\d,])|\b{number:g}\b", section), number


def test_format_describes_the_check_values() -> None:
    """Each kind of check value is in the table, and the example is one."""
    section = section_of("seal-format/record.md", "2.6 `keys`")
    for value in ("a", 1, True, None, [], {}):
        assert f"`{keys.check_of(value).kind}`" in section
    example = re.search(r"^(\S+) +the text (.*)$", section, re.MULTILINE)
    assert example is not None
    assert keys.parse(example[1]).matches(json.loads(example[2]))


def test_format_describes_every_exif_tag(example: jpeg.Jpeg) -> None:
    """The tags that a sealed file carries are in the table."""
    section = section_of("seal-format/exif-xmp.md", "6.1 Tags that a sealed file carries")
    for directory, number in exif_of(example):
        name = exif_tags.tag_name((directory, number))
        assert f"| {name} `0x{number:04X}` |" in section


def test_format_shows_the_xmp_packet(sealed: jpeg.Jpeg) -> None:
    """The packet on the page, its line breaks removed, is the one in the file."""
    (shown,) = (
        b.text for b in blocks_of(DOCS / "seal-format/exif-xmp.md") if "<?xpacket" in b.text
    )
    scan = napari_seal.Digest("sha256", "0" * 64)
    packet = shown.replace("\n", "").replace("HEX", scan.hex).replace("TYPE", "SHA256")
    assert packet.encode("utf-8") == xmp.build(scan)


LIMITS = [name for name in vars(limits) if name.isupper()]
#: Of what is read beside sealed files, and of descriptions: verifiers may do as they like.
_NOT_OF_THE_FORMAT = (
    "LEDGER_",
    "MANIFEST_",
    "REPORT_",
    "SOURCE_",
    "ZARR_",
    "QUANTISATION_",
    "TURNED_",
    "KEY_",
    "TRUST_",
    "CERTIFICATES_",
    "STATEMENT_",
    "TIMESTAMP_",
    "PASSPHRASE_",
)


@pytest.mark.parametrize("limit", LIMITS)
def test_the_page_of_limits_has_each_with_its_value(limit: str) -> None:
    """Each limit of the code has a row on its page, which has no other rows."""
    rows = dict(
        re.findall(
            r"^\| `([A-Z_]+)` \| ([\d,]+) \|",
            (DOCS / "limits.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    assert rows[limit] == f"{getattr(limits, limit):,}"
    assert set(rows) == set(LIMITS)


@pytest.mark.parametrize(
    "limit", [name for name in LIMITS if not name.startswith(_NOT_OF_THE_FORMAT)]
)
def test_format_states_the_limits(limit: str) -> None:
    """Each limit of the code stands in the table of limits."""
    section = section_of("seal-format/verifying.md", "10. Limits")
    assert re.search(rf"(?<![\d,]){getattr(limits, limit):,}(?![\d,])", section)


def test_format_describes_the_vectors() -> None:
    """Each list of the conformance vectors is described, with every key that occurs in it."""
    lists = json.loads((ROOT / "tests" / "data" / "vectors_v1.json").read_text(encoding="utf-8"))
    section = section_of("seal-format/vectors.md", "12. Conformance vectors")
    for name, vectors in lists.items():
        if isinstance(vectors, list):
            part = re.search(rf"^`{name}`.*?(?=^`|\Z)", section, re.MULTILINE | re.DOTALL)
            assert part is not None, name
            keys = {key for vector in vectors for key in vector} - {"name"}
            assert all(f"`{key}`" in part[0] for key in keys), name


def test_format_states_the_order_of_gravity() -> None:
    """The order of the verdicts on the format page is that of the code."""
    from napari_seal._verify.steps import _GRAVITY

    section = " ".join(section_of("seal-format/verifying.md", "9. How to verify").split())
    assert ", ".join(f"`{outcome}`" for outcome in _GRAVITY) in section


def test_format_numbers_the_steps_as_the_code_does() -> None:
    """The comments of ``steps.py`` count the steps of "How to verify"."""
    source = (ROOT / "src" / "napari_seal" / "_verify" / "steps.py").read_text(encoding="utf-8")
    in_code = re.findall(r"^ +# (\d)\. ", source, re.MULTILINE)
    in_page = re.findall(
        r"^(\d)\. \*\*", section_of("seal-format/verifying.md", "9. How to verify"), re.MULTILINE
    )
    assert in_code == in_page
