"""Made-up labelled text of two kinds that differ in wording, for the tests of the classifier."""

from wellspring.signals.calibration.labelled import LabelledText
from wellspring.signals.stats.hashing import stable_hash

_SHARED = (
    "the river ran past a house where people had lived for years and we walked there in the evening with "
    "some friends who knew every stone of it though it was cold and late and nobody said much about that"
).split()
_OWN = {
    False: "kinda dunno grandpa muddy yelled supper truck anyhow busted fella porch reckon".split(),
    True: "delve tapestry testament multifaceted realm foster underscore pivotal vibrant intricate".split(),
}


def words(seed: str, synthetic: bool, count: int, own_share: float = 0.2) -> str:
    chosen = []
    for i in range(count):
        number = stable_hash(str(i), seed)
        pool = _OWN[synthetic] if number % 1000 < 1000 * own_share else _SHARED
        chosen.append(pool[(number >> 10) % len(pool)] + ("." if number % 11 == 0 else ""))
    return " ".join(chosen)


def labelled(
    prompts: int = 40,
    collections: tuple[str, ...] = ("a", "b", "c"),
    count: int = 120,
    own_share: float = 0.2,
) -> list[LabelledText]:
    """One human and one synthetic text per prompt and collection."""
    return [
        LabelledText(
            id=f"{collection}-{number}-{'gpt' if synthetic else 'human'}",
            text=words(f"{collection} {number} {synthetic}", synthetic, count, own_share),
            synthetic=synthetic,
            generator="gpt" if synthetic else None,
            source=f"{collection}/one",
            domain="prose",
            prompt=f"{collection}-{number}",
            collection=collection,
        )
        for collection in collections
        for number in range(prompts)
        for synthetic in (False, True)
    ]
