"""Other software that computes or checks digests, each in the way its manual recommends."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

import c2pa_files
from measure import Command

_FIND = "find . -name '*.jpg' -print0 | xargs -0 -P2 -n {} "
_LIST = _FIND.format(100)
#: Files that slow programs are measured on: one and a sample; see `Peer`.
_SAMPLE = {"small": 1000, "mid": 200, "big": 20}


class Peer(NamedTuple):
    """A command over the whole archive, or one over a sample of it and the same on one file.

    What the sample takes longer than the one file is scaled to the archive; the start is not.
    """

    command: Command
    files: int | None = None
    on_one: Command | None = None


def peers(folder: str, archive: str, scratch: str) -> tuple[dict[str, Peer], dict[str, str]]:
    """Commands by name, openssl first, and why those that are missing are.

    Parameters
    ----------
    folder : str
        The files.
    archive : str
        What `_SAMPLE` knows them by.
    scratch : str
        An empty folder for what they check against, and for samples.
    """
    found: dict[str, Peer] = {}
    missing: dict[str, str] = {}

    def add(name: str, command: str) -> None:
        program = command.removeprefix(_LIST).split()[0]
        if shutil.which(program):
            found[name] = Peer(Command(command, folder))
        else:
            missing[name] = "not installed"

    add("openssl dgst -sha256, xargs -P2", _LIST + "openssl dgst -sha256")
    lists = _lists(folder, scratch)
    check = f"ls {scratch}/*.sha256 | xargs -P2 -n 1 sha256sum --check --quiet"
    if shutil.which("sha256sum"):
        found["sha256sum --check, xargs -P2"] = Peer(Command(check, folder))
    add("b3sum, xargs -P2", _LIST + "b3sum --num-threads 1")
    add("hashdeep, audit", f"hashdeep -c sha256 -a -k {lists} -r .")
    if importlib.util.find_spec("bagit") is None:
        missing["bagit --validate --processes 2"] = "not installed"
    else:
        bag = _bag(folder, scratch)
        options = ["--quiet", "--validate", "--processes", "2"]
        arguments = [sys.executable, "-m", "bagit", *options, bag]
        found["bagit --validate --processes 2"] = Peer(Command(arguments, folder))
    names = sorted(os.listdir(folder))[: _SAMPLE[archive]]
    _add_exiftool(found, missing, [os.path.join(folder, name) for name in names], scratch)
    _add_c2pa(found, missing, [os.path.join(folder, name) for name in names], scratch)
    return found, missing


def _add_exiftool(
    found: dict[str, Peer], missing: dict[str, str], files: list[str], scratch: str
) -> None:
    exiftool = os.environ.get("EXIFTOOL", "exiftool")
    version = _exiftool_version(exiftool)
    if version is None:
        missing["ExifTool"] = "not installed; the variable EXIFTOOL may name its path"
    elif version < 12.63:
        missing["ExifTool"] = f"{version} is too old: ImageDataHash came with 12.63"
    else:
        sample, one = (os.path.join(scratch, name) for name in ("exiftool", "exiftool-one"))
        _link(files, sample)
        _link(files[:1], one)
        command = f"{exiftool} -q -q -api ImageHashType=SHA256 -ImageDataHash"
        _add_sampled(found, f"ExifTool {version}", command, "-r .", sample, one)


def _add_c2pa(
    found: dict[str, Peer], missing: dict[str, str], files: list[str], scratch: str
) -> None:
    if importlib.util.find_spec("c2pa") is None:
        missing["c2pa-python"] = "not installed"
        return
    signed, one = (os.path.join(scratch, name) for name in ("c2pa", "c2pa-one"))
    os.mkdir(signed)
    c2pa_files.sign(files, signed)
    _link([os.path.join(signed, os.path.basename(files[0]))], one)
    name = f"c2pa-python {importlib.metadata.version('c2pa-python')}"
    command = f"{sys.executable} {os.path.abspath(c2pa_files.__file__)}"
    _add_sampled(found, name, command, "*.jpg", signed, one)


def _add_sampled(
    found: dict[str, Peer], name: str, command: str, files: str, sample: str, one: str
) -> None:
    """Add a command in one process and in two, each with half of the sample."""
    number = len(os.listdir(sample))
    in_two = _FIND.format(-(-number // 2)) + command
    for how, whole in (("one process", f"{command} {files}"), ("xargs -P2", in_two)):
        peer = Peer(Command(whole, sample), number, Command(whole, one))
        found[f"{name}, {how}, measured on {number:,} files"] = peer


def _link(files: list[str], folder: str) -> None:
    """A folder of links to files."""
    os.mkdir(folder)
    for path in files:
        os.link(path, os.path.join(folder, os.path.basename(path)))


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
