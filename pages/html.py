"""A self-contained HTML page: hostile text made safe, numbers, tables, the shell with its style.

`Html` marks what may stand in a page as it is. Whatever comes from data becomes `Html` only
through `text` or `name`, so that the type checker finds a string that was not escaped.
"""

import html
from collections.abc import Sequence
from typing import NewType

from wellspring.signals.text.visible_text import visible_text

Html = NewType("Html", str)

TEXT_LIMIT = 200
ROW_LIMIT = 200
NONE = Html("–")

# No script, no request of any kind: a string that slipped through could still load nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE = """
:root{color-scheme:light dark;--bg:#fff;--card:#f5f6f8;--ink:#1b1f24;--soft:#57606a;--line:#d4d9df;
--ok:#0b6e4f;--bad:#b3261e;--mark:#3f4a56;--hv:#0072b2;--hu:#00936b;--sk:#d55e00;--ss:#9b4fb0;--other:#7a828b}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1e2329;--ink:#e8ebee;--soft:#a3acb6;
--line:#363d46;--ok:#4fcf9f;--bad:#ff8a80;--mark:#b9c2cc;--hv:#56b4e9;--hu:#2fc59a;--sk:#ff8c42;--ss:#d39bea;--other:#99a2ab}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:70rem;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:.3rem 0}h2{font-size:1.25rem;margin:2.6rem 0 .4rem;padding-top:.6rem;
border-top:1px solid var(--line)}h3{font-size:1rem;margin:1.4rem 0 .2rem}p{max-width:48rem;margin:.4rem 0}
.soft,caption,figcaption{color:var(--soft);font-size:.875rem}
.outcome{font-size:1.1rem;padding:.6rem .9rem;border-left:5px solid var(--ok);background:var(--card)}
.outcome.flagged{border-color:var(--sk)}
.ok{color:var(--ok);font-weight:600}.bad{color:var(--bad);font-weight:700}
code{font:.9em ui-monospace,Menlo,Consolas,monospace;background:var(--card);padding:.1em .3em;
border-radius:3px}
a{color:var(--hv)}nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem;margin:1rem 0 0}
dl.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.4rem,1fr));gap:.6rem;
margin:1rem 0}
dl.numbers div{background:var(--card);border-radius:6px;padding:.5rem .7rem}
dl.numbers dt{color:var(--soft);font-size:.85rem}
dl.numbers dd{margin:0;font-size:1.25rem;font-weight:600;white-space:nowrap;
font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}caption{text-align:left;padding:.2rem 0;
max-width:calc(100vw - 2rem)}
th,td{text-align:left;vertical-align:top;padding:.3rem .85rem .3rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);overflow-wrap:normal}td{overflow-wrap:break-word;min-width:3.4rem}
.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}
.key{display:inline-flex;align-items:center;gap:.4rem;white-space:nowrap}.key svg{flex:none}
.prose{min-width:11rem}.whole{white-space:nowrap}
details{margin:.5rem 0}summary{cursor:pointer;color:var(--soft);font-size:.9rem}
figure{margin:.6rem 0}svg{display:block;max-width:100%}svg text{fill:var(--soft);font-size:11.5px;
font-family:inherit}
.pair{display:grid;grid-template-columns:minmax(0,2fr) minmax(0,1fr);gap:0 1.5rem}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(17.5rem,1fr));gap:.5rem 1.8rem}
.multiples figure{display:flex;flex-direction:column}.multiples figcaption{flex:1;margin-bottom:.4rem}
.multiples h3{margin:.8rem 0 0}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;font-size:.9rem;margin:.4rem 0;padding:0;list-style:none}
.legend li{display:flex;align-items:center;gap:.4rem}.legend svg{flex:none}
dl.words dt{font-weight:600;margin-top:.5rem}dl.words dd{margin:0 0 0 1rem;max-width:46rem}
.c-human_verified{--c:var(--hv)}.c-human_unverified{--c:var(--hu)}.c-synthetic_known{--c:var(--sk)}
.c-synthetic_suspected{--c:var(--ss)}.c-other{--c:var(--other)}
.area{fill:var(--c);fill-opacity:.08;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}
.block{fill:var(--c)}.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.limit{stroke:var(--sk);stroke-width:1.6;stroke-dasharray:6 4}
svg text.limit-name{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--bg);stroke-width:3px}
.interval{stroke:var(--mark);stroke-width:1.4;opacity:.45}.passed{fill:var(--mark)}
.flagged-mark{fill:var(--sk);stroke:var(--bg);stroke-width:1}
.open{fill:var(--bg);stroke:var(--mark);stroke-width:1.6}
.divider{stroke:var(--soft);stroke-dasharray:2 4}
@media (max-width:45rem){.pair{grid-template-columns:minmax(0,1fr)}body{padding:.8rem}h1{font-size:1.35rem}
td{padding-right:.6rem}}
@media print{details>*{display:block}}
"""


def text(value: str, limit: int = TEXT_LIMIT) -> Html:
    """Text from data, safe between tags and in quoted attributes.

    At most `limit` characters, then an ellipsis. Control, bidirectional and other invisible
    characters and lone surrogates are shown as escapes, so that what is seen is what is there.
    """
    return Html(html.escape(visible_text(value, limit), quote=True))


def name(value: str, limit: int = TEXT_LIMIT) -> Html:
    """Text from data in a direction of its own: right-to-left text can't reorder what follows it."""
    return Html(f"<bdi>{text(value, limit)}</bdi>")


