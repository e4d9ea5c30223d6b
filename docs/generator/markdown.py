"""Markdown of generated pages."""

from collections.abc import Sequence

NOTE = "<!-- Written by `python -m docs.generator`: change the code, not this page. -->"


def page(title: str, *parts: str) -> str:
    """A page: its title, a note that it is generated, its parts."""
    return "\n\n".join([NOTE, f"# {title}", *(part for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; line breaks and bars in cells do no harm."""
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(text: object) -> str:
    """Text as inline code; none for none."""
    return f"`{text}`" if str(text) else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
