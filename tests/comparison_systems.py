"""Systems that tell whether files were changed: each is given an archive, and asked about it later.

Each runs the real thing.  What it says is put into few words, those of its own where it has some.
"""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections import Counter
from copy import copy
from pathlib import Path
from typing import Self

import numpy as np
from mutators import moedal_check, moedal_file
from support import find_exiftool, needs, nuclear_tracks, skip_or_fail

import napari_seal

METADATA = {"sample": "TDR 12", "dose": 1.5}
SCRIPTS = Path(__file__).parents[1] / "docs" / "interchange" / "scripts"


class System(ABC):
    """An archive of three files, ``a.jpg`` to ``c.jpg``, below ``data``, guarded by one system."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.data.mkdir()
        self.need()
        for n, name in enumerate("abc"):
            self.store(self.image(n), self.data / f"{name}.jpg")
        self.begin()

    def at(self, folder: Path) -> Self:
        """The same archive at another place."""
        shutil.copytree(self.folder, folder, symlinks=True)
        copied = copy(self)
        copied.folder, copied.data = folder, folder / self.data.relative_to(self.folder)
        return copied

    @staticmethod
    def image(number: int) -> np.ndarray:
        """One of its pictures, large enough that changes of the whole can be named."""
        return np.roll(nuclear_tracks((320, 400)), 40 * number, 1)

    def need(self) -> None:  # noqa: B027 - most need nothing
        """Skip where something is missing."""

    def store(self, image: np.ndarray, path: Path) -> None:
        """Store an image as those do who use the system."""
        napari_seal.seal(image, path, metadata=METADATA)

    def begin(self) -> None:  # noqa: B027 - what is in the files needs nothing beside them
        """Do what is done once the files are there."""

    def content(self, path: Path) -> Path:
        """Where the bytes of a file lie."""
        return path

    def seal_again(self, image: np.ndarray, path: Path) -> None:
        """What somebody does who changes a picture on purpose and has no key of anybody's."""
        path.unlink()
        self.store(image, path)

    @abstractmethod
    def judge(self) -> str:
        """What the system says of the archive."""


def run(*command: object, cwd: Path, fails: bool = True) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=not fails
    )
    return done.stdout


def one_a_kind(words: list[str], good: str) -> str:
    """What is said of files that are not good; else of all."""
    return ", ".join(dict.fromkeys(word for word in words if word != good)) or good


class SealAlone(System):
    """Each file by itself."""

    name = "seal"

    def judge(self) -> str:
        return one_a_kind([self.word(v) for v in napari_seal.check_many(self.data)], "`intact`")

    @staticmethod
    def word(verdict: napari_seal.Verdict) -> str:
        where = ", and where" if verdict.regions else ""
        beside = f" with `{verdict.reasons[0].code}`" if verdict.intact and verdict.reasons else ""
        return f"`{verdict.verdict}`{where}{beside}"


class SealAndLedger(SealAlone):
    """And a ledger, to which a run was recorded before."""

    name = "with ledger"

    def begin(self) -> None:
        self.check()

    def check(self) -> list[napari_seal.Verdict]:
        with napari_seal.Ledger.open(
            self.folder / "ledger.db", create=True, root=self.data
        ) as ledger:
            return list(ledger.check_many(self.data))

    def judge(self) -> str:
        return one_a_kind([self.word(verdict) for verdict in self.check()], "`intact`")


class SealSigned(SealAlone):
    """Each file by itself, signed; a signature by a trusted key is required."""

    name = "signed"

    def need(self) -> None:
        needs("cryptography", "tools")
        self.key = napari_seal.SigningKey.generate()
        (self.folder / "trusted").mkdir()
        (self.folder / "trusted" / "lab.pem").write_text(self.key.public.pem)

    def store(self, image: np.ndarray, path: Path) -> None:
        napari_seal.seal(image, path, metadata=METADATA, key=self.key)

    def seal_again(self, image: np.ndarray, path: Path) -> None:
        path.unlink()
        key = napari_seal.SigningKey.generate()
        napari_seal.seal(image, path, metadata=METADATA, key=key)

    def judge(self) -> str:
        verdicts = napari_seal.check_many(self.data, trust=self.folder / "trusted")
        words = [
            self.word(v)
            + ("" if v.signature == "trusted" or not v.intact else f", `{v.signature}`")
            for v in verdicts
        ]
        return one_a_kind(words, "`intact`")


class ExifTool(System):
    """The digest that a sealed file carries for ExifTool, compared by ExifTool alone."""

    name = "ExifTool"

    def need(self) -> None:
        self.command = find_exiftool()

    def judge(self) -> str:
        template = "$ImageDataHash $XMP-et:OriginalImageHash"
        lines = run(
            *self.command, "-q", "-m", "-f", "-api", "ImageHashType=SHA256", "-r",
            "-p", template, self.data, cwd=self.folder,
        ).splitlines()  # fmt: skip
        pairs = [line.split() for line in lines]
        words = ["no digest" if b == "-" else "same" if a == b else "differs" for a, b in pairs]
        return one_a_kind(words, "same")


