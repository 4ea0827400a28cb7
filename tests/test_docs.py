"""The documentation says what is so: its code runs, its lists are complete, its links lead."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from nd2_files import write_nd2
from PIL import Image
from support import needs

import napari_seal
from napari_seal import Outcome, ReasonCode, Signature
from napari_seal._format import exif, exif_tags, jpeg, keys, limits, record, tiles, xmp
from napari_seal._format.legacy import digest_moedal
from napari_seal._verify.score_map import ScoreMap

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
if not DOCS.is_dir():
    pytest.skip("the documentation is not here", allow_module_level=True)

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("[!_]*/**/*.md")])


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# ------------------------------------------------------------------------------ code that is run


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line on which the text begins."""

    language: str
    text: str
    line: int


FENCE = re.compile(r"^```([\w{}-]*)[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start(2)) + 1)
        for match in FENCE.finditer(text)
    ]


def commands_in(block: Block) -> list[str]:
    """The lines of a block of commands that are all ours; a block with others is for reading."""
    lines = [line for line in block.text.splitlines() if line and not line.startswith("#")]
    return lines if all(line.startswith("napari-seal ") for line in lines) else []


def make_archive(image: np.ndarray) -> None:
    for n in range(4):
        path = Path(f"archive/plate_{n // 2}/field_{n}.sealed.jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        napari_seal.seal(np.roll(image, n), path)
    data = bytearray(path.read_bytes())
    data[-200] ^= 4
    path.write_bytes(data)
    Path("scans/plate_1").mkdir(parents=True)
    np.save("scans/plate_1/field_0001.npy", image)


def make_pair(image: np.ndarray) -> None:
    napari_seal.seal(image, "intact.sealed.jpg", metadata={"n": 1})
    napari_seal.seal(image, "intact.sealed.png", metadata={"n": 1})
    data = bytearray(Path("intact.sealed.jpg").read_bytes())
    data[-200] ^= 4
    Path("edited.sealed.jpg").write_bytes(data)


def make_listed(image: np.ndarray) -> None:
    make_archive(image)
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to('archive')}\n"
        for path in Path("archive").rglob("*.jpg")
    ]
    Path("SHA256SUMS").write_text("".join(lines))


