"""What lies in a reader's folder before they begin with a page, and what stands in for theirs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shlex
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from faults.shim import why_not
from nd2_files import write_nd2
from page_session import Session
from pages import DOCS, ROOT
from PIL import Image
from stores import s3_store, sftp_store
from support import find_exiftool, needs, nuclear_tracks, skip_or_fail, wait_until

import napari_seal
from napari_seal._format import exif_tags, jpeg
from napari_seal._format.legacy import digest_moedal

#: Prepares the folder that is the present one, and what else the page takes for granted.
Prepare = Callable[[Session], None]


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-200] ^= 4
    path.write_bytes(data)


def make_archive(session: Session) -> None:
    """Four files, of which one is changed; raw images beside them."""
    image = nuclear_tracks()
    for n in range(4):
        path = Path(f"archive/plate_{n // 2}/field_{n}.sealed.jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        napari_seal.seal(np.roll(image, n), path)
    flip_a_bit(path)
    Path("scans/plate_1").mkdir(parents=True)
    np.save("scans/plate_1/field_0001.npy", image)
    session.stand_ins["/archive"] = str(session.folder / "archive")


def make_plain(session: Session) -> None:
    """JPEG files without a seal, twice: the page adopts them twice."""
    for n in range(2):
        Path("archive/plate_1").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(nuclear_tracks() >> 8, n).astype(np.uint8)).save(
            f"archive/plate_1/old_{n}.jpg"
        )


def make_ledger(session: Session) -> None:
    """An archive, a file of which is sealed again and one deleted before they are accepted."""
    image = nuclear_tracks()
    make_archive(session)
    Path("raw").mkdir()
    tifffile.imwrite("raw/field_0007.tif", np.roll(image, 1))
    for name in ("a", "old"):
        napari_seal.seal(np.roll(image, ord(name[0])), f"archive/{name}.sealed.jpg")

    def seal_again() -> None:
        Path("archive/old.sealed.jpg").unlink()
        napari_seal.seal(
            np.roll(image, 97), "archive/a.sealed.jpg", metadata={"n": 1}, overwrite=True
        )

    session.before["ledger accept"] = seal_again
    session.stand_ins["find 3f29 "] = (
        f"find {napari_seal.verify('archive/a.sealed.jpg').identity[:4]} "
    )


def make_signed_ledger(session: Session) -> None:
    """An archive of one file, and an authority that stamps."""
    needs("rfc3161_client", "tools")
    from tsa import Authority, serving

    Path("archive").mkdir()
    napari_seal.seal(nuclear_tracks(), "archive/image.sealed.jpg")
    authority = Authority(session.folder / "tsa")
    shutil.copy(authority.root, "tsa-root.pem")

    def trust_the_key() -> None:
        Path("keys").mkdir(exist_ok=True)
        shutil.copy("archive-key.pub.pem", "keys")
        with napari_seal.Ledger.open("ledger.db", read_only=True) as ledger:
            session.stand_ins["sha256:061a3b3f…"] = ledger.check().head or ""

    session.before["ledger check"] = session.before["ledger statement"] = trust_the_key
    url = session.keep(serving(authority.reply))
    session.stand_ins["http://tsa.example.org/tsr"] = url


def make_signed_report(session: Session) -> None:
    """The reports of the page are signed where it says how that is checked."""
    make_archive(session)

    def sign() -> None:
        session.run("napari-seal keygen robot1 --no-passphrase && mkdir keys && cp *.pub.pem keys")
        session.run("napari-seal verify archive --csv report.csv --key robot1.pem")

    session.before["report check report.csv --trust"] = sign


def make_signing(session: Session) -> None:
    needs("cryptography", "tools")
    use_exiftool(session)
    make_archive(session)
    session.before["--out archive"] = lambda: shutil.rmtree("archive")


def make_pair(session: Session) -> None:
    napari_seal.seal(nuclear_tracks(), "intact.sealed.jpg", metadata={"n": 1})
    napari_seal.seal(nuclear_tracks(), "intact.sealed.png", metadata={"n": 1})
    shutil.copy("intact.sealed.jpg", "field_3.sealed.jpg")
    copy_scripts()


def make_signed_by_c2pa(session: Session) -> None:
    needs("c2pa", "c2pa")
    from c2pa_certificates import write_certificates

    write_certificates(session.folder)
    napari_seal.seal(nuclear_tracks(), "field_3.sealed.jpg")
    copy_scripts()


def make_listed(session: Session) -> None:
    """A list of digests of all files; a picture without a seal is cropped before it is accepted."""
    make_archive(session)
    image = Image.fromarray((nuclear_tracks() >> 8).astype(np.uint8))
    image.save("archive/overview.jpg")

    def list_all() -> None:
        lines = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to('archive')}\n"
            for path in Path("archive").rglob("*.jpg")
        ]
        Path("SHA256SUMS").write_text("".join(lines))

    list_all()
    session.before["ledger accept"] = lambda: image.crop((0, 0, 60, 40)).save(
        "archive/overview.jpg"
    )
    session.before["sha256sum"] = list_all


def make_for_exiftool(session: Session) -> None:
    """What the page shows: a file that is changed, one without a seal, and one that is no image."""
    use_exiftool(session)
    make_archive(session)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save("archive/plate_1/overview.jpg")
    Path("archive/plate_2").mkdir()
    Path("archive/plate_2/field_9.sealed.jpg").touch()
    copy_scripts()
    session.stand_ins |= {"-r DIR": "-r archive", "FILE": "archive/plate_0/field_0.sealed.jpg"}


def make_moedal(session: Session) -> None:
    """What the MoEDAL function leaves, made without it."""
    image = nuclear_tracks()
    Path("moedal").mkdir()
    buffer = io.BytesIO()
    Image.fromarray((image >> 8).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    digest = digest_moedal(np.asarray(Image.open(buffer)))
    comment = json.dumps({"operator": "A. N. Other", "exposure": 12, "sha244": digest})
    block = exif_tags.build(
        {}, unique_id="0" * 32, software="other", comment=comment.encode("ascii")
    )
    data = jpeg.insert_segments(buffer.getvalue(), [block])
    Path("moedal/track.jpg").write_bytes(data)


def make_microscope_files(session: Session) -> None:
    image = nuclear_tracks()
    Path("raw").mkdir()
    sizes = {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25}
    tifffile.imwrite("raw/field.ome.tif", image, metadata={"axes": "YX", **sizes})
    stack = np.stack([image // n for n in range(1, 9)])
    cells = stack.reshape(2, 2, 2, *image.shape)
    tifffile.imwrite("raw/cells.ome.tif", cells, metadata={"axes": "TCZYX", **sizes})
    time = {"kind": 1, "uiCount": 2, "dStart": 0.0, "dPeriod": 1.0, "dDuration": 2.0}
    points = [{"dPosX": float(n), "dPosY": 0.0, "dPosZ": 0.0} for n in range(2)]
    places = {"kind": 2, "uiCount": 2, "bUseZ": False, "Points": points}
    write_nd2(Path("raw/plate.nd2"), stack[:4, ..., None], [time, places])


def make_watched(session: Session) -> None:
    """What the page shows being sealed, and a file that cannot be; the watch ends by itself."""
    raw = session.folder / "raw/plate_1"
    raw.mkdir(parents=True)
    tifffile.imwrite(raw / "field_007.tif", nuclear_tracks())
    planes = np.stack([nuclear_tracks((32, 40)) // n for n in range(1, 32)])
    depth = {"kind": 4, "uiCount": 31, "dZLow": 0.0, "dZStep": 1.0, "dZHigh": 30.0}
    write_nd2(raw / "z_stack.nd2", planes[..., None], [depth])
    (raw / "notes.tif").write_text("Date: yesterday")
    session.stand_ins |= {
        "/data/sealed\n": "/data/sealed --once --jobs 1\n",
        "--once\n": "--once --jobs 1\n",
        "/data/": f"{session.folder}/",
    }


def make_raw(session: Session) -> None:
    """For the README: images from a microscope."""
    Path("raw").mkdir()
    np.save("raw/a.npy", nuclear_tracks())
    np.save("raw/b.npy", nuclear_tracks(seed=2))


def make_stores(session: Session) -> None:
    """A bucket and an SFTP server, and the file that the page checks."""
    Path("raw").mkdir()
    np.save("raw/field_0001.npy", nuclear_tracks())
    napari_seal.seal(nuclear_tracks(), "field_0001.sealed.jpg")
    session.keep(s3_store("plates"))
    session.stand_ins |= {
        "sftp://storage/archive/2026": session.keep(sftp_store()) + str(session.folder),
        "file:///archive": session.folder.as_uri(),
    }


def make_cluster(session: Session) -> None:
    """A scheduler and a worker, started by the very commands of the page."""
    needs("distributed", "dask")
    make_archive(session)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet = "--no-dashboard >dask.log 2>&1 & echo $! >>started;"
    session.keep(contextlib.closing(Started(session.folder / "started")))
    session.stand_ins |= {
        "dask scheduler ": f"dask scheduler --host 127.0.0.1 --port {port} {quiet}",
        "tcp://storage1:8786  ": f"{address} {quiet}",
        "tcp://storage1:8786": address,
    }

    def is_there() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    session.before["--dask"] = lambda: wait_until(is_there, "the start of the scheduler")


class Started:
    """Processes whose numbers a page's commands wrote down, one a line."""

    def __init__(self, numbers: Path) -> None:
        self.numbers = numbers

    def close(self) -> None:
        for number in reversed(self.numbers.read_text().split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGTERM)


