"""Stores of files on this machine, for tests: S3 by moto, SFTP by paramiko."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from support import skip_or_fail


@contextmanager
def s3_store(*buckets: str) -> Iterator[None]:
    """An S3 store at a free port, known by the environment, with empty buckets."""
    for package in ("fsspec", "moto", "flask_cors", "s3fs"):
        if importlib.util.find_spec(package) is None:
            skip_or_fail("s3", f"{package} is not installed")
    import fsspec

    server = importlib.import_module("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    # What it holds is kept by the process, and may be that of an earlier store.
    with urlopen(f"http://{host}:{port}/moto-api/reset", data=b""):
        pass
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "verysecret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        for bucket in buckets:
            fsspec.filesystem("s3").mkdir(bucket)
        yield
        fsspec.get_filesystem_class("s3").clear_instance_cache()
    store.stop()


@contextmanager
def sftp_store() -> Iterator[str]:
    """A server, and its address, below which are the folders of this machine."""
    for package in ("fsspec", "paramiko"):
        if importlib.util.find_spec(package) is None:
            skip_or_fail("s3", f"{package} is not installed")
    import fsspec
    from sftp_server import PASSWORD, USER, sftp_server

    with sftp_server() as port:
        yield f"sftp://{USER}:{PASSWORD}@127.0.0.1:{port}"
        files = fsspec.get_filesystem_class("sftp")
        for connected in files._cache.values():
            connected.client.close()
        files.clear_instance_cache()


def put(address: str, content: bytes) -> str:
    """Store a file at an address, which is given back."""
    import fsspec

    files, path = fsspec.url_to_fs(address)
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    files.pipe_file(path, content)
    return address
