"""Seal microscope images, and tell whether they were changed.

Two flows meet in one format; two thin shells stand on top::

    array ──▶ window ──▶ encode ──▶ embed ──▶ write ──▶ file            (_seal)
                              ╲ digests ╱
                               _format:  what a seal is; pure functions on bytes
                              ╱         ╲
    report ◀── verdict ◀── check ◀── load ◀── scan ◀── folder           (_verify)

    shells: _cli (terminal)   _napari (reader, writer, dock widgets)

Importing this package loads neither NumPy nor Pillow, napari or Qt: each name is loaded when it is
first used, so that checking a file starts at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from napari_seal._version import __version__

if TYPE_CHECKING:
    from napari_seal._acquire.handler import SealHandler
    from napari_seal._acquire.run import AcquiredRun
    from napari_seal._adopt.adopt import adopt
    from napari_seal._format.adoption import Adoption
    from napari_seal._format.digest import Digest
    from napari_seal._format.keys import KeyCheck
    from napari_seal._format.legacy import MoedalSeal
    from napari_seal._format.place import StackPlace
    from napari_seal._format.seal import ArrayDigest, ExifDigest, Seal
    from napari_seal._format.stack import Stack
    from napari_seal._format.window import Window, restore_intensity
    from napari_seal._seal.pipeline import seal
    from napari_seal._seal.sealer import Sealer
    from napari_seal._seal.sealing import SealerStatistics, Sealing
    from napari_seal._seal.stack import seal_stack
    from napari_seal._seal.stack_writer import StackWriter
    from napari_seal._trust.key_files import load_signing_key
    from napari_seal._trust.keys import PublicKey, SigningKey
    from napari_seal._trust.states import Signature
    from napari_seal._trust.timestamp import Timestamp
    from napari_seal._trust.trusted import Trust
    from napari_seal._trust.trusted_key import TrustedKey
    from napari_seal._verify.change.score_map import ScoreMap
    from napari_seal._verify.check import check, read, verify
    from napari_seal._verify.ledger.entries import (
        LedgerChange,
        LedgerEntry,
        LedgerEvent,
        LedgerRun,
    )
    from napari_seal._verify.ledger.ledger import Ledger
    from napari_seal._verify.ledger.manifest import LedgerFinding
    from napari_seal._verify.ledger.proof import LedgerCheck
    from napari_seal._verify.ledger.statements import LedgerStatement
    from napari_seal._verify.progress import Progress
    from napari_seal._verify.reasons import Reason, ReasonCode
    from napari_seal._verify.run import CheckRun, check_many
    from napari_seal._verify.stack import OpenStack, open_stack
    from napari_seal._verify.stack_check import StackVerdict, check_stack
    from napari_seal._verify.verdict import Outcome, Verdict, VerificationError
    from napari_seal.errors import (
        AdoptError,
        ImageError,
        KeyFileError,
        LedgerError,
        MetadataError,
        MissingPackageError,
        NothingToCheckError,
        OptionError,
        PassphraseError,
        ReadError,
        SealerError,
        SealerFullError,
        SealError,
        TargetExistsError,
        TimestampError,
        TrustError,
        WriteError,
    )

_HOMES = {
    "_acquire.handler": ("SealHandler",),
    "_acquire.run": ("AcquiredRun",),
    "_adopt.adopt": ("adopt",),
    "_format.adoption": ("Adoption",),
    "_format.digest": ("Digest",),
    "_format.keys": ("KeyCheck",),
    "_format.legacy": ("MoedalSeal",),
    "_format.place": ("StackPlace",),
    "_format.seal": ("ArrayDigest", "ExifDigest", "Seal"),
    "_format.stack": ("Stack",),
    "_format.window": ("Window", "restore_intensity"),
    "_seal.pipeline": ("seal",),
    "_seal.sealer": ("Sealer",),
    "_seal.sealing": ("SealerStatistics", "Sealing"),
    "_seal.stack": ("seal_stack",),
    "_seal.stack_writer": ("StackWriter",),
    "_trust.key_files": ("load_signing_key",),
    "_trust.keys": ("PublicKey", "SigningKey"),
    "_trust.states": ("Signature",),
    "_trust.timestamp": ("Timestamp",),
    "_trust.trusted": ("Trust",),
    "_trust.trusted_key": ("TrustedKey",),
    "_verify.check": ("check", "read", "verify"),
    "_verify.ledger.entries": ("LedgerChange", "LedgerEntry", "LedgerEvent", "LedgerRun"),
    "_verify.ledger.ledger": ("Ledger",),
    "_verify.ledger.manifest": ("LedgerFinding",),
    "_verify.ledger.proof": ("LedgerCheck",),
    "_verify.ledger.statements": ("LedgerStatement",),
    "_verify.progress": ("Progress",),
    "_verify.run": ("CheckRun", "check_many"),
    "_verify.stack": ("OpenStack", "open_stack"),
    "_verify.stack_check": ("StackVerdict", "check_stack"),
    "_verify.reasons": ("Reason", "ReasonCode"),
    "_verify.change.score_map": ("ScoreMap",),
    "_verify.verdict": ("Outcome", "Verdict", "VerificationError"),
    "errors": (
        "AdoptError",
        "ImageError",
        "KeyFileError",
        "LedgerError",
        "MetadataError",
        "MissingPackageError",
        "NothingToCheckError",
        "OptionError",
        "PassphraseError",
        "ReadError",
        "SealError",
        "SealerError",
        "SealerFullError",
        "TargetExistsError",
        "TimestampError",
        "TrustError",
        "WriteError",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AcquiredRun",
    "AdoptError",
    "Adoption",
    "ArrayDigest",
    "CheckRun",
    "Digest",
    "ExifDigest",
    "ImageError",
    "KeyCheck",
    "KeyFileError",
    "Ledger",
    "LedgerChange",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerError",
    "LedgerEvent",
    "LedgerFinding",
    "LedgerRun",
    "LedgerStatement",
    "MetadataError",
    "MissingPackageError",
    "MoedalSeal",
    "NothingToCheckError",
    "OpenStack",
    "OptionError",
    "Outcome",
    "PassphraseError",
    "Progress",
    "PublicKey",
    "ReadError",
    "Reason",
    "ReasonCode",
    "ScoreMap",
    "Seal",
    "SealError",
    "SealHandler",
    "Sealer",
    "SealerError",
    "SealerFullError",
    "SealerStatistics",
    "Sealing",
    "Signature",
    "SigningKey",
    "Stack",
    "StackPlace",
    "StackVerdict",
    "StackWriter",
    "TargetExistsError",
    "Timestamp",
    "TimestampError",
    "Trust",
    "TrustError",
    "TrustedKey",
    "Verdict",
    "VerificationError",
    "Window",
    "WriteError",
    "__version__",
    "adopt",
    "check",
    "check_many",
    "check_stack",
    "load_signing_key",
    "open_stack",
    "read",
    "restore_intensity",
    "seal",
    "seal_stack",
    "verify",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'napari_seal' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"napari_seal.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
