"""Other software that computes or checks digests, each in the way its manual recommends."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

from measure import Command

_LIST = "find . -name '*.jpg' -print0 | xargs -0 -P2 -n 100 "


def peers(folder: str, scratch: str) -> tuple[dict[str, Command], dict[str, str]]:
    """Commands by name, openssl first, and why those that are missing are.

    Parameters
    ----------
    folder : str
        The archive.
    scratch : str
        An empty folder for lists of digests, which some of them check against.
    """
    found: dict[str, Command] = {}
    missing: dict[str, str] = {}

    def add(name: str, command: str) -> None:
        program = command.removeprefix(_LIST).split()[0]
        if shutil.which(program):
            found[name] = Command(command, folder)
        else:
            missing[name] = "not installed"

    add("openssl dgst -sha256, xargs -P2", _LIST + "openssl dgst -sha256")
    lists = _lists(folder, scratch)
    check = f"ls {scratch}/*.sha256 | xargs -P2 -n 1 sha256sum --check --quiet"
    if shutil.which("sha256sum"):
        found["sha256sum --check, xargs -P2"] = Command(check, folder)
    add("b3sum, xargs -P2", _LIST + "b3sum --num-threads 1")
    add("hashdeep, audit", f"hashdeep -c sha256 -a -k {lists} -r .")
    exiftool = os.environ.get("EXIFTOOL", "exiftool")
    version = _exiftool_version(exiftool)
    if version is None:
        missing["ExifTool, one process"] = "not installed"
    elif version < 12.63:
        missing["ExifTool, one process"] = f"{version} is too old: ImageDataHash came with 12.63"
    else:
        options = "-q -q -api ImageHashType=SHA256 -ImageDataHash -r ."
        found[f"ExifTool {version}, one process"] = Command(f"{exiftool} {options}", folder)
    if importlib.util.find_spec("bagit") is None:
        missing["bagit --validate --processes 2"] = "not installed"
    else:
        bag = _bag(folder, scratch)
        options = ["--quiet", "--validate", "--processes", "2"]
        arguments = [sys.executable, "-m", "bagit", *options, bag]
        found["bagit --validate --processes 2"] = Command(arguments, folder)
    installed = importlib.util.find_spec("c2pa") is not None
    missing["c2pa-python"] = (
        "not measured: it needs files signed with C2PA" if installed else "not installed"
    )
    return found, missing


def _lists(folder: str, scratch: str) -> str:
    """Lists of digests: two halves for sha256sum, one for hashdeep, whose path is returned."""
    lines, rows = [], ["%%%% HASHDEEP-1.0\n%%%% size,sha256,filename\n"]
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        digest = hashlib.sha256(data).hexdigest()
        lines.append(f"{digest}  {name}\n")
        rows.append(f"{len(data)},{digest},{os.path.join(folder, name)}\n")
    for number in range(2):
        with open(os.path.join(scratch, f"{number}.sha256"), "w", encoding="utf-8") as file:
            file.writelines(lines[number::2])
    path = os.path.join(scratch, "hashdeep.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(rows)
    return path


def _bag(folder: str, scratch: str) -> str:
    """A bag whose files are links to those of the archive."""
    import bagit

    bag = os.path.join(scratch, "bag")
    shutil.copytree(folder, bag, copy_function=os.link)
    bagit.make_bag(bag, checksums=["sha256"], processes=2)
    return bag


def _exiftool_version(program: str) -> float | None:
    try:
        return float(subprocess.run([program, "-ver"], capture_output=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
