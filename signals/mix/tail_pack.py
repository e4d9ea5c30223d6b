"""The tail pack: the rarest verified documents, no more of them than a training set can repeat often enough.

What a generation of models never sees the next one has lost. With alpha N p0 expected copies of an item in
each generation's training text (alpha its share that is set aside for the pack, N the text's tokens, p0 the
item's part of the pack's tokens, over the item's own tokens) an item was still there after thirty
generations of a simulated chain in .87 of the cases with half a copy, .98 with one, and always with three.
So the rule: at least one, better three. `expected_copies` says where a given pack stands; a pack drawn by
`pack_draw` satisfies the rule by its size.
"""

from wellspring.schemas.label import HUMAN_VERIFIED
from wellspring.signals.mix.low_frequency import MOST_COPIES
from wellspring.signals.stats.weighted_sample import Item, WeightedDraw

FEWEST_COPIES = 1
BETTER_COPIES = 3


def pack_draw(tail_tokens: int, copies: int = BETTER_COPIES) -> WeightedDraw:
    """An empty draw for `pack_item`s: it keeps the rarest that `tail_tokens` hold `copies` times.

    Parts of it merge exactly, as those of any draw. The last item's -key is the rarity at which the pack's
    stratum begins.

    Args:
        tail_tokens: alpha N, the tokens of the set that the pack is to fill. copies: 1..4.

    Raises:
        ValueError: the number of copies lies outside.
    """
    if not 1 <= copies <= MOST_COPIES:
        raise ValueError(f"{copies} copies of each document of a tail pack: 1..{MOST_COPIES} are asked for")
    return WeightedDraw(tail_tokens // copies)


def pack_item(id: str, provenance: str, rarity: float | None, tokens: int) -> Item | None:
    """A document on its way into the pack, the rarest first; None for what may not enter: text that no one
    vouches for, and text whose rarity is unknown because it is short or looks like junk.
    """
    return None if provenance != HUMAN_VERIFIED or rarity is None else Item(-rarity, id, tokens)


def expected_copies(tail_tokens: int, pack_tokens: int) -> float:
    """alpha N p0 of each document of a pack that is drawn evenly, at most 4; the tokens of both cancel all
    but their ratio.

    Raises:
        ValueError: the pack has no tokens.
    """
    if pack_tokens < 1:
        raise ValueError("a tail pack without tokens: there is nothing to inject")
    return min(tail_tokens / pack_tokens, float(MOST_COPIES))


def copies_rule(copies: float) -> str:
    """Where that many expected copies stand against "at least one, better three": one clear line."""
    if copies < FEWEST_COPIES:
        return (
            f"{copies:.2f} expected copies of each document per generation, where at least {FEWEST_COPIES} "
            "is needed: raise the tail's share or take a smaller pack"
        )
    if copies < BETTER_COPIES:
        return (
            f"{copies:.2f} expected copies of each document per generation: enough, {BETTER_COPIES} are safer"
        )
    return f"{copies:.2f} expected copies of each document per generation: safe"