def make_pictures(session: Session) -> None:
    """A picture of the reader's own, and the shortest way through the benchmark."""
    needs("skimage", "tools")
    Path("pictures").mkdir()
    Image.fromarray((nuclear_tracks((320, 400)) >> 8).astype(np.uint8)).save("pictures/own.png")
    few = "--picture own --only whole --crops 1 --twice 0 --thrice 0 --rounds 1"
    session.stand_ins |= {
        "python benchmarks/": f"python {ROOT}/benchmarks/",
        "--images DIR": f"--images pictures {few}",
    }


def make_faults(session: Session) -> None:
    """What makes calls fail is here, and the script is there."""
    if (why := why_not()) is not None:
        skip_or_fail("faults", why)
    session.stand_ins["python tests/"] = f"python {ROOT}/tests/"


def make_microscope(session: Session) -> None:
    """A microscope in place of the reader's, and the core of a napari-micromanager."""
    needs("pymmcore_plus", "pymmcore")
    from microscope import microscope

    core = microscope()
    session.namespace |= {"reader_s": core, "get_core": lambda: core}
    for folder in ("data", "failed", "other"):
        (session.folder / folder).mkdir()
    session.stand_ins |= {
        "CMMCorePlus.instance()\ncore.loadSystemConfiguration()\n": "reader_s\n",
        '{"interval": 30, "loops": 20}': '{"interval": 0, "loops": 2}',
        "from napari_micromanager import get_core\n": "",
        "D:/data": "data",
        "/other/disk": str(session.folder / "other"),
    }


