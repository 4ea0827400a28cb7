"""The public surface: names, signatures, errors, and what importing it loads."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import napari_seal
from napari_seal import errors

ROOT = Path(__file__).parents[1]

SIGNATURES = {
    "seal": "image path *quality=90 *metadata=None *exif=None *window=None *layer=None "
    "*moedal=False *overwrite=False",
    "check": "path *full=False",
    "verify": "path",
    "read": "path",
    "check_many": "paths *jobs=None *recursive=True *full=False",
    "restore_intensity": "image window",
    "seal_stack": "data path *axes=TCZYX *format=jpeg *quality=90 *metadata=None *exif=None "
    "*window=None *layer=None *overwrite=False *resume=False",
    "Sealer": "*jobs=None *pending=64 *memory=1073741824 *key=None *on_failure=None",
    "open_stack": "path *on_verdict=None",
    "adopt": "path target=None *in_place=False *dry_run=False *metadata=None *force=()",
    "check_stack": "path *each=None *jobs=None *full=False",
}


def test_all_names_can_be_imported() -> None:
    """`__all__` is what there is, sorted and documented."""
    assert napari_seal.__all__ == sorted(set(napari_seal.__all__))
    assert dir(napari_seal) == napari_seal.__all__
    for name in napari_seal.__all__:
        value = getattr(napari_seal, name)
        assert name == "__version__" or inspect.getdoc(value), name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        napari_seal.nonsense  # noqa: B018


def test_every_public_name_is_in_the_tables() -> None:
    """No name is reachable and not promised: what is loaded lazily is what `__all__` lists."""
    assert {*napari_seal._HOME_OF, "__version__"} == set(napari_seal.__all__)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_the_contract(name: str) -> None:
    """Names, order and defaults of parameters; what may grow is keyword-only."""
    found = []
    for parameter in inspect.signature(getattr(napari_seal, name)).parameters.values():
        star = "*" if parameter.kind is parameter.KEYWORD_ONLY else ""
        default = "" if parameter.default is parameter.empty else f"={parameter.default}"
        found.append(f"{star}{parameter.name}{default}")
    promised = SIGNATURES[name].split()
    assert found[: len(promised)] == promised
    assert all(extra.startswith("*") and "=" in extra for extra in found[len(promised) :])


def test_the_parameters_are_documented() -> None:
    """Each parameter has its line in the docstring."""
    for name in SIGNATURES:
        function = getattr(napari_seal, name)
        for parameter in inspect.signature(function).parameters:
            assert re.search(rf"^{parameter} : ", inspect.getdoc(function) or "", re.MULTILINE)


def test_errors_form_one_tree() -> None:
    """All derive from SealError, and none from ValueError, which napari would swallow."""
    classes = [
        value
        for module in (errors, napari_seal)
        for value in (getattr(module, name) for name in dir(module))
        if inspect.isclass(value) and issubclass(value, Exception)
    ]
    assert len(classes) > 8
    for error in classes:
        assert issubclass(error, napari_seal.SealError)
        assert not issubclass(error, ValueError)
    assert issubclass(napari_seal.TargetExistsError, napari_seal.WriteError)
    assert not issubclass(napari_seal.VerificationError, napari_seal.ReadError)


_LOADED = """
import sys
import napari_seal
verdict = napari_seal.check(sys.argv[1])
assert verdict.intact, verdict
heavy = {"qtpy", "PyQt5", "PyQt6", "PySide6", "napari", "magicgui", "npe2"}
heavy |= {"numpy", "PIL", "piexif"}
print(sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("kind", ["gray", "rgb", "both"])
def test_checking_an_intact_file_loads_nothing_heavy(
    kind: str, sealed: dict[str, bytes], tmp_path: Path
) -> None:
    """Neither Qt nor napari, and not even NumPy or Pillow, stand between a file and `intact`."""
    path = tmp_path / "a.jpg"
    path.write_bytes(sealed[kind])
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, str(path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_sealing_loads_no_gui(tmp_path: Path) -> None:
    """An acquisition machine needs neither Qt nor napari."""
    code = (
        "import sys, numpy, napari_seal; napari_seal.seal(numpy.eye(9), sys.argv[1]);"
        "print(sorted({'qtpy', 'napari', 'magicgui', 'npe2'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.jpg")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def python_blocks() -> list[str]:
    """The Python blocks of the README."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_readmes_python_runs(tmp_path: Path) -> None:
    """The README's Python blocks run one after the other, in an empty folder."""
    blocks = python_blocks()
    assert blocks, "the README shows no Python"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
