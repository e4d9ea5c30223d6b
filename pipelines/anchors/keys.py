"""The key pair that signs an anchor set: a private key outside of it, the public one pinned within."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wellspring.pipelines.command.arguments import UsageError
from wellspring.transforms.storage.whole_file import write_whole

_KEYS = Path(".config") / "wellspring" / "keys"
_NAME_DIGITS = 16


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The raw public key, 64 hex digits."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw().hex()


def default_key_path(public_key: str) -> Path:
    """Where the private key of a public one lies unless a flag names another place."""
    return Path.home() / _KEYS / f"anchor-{public_key[:_NAME_DIGITS]}.pem"


def write_new_key(path: Path | None) -> tuple[Ed25519PrivateKey, Path]:
    """Makes a key pair; the private key goes to `path` with mode 0600, the public one beside it.

    Raises:
        UsageError: something lies there, or it can't be written.
    """
    key = Ed25519PrivateKey.generate()
    path = path or default_key_path(public_hex(key))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(private)
        write_whole(public_key_path(path), public)
    except FileExistsError as error:
        raise UsageError(
            f"--key {path} exists: a new anchor set gets a new key; name another file"
        ) from error
    except OSError as error:
        raise UsageError(f"--key {path} can't be written: {error.strerror}") from error
    return key, path


def public_key_path(private: Path) -> Path:
    """The file of the public key beside that of a private one."""
    return private.with_name(f"{private.name}.pub")


def load_private_key(path: Path | None, public_key: str) -> Ed25519PrivateKey:
    """The private key of a set whose public key is given.

    Raises:
        UsageError: it is lost, no Ed25519 key, or another set's.
    """
    path = path or default_key_path(public_key)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(
            f"--key {path} can't be read ({error.strerror}): without the private key nothing can be added; "
            "verify and export go on"
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"--key {path} is no unencrypted private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"--key {path} is no Ed25519 key")
    if public_hex(key) != public_key:
        raise UsageError(
            f"--key {path} is another set's: its public key is {public_hex(key)}, this set's {public_key}"
        )
    return key


def load_public_key(path: Path) -> str:
    """A public key in PEM form as 64 hex digits.

    Raises:
        UsageError: it can't be read, or is no Ed25519 key.
    """
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UsageError(f"--public_key {path} can't be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"--public_key {path} is no public key in PEM form") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"--public_key {path} is no Ed25519 key")
    return public_hex(key)
