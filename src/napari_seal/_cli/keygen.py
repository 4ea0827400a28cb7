"""``napari-seal keygen``: a key to sign seals with."""

from __future__ import annotations

import click

from napari_seal._cli.key_options import passphrase_file as passphrase_option
from napari_seal._text import printable


@click.command(short_help="Make a pair of keys to sign with.")
@click.argument("name", metavar="NAME")
@click.option("--out", default=".", show_default=True, metavar="DIR", help="Folder for both files.")
@click.option(
    "--passphrase/--no-passphrase",
    "encrypted",
    default=True,
    show_default=True,
    help="Encrypt the private key, with a passphrase that is asked for.",
)
@passphrase_option
def keygen(name: str, out: str, encrypted: bool, passphrase_file: str | None) -> None:
    """Make a pair of Ed25519 keys: DIR/NAME.pem, which signs, and DIR/NAME.pub.pem, for others.

    The passphrase is asked for twice, or taken from --passphrase-file or the variable
    NAPARI_SEAL_PASSPHRASE.  A robot that signs at night has a key without one: then whoever can
    read the file can sign.

    NAME does not end with .pub: NAME.pem, which signs, would look like a public key.

    Exit code: 0 if both files were written, 2 if not.  Keys are never overwritten.
    """
    from napari_seal._cli.keys import new_passphrase
    from napari_seal._trust.key_files import key_paths, write_key_files
    from napari_seal._trust.keys import SigningKey
    from napari_seal._trust.trusted import VARIABLE, default_folder

    private, public = key_paths(out, name)
    passphrase = None
    if encrypted:
        passphrase = new_passphrase(passphrase_file)
    elif passphrase_file is not None:
        raise click.UsageError("--passphrase-file or --no-passphrase")
    key = SigningKey.generate()
    write_key_files(key, private, public, passphrase)
    how = "encrypted" if encrypted else "without a passphrase: whoever reads the file can sign"
    folder = default_folder()
    place = f"{folder} (the default), or in any folder" if folder is not None else "a folder"
    click.echo(
        f"private key  {printable(private)} ({how})\n"
        f"public key   {printable(public)}\n"
        f"fingerprint  {key.public.fingerprint}\n\n"
        f"Sign:   napari-seal seal INPUT --out DIR --key {printable(private)}\n"
        f"Trust:  whoever verifies puts {printable(name)}.pub.pem into {printable(place)} that\n"
        f"        --trust or {VARIABLE} names, after comparing the fingerprint with you.\n"
        "Keep:   a copy of the private key in a safe place, and none beside the images."
    )
