"""What the napari hub shows of a release: from the metadata and the manifest in its wheel.

``python tests/test_hub.py`` prints it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "napari_seal"
#: Of contributions, as the hub tells plugins apart.
KINDS = ("readers", "writers", "widgets", "sample_data")


def page(wheel: Path) -> dict[str, Any]:
    """The fields of a plugin's page, by their headings there."""
    from npe2 import PluginManifest

    with zipfile.ZipFile(wheel) as archive:
        about = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(about).decode("utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            manifest = PluginManifest.from_file(
                archive.extract(f"{PACKAGE}/napari.yaml", path=folder)
            )
        icon = manifest.icon and archive.read(str(manifest.icon).replace(":", "/"))
    gives = manifest.contributions
    classifiers = metadata.get_all("Classifier", [])

    def those(prefix: str) -> list[str]:
        return [c.removeprefix(prefix) for c in classifiers if c.startswith(prefix)]

    return {
        "name": metadata["Name"],
        "display name": manifest.display_name,
        "visibility": manifest.visibility,
        "summary": metadata["Summary"],
        "authors": metadata["Author"],
        "licence": metadata["License-Expression"],
        "version": metadata["Version"],
        "development status": those("Development Status :: "),
        "is a plugin of napari": "Framework :: napari" in classifiers,
        "categories": [category.value for category in manifest.categories],
        "plugin types": [
            kind
            for kind in ("readers", "writers", "widgets", "sample_data")
            if getattr(gives, kind)
        ],
        "opens": [pattern for reader in gives.readers for pattern in reader.filename_patterns],
        "saves": sorted({e for writer in gives.writers for e in writer.filename_extensions}),
        "saves layers": sorted({layer for w in gives.writers for layer in w.layer_types}),
        "widgets": [widget.display_name for widget in gives.widgets],
        "python versions": metadata["Requires-Python"],
        "tested with python": those("Programming Language :: Python :: "),
        "operating system": those("Operating System :: "),
        "requirements": [r for r in metadata.get_all("Requires-Dist") if "extra ==" not in r],
        "keywords": metadata["Keywords"].split(","),
        "links": metadata.get_all("Project-URL", []),
        "icon": icon,
        "description type": metadata["Description-Content-Type"],
        "description": metadata.get_payload(),
    }


def build(out: Path) -> Path:
    """The wheel of this checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The page."""
    pytest.importorskip("npe2", reason="npe2 is not installed, which comes with napari")
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    return page(build(tmp_path_factory.mktemp("wheel")))


def test_nothing_is_missing(shown: dict[str, Any]) -> None:
    """Every field says something; links wait for the address of a repository."""
    assert [field for field, value in shown.items() if not value and field != "links"] == []


def test_it_is_found(shown: dict[str, Any]) -> None:
    """The hub lists what has the classifier and is visible; a summary is one line."""
    assert shown["name"] == shown["display name"] == "napari-seal"
    assert shown["visibility"] == "public"
    assert shown["is a plugin of napari"]
    assert 20 < len(shown["summary"]) <= 120
    assert "\n" not in shown["summary"]
    assert {"microscopy", "JPEG", "PNG", "Exif", "napari"} <= set(shown["keywords"])
    assert shown["licence"] == "BSD-3-Clause"


def test_supported_data(shown: dict[str, Any]) -> None:
    """Readers and writers speak of the same kinds of files."""
    assert shown["plugin types"] == ["readers", "writers", "widgets", "sample_data"]
    assert shown["saves"] == [".sealed.jpg", ".sealed.png"]
    assert {f"*{extension}" for extension in shown["saves"]} < set(shown["opens"])
    assert "image" in shown["saves layers"]
    assert "labels" in shown["saves layers"]


def test_python_versions_agree(shown: dict[str, Any]) -> None:
    """The lowest one that may install it is the lowest that is named."""
    tested = [tuple(map(int, v.split("."))) for v in shown["tested with python"] if "." in v]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert shown["python versions"] == project["requires-python"]
    assert f">={'.'.join(map(str, min(tested)))}" == shown["python versions"]
    assert tested == sorted(tested)


def test_the_description_is_the_readme(shown: dict[str, Any]) -> None:
    """Whole, as Markdown."""
    assert shown["description type"] == "text/markdown"
    assert shown["description"].strip() == (ROOT / "README.md").read_text("utf-8").strip()


def test_the_icon_is_a_small_picture(shown: dict[str, Any]) -> None:
    """SVG, square, without anything that would be fetched or run."""
    root = ElementTree.fromstring(shown["icon"])  # our own file
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    x, y, width, height = map(float, root.attrib["viewBox"].split())
    assert (x, y) == (0, 0)
    assert width == height
    assert {element.tag.rpartition("}")[2] for element in root} <= {"path", "circle"}
    assert len(shown["icon"]) < 4096


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as out:
        for heading, value in page(build(Path(out))).items():
            text = value if isinstance(value, str) else repr(value)
            sys.stdout.write(f"{heading:>22}  {text[:300]}\n")
