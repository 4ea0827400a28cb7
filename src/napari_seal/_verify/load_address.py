"""Reading one file at an address whole: the answer is bytes or a reason, as of a local file."""

from __future__ import annotations

from napari_seal._files import ChangedError, TooLargeError, read
from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._verify.reasons import Reason, ReasonCode


def load_address(address: str) -> bytes | Reason:
    """Read a file, or say why it cannot be read.

    Raises
    ------
    OptionError
        Nothing installed here can reach such an address.
    """
    try:
        return read(address, limits.FILE_BYTES)
    except TooLargeError as error:
        return Reason(
            code=ReasonCode.LIMIT_EXCEEDED,
            message=f"The file is larger than the limit of {limits.FILE_BYTES:,} bytes.",
            found=error.strerror,
        )
    except ChangedError as error:
        return Reason(
            code=ReasonCode.CHANGED_WHILE_READING,
            message="The file was written to while it was being read; check it again.",
            found=error.strerror,
        )
    except IsADirectoryError:
        return Reason(code=ReasonCode.IS_A_DIRECTORY, message="It is a folder, not a file.")
    except (FileNotFoundError, NotADirectoryError):
        return Reason(code=ReasonCode.FILE_MISSING, message="There is no such file.")
    except PermissionError as error:
        text = f"Reading the file is not permitted: {printable(error.strerror, 300)}."
        return Reason(code=ReasonCode.PERMISSION_DENIED, message=text)
    except OSError as error:
        text = f"The file cannot be read: {printable(error.strerror or error, 300)}."
        return Reason(code=ReasonCode.IO_ERROR, message=text)
