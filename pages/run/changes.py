"""The report's part on a run that was made of another: what came out otherwise."""

from wellspring.pages.html import Html, integer, name, percent, table, text
from wellspring.schemas.manifest import ReprocessedFrom


def changes_section(before: ReprocessedFrom) -> list[Html]:
    """Labels there and here, and the batches that the two gates treat differently."""
    moves = [(old, new, n) for old, by_new in before.labels.items() for new, n in by_new.items()]
    total = sum(n for *_, n in moves)
    rows = [
        [name(old), name(new), integer(n), percent(n, total)]
        for old, new, n in sorted(moves, key=lambda move: (move[0] == move[1], -move[2]))
    ]
    state = "beyond their limit" if before.only_monitored else "held"
    batches = [[Html(f"newly {text(state)}"), name(id)] for id in before.newly_held] + [
        [Html(f"not {text(state)} any more"), name(id)] for id in before.newly_passed
    ]
    changed = ", ".join(before.changed) or "nothing"
    return [
        Html(
            f"<p>Made of the run {name(before.run)} (manifest sha256 "
            f"<code>{text(before.manifest_sha256)}</code>), which stays as it was. Changed: {name(changed)}. "
            "What people decided there and released stays with that run.</p>"
        ),
        table(
            f"{total:,} documents by their label there and here, held ones among them",
            ("label there", "label here", "documents", "share"),
            rows,
            numeric=frozenset({2, 3}),
        ),
        table(
            f"{len(before.newly_held):,} batches newly {state}, {len(before.newly_passed):,} not any more",
            ("what", "batch"),
            batches,
            rest="batches",
        ),
    ]
