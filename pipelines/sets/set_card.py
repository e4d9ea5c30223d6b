"""What a training set says of itself: its data card for people, its Croissant file for machines."""

import msgspec

from wellspring.pages.croissant import croissant
from wellspring.pages.data_card import data_card
from wellspring.pages.mix_table import warnings
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.label import HUMAN_VERIFIED, PROVENANCE_LABELS
from wellspring.schemas.set_card import CardShare, SetCard
from wellspring.schemas.training_set import TAIL, SetDocument, SetManifest


def describe_set(manifest: SetManifest, created: str) -> dict[str, bytes]:
    """README.md and croissant.json of a set, by name. The same set gives the same bytes.

    Args:
        created: when the newest of its runs ended; the set's own clock stands in the manifest alone.
    """
    card = _card(manifest, created)
    described = {"README.md": data_card(card).encode()}
    if card.files:
        described["croissant.json"] = croissant(card, arrow_schema(SetDocument))
    return described


def _card(manifest: SetManifest, created: str) -> SetCard:
    planned = {stratum.name: stratum.share for stratum in manifest.plan}
    planned[HUMAN_VERIFIED] = planned.get(HUMAN_VERIFIED, 0.0) + planned.get(TAIL, 0.0)
    drawn_from = msgspec.json.encode((manifest.recipe, [run.manifest_sha256 for run in manifest.runs]))
    expected = manifest.expected_synthetic
    interval = None
    if expected is not None and expected.low is not None and expected.high is not None:
        interval = expected.value, expected.low, expected.high
    return SetCard(
        name=f"wellspring-set-{sha256_hex(drawn_from)[:12]}",
        description=f"Text drawn by Wellspring from {len(manifest.runs)} runs, by a recipe of shares.",
        created=created,
        documents=manifest.records_read - manifest.held,
        tokens=manifest.tokens,
        tokenizer=manifest.tokenizer,
        shares=[
            CardShare(label=label, planned=planned.get(label, 0.0), drawn=manifest.shares[label])
            for label in PROVENANCE_LABELS
        ],
        expected_synthetic=interval,
        licences=manifest.licences,
        runs=[run.path for run in manifest.runs],
        scorer=manifest.scorer.id if manifest.scorer else None,
        profile=manifest.profile,
        anchor=manifest.anchor["root"] if manifest.anchor else None,
        weaknesses=_weaknesses(manifest),
        files={path: entry for path, entry in manifest.files.items() if path.startswith("documents/")},
    )


def _weaknesses(manifest: SetManifest) -> list[str]:
    found = [f"{line[0].upper()}{line[1:]}." for line in warnings(manifest)]
    if manifest.without_probability:
        found.append(
            f"{manifest.without_probability:,} documents were judged by no profile: they count by the mean "
            "of their label in the share expected to be synthetic."
        )
    if manifest.lowered_from:
        found.append(
            f"A stratum was too small for its share: {manifest.tokens:,} tokens were drawn of "
            f"{manifest.lowered_from:,} asked for."
        )
    if manifest.anchor is None:
        found.append("No anchor set was kept out of it.")
    if manifest.gate == "monitor":
        found.append("Its own batches were audited, and none was held: the gate only watched.")
    if manifest.forgotten:
        found.append(
            f"{manifest.forgotten:,} documents were taken out after it was drawn (`wellspring forget`): the "
            "shares are those of what is left, weights and probabilities those of the draw."
        )
    repeated = sum(n for copies, n in manifest.copies.items() if int(copies) > 1)
    if repeated:
        found.append(f"{repeated:,} documents are in it more than once, for their rare words or as its tail.")
    return found