def copy_scripts() -> None:
    """The scripts that the pages on other software print, here."""
    shutil.copytree(DOCS / "interchange" / "scripts", ".", dirs_exist_ok=True)


def use_exiftool(session: Session) -> None:
    """ExifTool by its name, whatever the environment says where it is."""
    session.program("exiftool", shlex.join(find_exiftool()))


FOLDERS: dict[str, Prepare] = {
    "README.md": make_raw,
    "docs/benchmarks/localisation.md": make_pictures,
    "docs/cli.md": make_signed_report,
    "docs/faults.md": make_faults,
    "docs/howto/adopt.md": make_plain,
    "docs/howto/archive.md": make_archive,
    "docs/howto/cluster.md": make_cluster,
    "docs/howto/micro-manager.md": make_microscope,
    "docs/howto/microscopes.md": make_microscope_files,
    "docs/howto/moedal.md": make_moedal,
    "docs/howto/remote.md": make_stores,
    "docs/howto/signed-ledger.md": make_signed_ledger,
    "docs/howto/signing.md": make_signing,
    "docs/howto/watch.md": make_watched,
    "docs/interchange/c2pa.md": make_signed_by_c2pa,
    "docs/interchange/exiftool.md": make_for_exiftool,
    "docs/interchange/manifests.md": make_listed,
    "docs/interchange/python.md": make_pair,
    "docs/ledger.md": make_ledger,
}