def make_moedal(image: np.ndarray) -> None:
    """What the MoEDAL function leaves, made without it."""
    Path("moedal").mkdir()
    buffer = io.BytesIO()
    Image.fromarray((image >> 8).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    digest = digest_moedal(np.asarray(Image.open(buffer)))
    comment = json.dumps({"operator": "A. N. Other", "exposure": 12, "sha244": digest})
    block = exif_tags.build(
        {}, unique_id="0" * 32, software="other", comment=comment.encode("ascii")
    )
    data = jpeg.insert_segments(buffer.getvalue(), [block])
    Path("moedal/track.jpg").write_bytes(data)


def make_microscope_files(image: np.ndarray) -> None:
    Path("raw").mkdir()
    sizes = {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}
    tifffile.imwrite("raw/field.ome.tif", image, metadata={"axes": "YX", **sizes})
    stack = np.stack([image // n for n in range(1, 9)])
    cells = stack.reshape(2, 2, 2, *image.shape)
    tifffile.imwrite("raw/cells.ome.tif", cells, metadata={"axes": "TCZYX", **sizes})
    time = {"kind": 1, "uiCount": 2, "dStart": 0.0, "dPeriod": 1.0, "dDuration": 2.0}
    points = [{"dPosX": float(n), "dPosY": 0.0, "dPosZ": 0.0} for n in range(2)]
    places = {"kind": 2, "uiCount": 2, "bUseZ": False, "Points": points}
    write_nd2(Path("raw/plate.nd2"), stack[:4, ..., None], [time, places])


INPUTS: dict[str, Callable[[np.ndarray], None]] = {
    "docs/cli.md": make_archive,
    "docs/howto/archive.md": make_archive,
    "docs/ledger.md": make_archive,
    "docs/howto/signed-ledger.md": make_archive,
    "docs/interchange/python.md": make_pair,
    "docs/interchange/manifests.md": make_listed,
    "docs/howto/microscopes.md": make_microscope_files,
    "docs/howto/moedal.md": make_moedal,
}

RUNNABLE = [
    page
    for page in PAGES
    if any(
        b.language == "python" or (b.language == "sh" and commands_in(b)) for b in blocks_of(page)
    )
]


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_code_runs(
    page: Path, tracks: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python and our commands run from top to bottom; text after Python is its output."""
    monkeypatch.chdir(tmp_path)
    if page.stem == "micro-manager":
        needs("pymmcore_plus", "pymmcore")
    INPUTS.get(name_of(page), lambda _: None)(tracks)
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed: str | None = None
    for block in blocks_of(page):
        where = f"{name_of(page)}:{block.line}"
        if block.language == "text" and printed is not None:
            assert printed == block.text, where
        printed = None
        if block.language == "python":
            code = compile("\n" * (block.line - 1) + block.text, name_of(page), "exec")
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(code, namespace)
            printed = output.getvalue() or None
        elif block.language == "sh":
            for line in commands_in(block):
                run_command(line, where)


def run_command(line: str, where: str) -> None:
    from napari_seal._cli import main

    result = CliRunner().invoke(main, shlex.split(line)[1:])
    assert result.exit_code in (0, 1), f"{where}: {line}\n{result.output}"
    assert result.exception is None or isinstance(result.exception, SystemExit), where


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_for_reading_parses(page: Path) -> None:
    """Blocks that are not run, marked ``py``, are Python at least."""
    for block in blocks_of(page):
        if block.language == "py":
            compile(block.text, f"{name_of(page)}:{block.line}", "exec")


# ------------------------------------------------------------------------------------------ lists


def first_cells(section: str) -> list[str]:
    """The codes in the first column of the tables of a piece of Markdown."""
    return re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)


def section_of(page: str, heading: str) -> str:
    """A second-level section of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"{page} has no section {heading!r}"
    return found[1]


def test_verdicts_lists_every_outcome_in_order() -> None:
    """The words on the page are those of the code, from good to bad."""
    assert first_cells(section_of("verdicts.md", "The words")) == [str(o) for o in Outcome]


def test_verdicts_lists_every_reason_once() -> None:
    """Each reason code has its row, and no row is for a code that does not exist."""
    listed = first_cells(section_of("verdicts.md", "The reasons"))
    assert sorted(listed) == sorted(str(code) for code in ReasonCode)


def test_verdicts_lists_every_signature_state() -> None:
    """The states of the signature are those of the code."""
    assert first_cells(section_of("verdicts.md", "The signature")) == [str(s) for s in Signature]


def test_verdicts_states_the_order_of_gravity() -> None:
    """The order in which verdicts outweigh each other is the one that the check uses."""
    from napari_seal._verify.steps import _GRAVITY

    assert " < ".join(f"`{o}`" for o in _GRAVITY) in section_of("verdicts.md", "Gravity")


def test_verdicts_describes_the_json_object() -> None:
    """Every key of a line of ``--jsonl`` is described, and every column of the CSV."""
    from napari_seal._verify.report import CSV_COLUMNS

    section = section_of("verdicts.md", "The JSON object of a file")
    verdict = napari_seal.check("there is no such file")
    assert set(first_cells(section)) == set(verdict.as_dict())
    assert all(f"`{column}`" in section for column in CSV_COLUMNS)


def test_verdicts_describes_the_score_map() -> None:
    """Every attribute of a score map is explained where regions are."""
    section = section_of("verdicts.md", "Where was it changed?")
    for field in dataclasses.fields(ScoreMap):
        assert f"`{field.name}`" in section or f"`scores.{field.name}`" in section, field.name


def test_api_lists_every_public_name() -> None:
    """Each name of ``__all__`` is on the API page."""
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\.\. auto(?:function|class|exception):: (\w+)$", text, re.MULTILINE))
    assert listed == set(napari_seal.__all__) - {"__version__"}
    assert "__version__" in text


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
        "_verify/ledger",
        "_watch",
    ):
        there |= {path.name for path in (package / folder).glob("*.py")}
    assert there - shown <= {"__init__.py", "__main__.py", "_version.py"}
    assert shown <= there


# ------------------------------------------------------------------------------------ the format


FORMAT = (DOCS / "seal-format.md").read_text(encoding="utf-8")


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
    section = section_of("seal-format.md", "2. The record")
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
    section = FORMAT.partition("### 5.4 ")[2].partition("\n##")[0]
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
    section = FORMAT.partition("### 2.6 ")[2].partition("\n## ")[0]
    for value in ("a", 1, True, None, [], {}):
        assert f"`{keys.check_of(value).kind}`" in section
    example = re.search(r"^(\S+) +the text (.*)$", section, re.MULTILINE)
    assert example is not None
    assert keys.parse(example[1]).matches(json.loads(example[2]))


def test_format_describes_every_exif_tag(example: jpeg.Jpeg) -> None:
    """The tags that a sealed file carries are in the table."""
    for directory, number in exif_of(example):
        name = exif_tags.tag_name((directory, number))
        assert f"| {name} `0x{number:04X}` |" in FORMAT


def test_format_shows_the_xmp_packet(sealed: jpeg.Jpeg) -> None:
    """The packet on the page, its line breaks removed, is the one in the file."""
    (shown,) = (b.text for b in blocks_of(DOCS / "seal-format.md") if "<?xpacket" in b.text)
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
    section = section_of("seal-format.md", "10. Limits")
    assert re.search(rf"(?<![\d,]){getattr(limits, limit):,}(?![\d,])", section)


def test_format_describes_the_vectors() -> None:
    """Each list of the conformance vectors is described, with every key that occurs in it."""
    lists = json.loads((ROOT / "tests" / "data" / "vectors_v1.json").read_text(encoding="utf-8"))
    section = section_of("seal-format.md", "12. Conformance vectors")
    for name, vectors in lists.items():
        if isinstance(vectors, list):
            part = re.search(rf"^`{name}`.*?(?=^`|\Z)", section, re.MULTILINE | re.DOTALL)
            assert part is not None, name
            keys = {key for vector in vectors for key in vector} - {"name"}
            assert all(f"`{key}`" in part[0] for key in keys), name


def test_format_states_the_order_of_gravity() -> None:
    """The order of the verdicts on the format page is that of the code."""
    from napari_seal._verify.steps import _GRAVITY

    section = " ".join(section_of("seal-format.md", "9. How to verify").split())
    assert ", ".join(f"`{outcome}`" for outcome in _GRAVITY) in section


def test_format_numbers_the_steps_as_the_code_does() -> None:
    """The comments of ``steps.py`` count the steps of "How to verify"."""
    source = (ROOT / "src" / "napari_seal" / "_verify" / "steps.py").read_text(encoding="utf-8")
    in_code = re.findall(r"^ +# (\d)\. ", source, re.MULTILINE)
    in_page = re.findall(
        r"^(\d)\. \*\*", section_of("seal-format.md", "9. How to verify"), re.MULTILINE
    )
    assert in_code == in_page


# ------------------------------------------------------------------------------------------ links


def links_of(page: Path) -> Iterator[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`\n]*`", "", text)
    for match in re.finditer(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", match[1]):
            yield match[1]


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(
        r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    """Every relative link and image is there, down to the heading."""
    for link in links_of(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{name_of(page)}: {link}"
        if anchor:
            assert anchor in anchors_of(target), f"{name_of(page)}: {link}"
