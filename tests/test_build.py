"""The build hook brings the manifest to where npe2 looks, with and without symbolic links."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from lowest import requirements
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from napari_seal import __version__

ROOT = Path(__file__).parents[1]
MANIFEST = "napari.yaml"

pytest.importorskip("hatchling", reason="hatchling is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is needed to build, as git lays it down: without any link."""
    folder = tmp_path / "checkout"
    ignore = shutil.ignore_patterns("__pycache__", MANIFEST)
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignore)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", MANIFEST):
        shutil.copy(ROOT / name, folder / name)
    return folder


def hook(checkout: Path):
    """The hook as hatchling makes it for a checkout."""
    spec = importlib.util.spec_from_file_location("hatch_build", checkout / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ManifestHook(str(checkout), {}, None, None, "", "wheel")


def test_an_editable_install_links_the_manifest(checkout: Path) -> None:
    """An edit of the top-level file is seen at once; installing again is no error."""
    for _ in range(2):
        hook(checkout).initialize("editable", {})
    (checkout / MANIFEST).write_text("name: edited\n")
    assert (checkout / "src/napari_seal" / MANIFEST).read_text() == "name: edited\n"


def test_without_links_the_manifest_is_copied(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system has no links, an editable install gets a copy."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no symbolic links here")

    monkeypatch.setattr(os, "symlink", refuse)
    hook(checkout).initialize("editable", {})
    installed = checkout / "src/napari_seal" / MANIFEST
    assert not installed.is_symlink()
    assert installed.read_bytes() == (checkout / MANIFEST).read_bytes()


@pytest.mark.parametrize("after_editable", [False, True])
def test_a_wheel_has_the_manifest_once(checkout: Path, after_editable: bool) -> None:
    """A wheel carries the top-level file, also from a checkout that is installed editable."""
    if after_editable:
        hook(checkout).initialize("editable", {})
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", checkout / "dist"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (wheel,) = (checkout / "dist").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert names.count(f"napari_seal/{MANIFEST}") == 1
        assert archive.read(f"napari_seal/{MANIFEST}") == (ROOT / MANIFEST).read_bytes()
        assert {name.split("/")[0] for name in names} == {
            "napari_seal",
            f"napari_seal-{__version__}.dist-info",
        }


def build(checkout: Path, out: Path) -> Path:
    """The wheel of a checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (wheel,) = out.iterdir()
    return wheel


def test_a_wheel_holds_the_package_and_nothing_else(checkout: Path, tmp_path: Path) -> None:
    """Each module, the manifest, the marker of types and what describes the wheel; no link."""
    with zipfile.ZipFile(build(checkout, tmp_path / "dist")) as archive:
        names = archive.namelist()
        links = [i.filename for i in archive.infolist() if stat.S_ISLNK(i.external_attr >> 16)]
    about = f"napari_seal-{__version__}.dist-info"
    described = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    source = checkout / "src"
    kinds = {".py", ".css", ".js", ".svg"}
    modules = {p.relative_to(source).as_posix() for p in source.rglob("*") if p.suffix in kinds}
    assert len(modules) > 100
    assert len(names) == len(set(names))
    assert set(names) == modules | {f"napari_seal/{MANIFEST}", "napari_seal/py.typed"} | {
        f"{about}/{name}" for name in described
    }
    assert links == []


def test_a_wheel_is_built_the_same_twice(checkout: Path, tmp_path: Path) -> None:
    """From one checkout comes one wheel, byte for byte, so that anybody can build it to compare."""
    first, second = (build(checkout, tmp_path / name) for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()


def test_what_a_wheel_asks_for_is_what_the_project_says(checkout: Path, tmp_path: Path) -> None:
    """Requirements come by name and range, none from an address, each with a lower bound only."""
    with zipfile.ZipFile(build(checkout, tmp_path / "dist")) as archive:
        text = archive.read(f"napari_seal-{__version__}.dist-info/METADATA").decode()
    asked = [Requirement(v) for v in Parser().parsestr(text).get_all("Requires-Dist", [])]
    others = [requirement for requirement in asked if requirement.name != "napari-seal"]
    ours = {canonicalize_name(requirement.name) for requirement in requirements()}
    assert ours <= {canonicalize_name(requirement.name) for requirement in others}
    for requirement in others:
        assert requirement.url is None
        assert [bound.operator for bound in requirement.specifier] == [">="], requirement.name
