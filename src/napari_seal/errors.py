"""The exceptions of napari-seal, save for the one that carries a verdict and lives beside it.

None of them derives from `ValueError`: napari takes a ``ValueError`` from a writer to mean "not my
kind of data" and drops it without a word, so that a refused image would look like a saved one.
"""

from __future__ import annotations


class SealError(Exception):
    """Base of all exceptions that napari-seal raises on purpose."""


class ImageError(SealError):
    """An array cannot be sealed: its type, shape or values do not fit; the text says what to do."""


class MetadataError(SealError):
    """User metadata or Exif tags cannot be stored: not JSON, reserved, unknown or too large."""


class OptionError(SealError):
    """An argument is outside its range, such as a JPEG quality of 0."""


class WriteError(SealError):
    """A file could not be written.  The target is what it was before.

    Or the text says that it was written and the disk did not confirm it: then it is there, and a
    power failure could still undo it.
    """


class TargetExistsError(WriteError):
    """The target exists and overwriting was not asked for."""


class SealerError(SealError):
    """A `Sealer` was closed, did not finish in time, or could not seal all that it accepted."""


class SealerFullError(SealerError):
    """A `Sealer` had no room for an image within the time that was given: it was not accepted."""


class AdoptError(SealError):
    """A file that is there was not given a seal, and is what it was before.

    Parameters
    ----------
    message : str
        Why, and what can be done.
    code : str
        The same for programs: one of the codes in ``docs/howto/adopt.md``.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ReadError(SealError):
    """A file holds no picture that can be shown: it cannot be read or cannot be decoded."""


class NothingToCheckError(SealError):
    """There was not one file to check.  Checking nothing is never a success."""


class LedgerError(SealError):
    """A ledger cannot be used: not one, damaged, of a newer version, in use, or not writable."""


class KeyFileError(SealError):
    """A key cannot be used: not in PEM, not Ed25519, not readable, or it would be overwritten."""


class PassphraseError(KeyFileError):
    """The passphrase of a private key is missing or wrong."""


class TrustError(SealError):
    """A list of trusted keys cannot be used; the text says which entry of it, and why."""


class TimestampError(SealError):
    """A time stamp could not be had, or is none of these data; the text says why."""


class MissingPackageError(SealError):
    """What was asked for needs a package that is not installed; the text says which."""


class FormatError(SealError):
    """Bytes do not follow the format they claim to follow.

    Parsers raise it; `napari_seal.check` turns it into a verdict, so it does not reach callers.

    Parameters
    ----------
    message : str
        What was wrong, where and with what value.
    """


class LimitError(FormatError):
    """A file asks for more than files may ask for; see ``_format/limits.py``."""


class JsonError(FormatError):
    """A record is not JSON, or not JSON as a seal must have it."""


class NewerVersionError(FormatError):
    """A seal of a version that this software does not know."""


class UnknownAlgorithmError(FormatError):
    """A digest of an algorithm that this software does not know."""