class C2pa(System):
    """A sealed file with a C2PA manifest, verified by c2pa-python with one trusted authority."""

    name = "C2PA"

    def need(self) -> None:
        needs("c2pa", "c2pa")
        self.certify("lab")
        self.sign = runpy.run_path(str(SCRIPTS / "sign_with_c2pa.py"))["sign"]
        self.state = runpy.run_path(str(SCRIPTS / "verify_both.py"))["state_of_manifest"]

    def certify(self, who: str) -> Path:
        from c2pa_certificates import write_certificates

        folder = self.folder / who
        folder.mkdir()
        write_certificates(folder)
        return folder

    def store(self, image: np.ndarray, path: Path, who: str = "lab") -> None:
        napari_seal.seal(image, self.folder / "sealed.jpg", metadata=METADATA, overwrite=True)
        keys = self.folder / who
        self.sign(str(self.folder / "sealed.jpg"), path, keys / "chain.pem", keys / "key.pem")

    def seal_again(self, image: np.ndarray, path: Path) -> None:
        path.unlink()
        self.certify("somebody")
        self.store(image, path, "somebody")

    def judge(self) -> str:
        words = []
        for path in sorted(self.data.rglob("*.jpg")):
            try:
                state, codes = self.state(str(path), self.folder / "lab" / "anchors.pem")
            except Exception as error:  # noqa: BLE001 - what the library raises is its own
                state, codes = "error", [type(error).__name__]
            words.append(
                {"Trusted": "valid", "none": "no manifest", "Valid": "valid, signer unknown"}.get(
                    state, "invalid" if codes else state
                )
            )
        return one_a_kind(words, "valid")


class BagIt(System):
    """A bag (RFC 8493) with SHA-256, validated by bagit-python."""

    name = "BagIt"

    def need(self) -> None:
        needs("bagit", "tools")

    def begin(self) -> None:
        import bagit

        bagit.make_bag(str(self.data), checksums=["sha256"])
        self.data /= "data"

    def judge(self) -> str:
        import bagit

        try:
            bagit.Bag(str(self.folder / "data")).validate(processes=1)
        except bagit.BagValidationError as error:
            return ", ".join(sorted(self.words(error))) or "invalid"
        return "valid"

    def words(self, error: Exception) -> set[str]:
        """Of details where there are some; of the sum over all sizes, which comes first, none."""
        names = {"ChecksumMismatch": "changed", "FileMissing": "missing", "UnexpectedFile": "extra"}
        return {names[type(detail).__name__] for detail in getattr(error, "details", ())}


class Hashdeep(System):
    """A list by hashdeep with SHA-256, audited by hashdeep."""

    name = "hashdeep"

    def need(self) -> None:
        if shutil.which("hashdeep") is None:
            skip_or_fail("comparison", "hashdeep is not installed")

    def begin(self) -> None:
        listed = run("hashdeep", "-c", "sha256", "-r", "-l", ".", cwd=self.data, fails=False)
        (self.folder / "known").write_text(listed)

    def judge(self) -> str:
        lines = run(
            "hashdeep", "-a", "-vvv", "-r", "-l", "-k", self.folder / "known", ".", cwd=self.data
        ).splitlines()
        found = {
            what: {line.partition(":")[0] for line in lines if f": {what}" in line}
            for what in ("No match", "Moved from", "Known file not used")
        }
        new, gone = found["No match"], found["Known file not used"]
        words = {
            "changed": new & gone, "missing": gone - new, "extra": new - gone,
            "moved": found["Moved from"],
        }  # fmt: skip
        assert ("Audit passed" in "".join(lines)) == (not any(words.values()))
        return ", ".join(word for word, files in words.items() if files) or "passed"


class GitAnnex(System):
    """A repository, looked through by ``git annex fsck``; a file's content lies in its store."""

    name = "git-annex"

    def need(self) -> None:
        if shutil.which("git-annex") is None:
            skip_or_fail("comparison", "git-annex is not installed")

    def git(self, *words: object) -> str:
        names = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        return run("git", *names, *words, cwd=self.folder / "data", fails=words[1] == "fsck")

    def begin(self) -> None:
        self.git("init", "-q")
        self.git("annex", "init", "-q")
        self.git("annex", "add", "-q", ".")
        self.git("commit", "-qm", "stored")

    def content(self, path: Path) -> Path:
        """In the store, made writable as by somebody who means to, or as a disk does not ask."""
        content = path.resolve()
        content.parent.chmod(0o755)
        content.chmod(0o644)
        return content

    def seal_again(self, image: np.ndarray, path: Path) -> None:
        super().seal_again(image, self.content(path))

    def judge(self) -> str:
        words = []
        for line in self.git("annex", "fsck", "--json", "--json-error-messages").splitlines():
            found = json.loads(line)
            if not found["success"]:
                told = " ".join(found["error-messages"])
                words.append("bad" if "Bad file" in told else "missing" if told else "failed")
        changes = Counter(line[:2] for line in self.git("status", "--porcelain").splitlines())
        told = {" D": "deleted", "??": "untracked"}
        words += [told.get(kind, "other") for kind in changes]
        return one_a_kind(words, "ok") if words else "ok"


class Moedal(System):
    """Files of the MoEDAL function, checked as its users do: decode, digest, compare."""

    name = "MoEDAL"

    def store(self, image: np.ndarray, path: Path) -> None:
        path.write_bytes(moedal_file(image, METADATA))

    def judge(self) -> str:
        words = []
        for path in sorted(self.data.rglob("*.jpg")):
            try:
                words.append("same" if moedal_check(path.read_bytes()) else "differs")
            except Exception:  # noqa: BLE001 - what the check raises is its answer
                words.append("error")
        return one_a_kind(words, "same")


SYSTEMS: list[type[System]] = [
    SealAlone, SealAndLedger, SealSigned, ExifTool, C2pa, BagIt, Hashdeep, GitAnnex, Moedal,
]  # fmt: skip
