"""Signs removals that were made where an anchor set's private key was not at hand."""

from pathlib import Path

from wellspring.pipelines.anchors.folder import removal_file, removal_signature_file, writing
from wellspring.pipelines.anchors.keys import load_private_key
from wellspring.pipelines.anchors.verification import verify_anchor
from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.anchor import AnchorRemoval
from wellspring.transforms.storage.storage import open_storage


def sign_removals(folder: Path, key_path: Path | None) -> list[AnchorRemoval]:
    """Signs every removal that nobody has signed, and returns those.

    Raises:
        UsageError: there is no such set or key, or more is wrong with the set than the missing signatures.
    """
    with writing(folder, "anchor sign"):
        anchor = verify_anchor(folder)
        if len(anchor.violations) > len(anchor.unsigned):
            raise UsageError(
                f"anchor set {folder} was changed beyond what was forgotten, and is not signed: "
                f"wellspring anchor verify --anchor={folder}"
            )
        signed = [removal for removal in anchor.removals if removal.number in anchor.unsigned]
        if signed or key_path is not None:  # a wrong key is to be known now
            key = load_private_key(key_path, anchor.version.public_key)
            storage = open_storage(str(folder))
            for removal in signed:
                signature = key.sign(storage.read(removal_file(removal.number)))
                storage.create(removal_signature_file(removal.number), signature)
        return signed
