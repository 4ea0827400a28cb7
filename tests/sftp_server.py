"""An SFTP server on this machine, made of paramiko's parts, for tests: one user, all folders."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paramiko
from paramiko import SFTPAttributes, SFTPServer

USER, PASSWORD = "anna", "verysecret"


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        fits = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if fits else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


def _answer(method: Any) -> Any:
    """Errors of the operating system as those of the protocol."""

    def wrapped(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    return wrapped


class _Folders(paramiko.SFTPServerInterface):
    @_answer
    def list_folder(self, path: str) -> Any:
        with os.scandir(path) as entries:
            return [
                SFTPAttributes.from_stat(e.stat(follow_symlinks=False), e.name) for e in entries
            ]

    @_answer
    def stat(self, path: str) -> Any:
        return SFTPAttributes.from_stat(os.stat(path))

    @_answer
    def lstat(self, path: str) -> Any:
        return SFTPAttributes.from_stat(os.lstat(path))

    @_answer
    def open(self, path: str, flags: int, attr: SFTPAttributes) -> Any:
        mode = "rb" if not flags & (os.O_WRONLY | os.O_RDWR) else "wb"
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = handle.writefile = os.fdopen(os.open(path, flags, 0o666), mode)
        handle.stat = lambda: self.stat(path)
        return handle

    @_answer
    def remove(self, path: str) -> int:
        os.unlink(path)
        return paramiko.SFTP_OK

    @_answer
    def posix_rename(self, oldpath: str, newpath: str) -> int:
        os.replace(oldpath, newpath)
        return paramiko.SFTP_OK

    @_answer
    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        os.mkdir(path)
        return paramiko.SFTP_OK

    def canonicalize(self, path: str) -> str:
        return os.path.normpath(os.path.join("/", path))


@contextmanager
def sftp_server() -> Iterator[int]:
    """Serve at a free port, which is yielded, until the block ends."""
    key = paramiko.RSAKey.generate(2048)
    transports: list[paramiko.Transport] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the socket was closed: the end
                while True:
                    connection, _ = listening.accept()
                    transport = paramiko.Transport(connection)
                    transport.add_server_key(key)
                    transport.set_subsystem_handler("sftp", SFTPServer, _Folders)
                    transport.start_server(server=_Login())
                    transports.append(transport)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for transport in transports:
        transport.close()