def integer(value: int) -> Html:
    return Html(f"{value:,}")


def brief(value: int) -> Html:
    """A count for a headline: in full below a (short) billion, then in billions."""
    return integer(value) if value < 1_000_000_000 else Html(f"{value / 1_000_000_000:,.2f} bn")


def decimal(value: float | None) -> Html:
    """Four significant digits; a dash for null."""
    if value is None:
        return NONE
    return Html(f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}")


def percent(part: float, whole: float) -> Html:
    """`part / whole` in percent with one decimal; a dash where the whole is 0."""
    return Html(f"{100 * part / whole:.1f}%") if whole else NONE


def prose(value: str) -> Html:
    """A sentence in a table, kept wide enough to be read on a narrow screen."""
    return Html(f'<div class="prose">{text(value)}</div>')


def join(parts: Sequence[Html], separator: str = "\n") -> Html:
    return Html(separator.join(parts))


def table(
    caption: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[Html]],
    *,
    numeric: frozenset[int] = frozenset(),
    rest: str = "rows",
) -> Html:
    """A table of cells, `numeric` columns to the right. Past 200 rows the rest is counted as `rest`;
    without any it is one line that says so.

    Raises:
        ValueError: a row has another number of cells than there are headers.
    """
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"table {caption!r}: a row of {len(row)} cells under {len(headers)} headers")
    if not rows:
        return Html(f'<p class="soft">{text(caption)}: nothing to list.</p>')
    classes = [' class="n"' if column in numeric else "" for column in range(len(headers))]
    head = "".join(
        f'<th scope="col"{style}>{text(header)}</th>' for header, style in zip(headers, classes, strict=True)
    )
    lines = [
        "".join(f"<td{style}>{cell}</td>" for cell, style in zip(row, classes, strict=True))
        for row in rows[:ROW_LIMIT]
    ]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    left = len(rows) - ROW_LIMIT
    more = f'<p class="soft">and {integer(left)} more {text(rest)}, not shown here.</p>' if left > 0 else ""
    return Html(
        f'<div class="scroll"><table><caption>{text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def details(summary: str, body: Html) -> Html:
    return Html(f"<details><summary>{text(summary)}</summary>{body}</details>")


def section(anchor: str, heading: str, body: Sequence[Html]) -> Html:
    return Html(f'<section id="{text(anchor)}"><h2>{text(heading)}</h2>\n{join(body)}\n</section>')


def document(title: str, body: Sequence[Html]) -> str:
    """The whole page, without a link to anything outside it and without script."""
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{join(body)}\n</body></html>\n'
