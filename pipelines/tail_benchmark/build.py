"""`wellspring tails build`: from human text a benchmark of rare but real items, with a frequent control."""

import argparse
import itertools
import math
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from wellspring.pipelines.anchors.verification import open_anchor
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files, listed
from wellspring.pipelines.command.own_output import own_new_folder
from wellspring.pipelines.flags.tails import ACTIONS
from wellspring.pipelines.tail_benchmark.tasks import task_files
from wellspring.schemas import SCHEMA_VERSION
from wellspring.schemas.document import Document
from wellspring.schemas.encoding import json_bytes, sha256_hex, stream_sha256
from wellspring.schemas.manifest import FileEntry
from wellspring.schemas.reject import FILE
from wellspring.schemas.tail_benchmark import KINDS, SETS, ReadFile, TailItem, TailManifest
from wellspring.signals.collapse.tail_items import ItemMaker, Source
from wellspring.signals.matching.shared_words import SharedWords
from wellspring.signals.stats.hashing import content_hash
from wellspring.signals.stats.power import EXAMPLES, FEWEST_ITEMS, detectable, items_needed
from wellspring.signals.text.word_counts import Vocabulary, WordReference
from wellspring.transforms.formats.limits import DEFAULT_LIMITS
from wellspring.transforms.formats.own_texts import read_own_texts, refusal, stem
from wellspring.transforms.formats.rows import Columns
from wellspring.transforms.storage.open_files import open_binary

DISCORDANT = 0.2
"""The share of items on which two models are taken to differ."""

_MOST_TIMES = 100
"""Beyond so many times the text nothing is promised: what is missing then is another kind of text."""
_MOST_DOUBLINGS = 10
_WORKS = "running prose, some 400,000 words in each file"


def run(argv: Sequence[str] | None = None) -> int:
    """Builds the benchmark; exit code 0.

    Raises:
        UsageError: the arguments are wrong, or a corpus is too small: then it says how many more documents.
    """
    flags = ACTIONS["build"].parser().parse_args(argv)
    try:
        needed = max(FEWEST_ITEMS, items_needed(DISCORDANT, flags.difference, flags.power))
    except ValueError as error:
        raise UsageError(f"wellspring tails build: {error}") from error
    with own_new_folder("tails build", flags.output):
        return _run(flags, needed)


def _run(flags: argparse.Namespace, needed: int) -> int:
    corpus = _files("--corpus", flags.corpus)
    against = _files("--against", flags.against) if flags.against else {}
    anchor = open_anchor(Path(flags.anchor)) if flags.anchor else None

    documents, read_corpus, refused = _read_corpus(corpus, columns_of(flags))
    shared = SharedWords([document.text for document in itertools.chain(*documents.values())])
    vocabulary = Vocabulary()
    training, read_against = [], {}
    for name, path in against.items():
        texts = [document.text for document in _documents(path, columns_of(flags))]
        shared.see(texts)
        training += [vocabulary.split(text) for text in texts]
        read_against[name] = ReadFile(sha256=_sha256(path), documents=len(texts))
    read_anchor = {}
    if anchor is not None:
        shared.see(document.text for document in anchor.documents)
        read_anchor[f"version {anchor.version.version}"] = ReadFile(
            sha256=anchor.last_version_sha256 or "", documents=len(anchor.documents)
        )
    standing = iter(shared.copied_documents())
    sources = {
        domain: [
            Source(document.id, document.source, vocabulary.split(document.text))
            for document in of_domain
            if not next(standing)
        ]
        for domain, of_domain in documents.items()
    }
    refused["document_copied"] = sum(map(len, documents.values())) - sum(map(len, sources.values()))

    items: list[TailItem] = []
    short: list[str] = []
    for domain, of_domain in sources.items():
        reference = WordReference(training or [source.words for source in of_domain], len(vocabulary))
        maker = ItemMaker(
            of_domain,
            reference,
            vocabulary,
            within=not training,
            seed=flags.seed,
            refused=shared.shared,
        )
        for set_ in SETS:
            found, left_out = maker.items(set_, domain, needed)
            refused.update(left_out)
            items += found
            if len(found) < needed:
                of_parts = [len(maker.items(set_, domain, needed, every=n)[0]) for n in (4, 2, 1)]
                short.append(_short(domain, set_, of_parts, needed, len(of_domain)))
    if short:
        checked = f"; {refused['document_copied']:,} documents were left out as copies of the other text"
        raise UsageError(
            f"wellspring tails build: too little text for a power of {flags.power:g}: "
            f"{'; '.join(short)}{checked if refused['document_copied'] else ''}"
        )

    lines = b"".join(msgspec.json.encode(item) + b"\n" for item in items)
    contents = {"items.jsonl": (lines, len(items)), **task_files(items)}
    manifest = TailManifest(
        schema_version=SCHEMA_VERSION,
        seed=flags.seed,
        corpus=read_corpus,
        reference="against" if training else "corpus",
        against=read_against,
        anchor=read_anchor,
        power=flags.power,
        difference=flags.difference,
        items_needed=needed,
        items={
            domain: {
                set_: {
                    kind: sum(i.domain == domain and i.set == set_ and i.kind == kind for i in items)
                    for kind in KINDS
                }
                for set_ in SETS
            }
            for domain in sources
        },
        documents={domain: len({i.document for i in items if i.domain == domain}) for domain in sources},
        refused={reason: count for reason, count in sorted(refused.items()) if count},
        files={
            path: FileEntry(rows=rows, sha256=sha256_hex(content))
            for path, (content, rows) in contents.items()
        },
    )
    output: Path = flags.output
    _write(output, {path: content for path, (content, _) in contents.items()}, manifest)
    print(_report(manifest, output))
    if not training:
        print(
            "warning: not checked against any training set, frequencies are the corpus' own: give --against",
            file=sys.stderr,
        )
    return 0


def _files(flag: str, patterns: str) -> dict[str, str]:
    """Name -> path of each file that a flag names, sorted by name.

    Raises:
        UsageError: a pattern matches nothing, or two files have one name.
    """
    paths = sorted(set(input_files(flag, listed(patterns))))
    named = {_name(path): path for path in paths}
    if len(named) < len(paths):
        twice = next(path for path in paths if named[_name(path)] != path)
        raise UsageError(f"{flag}: two files are called {_name(twice)!r}: a file's name is its domain")
    return dict(sorted(named.items()))


def _name(path: str) -> str:
    """A file's name without folder and endings, of letters, digits, hyphens and underscores."""
    return re.sub(r"[^\w-]+", "_", stem(path), flags=re.ASCII) or "corpus"


def _read_corpus(
    files: dict[str, str], columns: Columns
) -> tuple[dict[str, list[Document]], dict[str, ReadFile], Counter[str]]:
    """Domain -> documents, each text once in all the corpus; what was read; what was left out."""
    documents: dict[str, list[Document]] = {}
    read: dict[str, ReadFile] = {}
    refused: Counter[str] = Counter()
    seen: set[bytes] = set()
    for domain, path in files.items():
        documents[domain] = []
        ids: set[str] = set()
        for document in _documents(path, columns, refused):
            key = content_hash(document.text)
            if key in seen or document.id in ids:
                refused["document_twice"] += 1
                continue
            seen.add(key)
            ids.add(document.id)
            documents[domain].append(document)
        read[domain] = ReadFile(sha256=_sha256(path), documents=len(documents[domain]))
    return documents, read, refused


def _documents(path: str, columns: Columns, refused: Counter[str] | None = None) -> Iterator[Document]:
    """The documents of a file; records that are none are counted.

    Raises:
        UsageError: nothing in the file can be read.
    """
    read = False
    for record in read_own_texts([path], columns, DEFAULT_LIMITS):
        if isinstance(record, Document):
            read = True
            yield record
        elif record.kind == FILE and not read:
            raise UsageError(f"wellspring tails build: {refusal(record)}")
        elif refused is not None:
            refused[f"record_{record.reason}"] += 1


def _sha256(path: str) -> str:
    with open_binary(path) as stream:
        return stream_sha256(stream)


def _short(domain: str, set_: str, found: Sequence[int], needed: int, documents: int) -> str:
    """What is missing, in words.

    Args:
        found: items of a quarter of the documents, of half of them, of all.
    """
    if not found[-1]:
        return f"{domain}: no {set_} item in {documents:,} documents, {needed} are needed"
    lacking = f"{domain}: {found[-1]} {set_} items in {documents:,} documents, {needed} are needed: "
    times = 2 ** min(_doublings(found, needed), _MOST_DOUBLINGS)
    if times > _MOST_TIMES:
        return f"{lacking}over {_MOST_TIMES} times as much of the same text; give other text: {_WORKS}"
    return f"{lacking}give about {max(math.ceil(documents * (times - 1)), 1):,} more documents"


def _doublings(found: Sequence[int], needed: int) -> float:
    """How often the documents are to be doubled.

    Each type gives one item, so that a doubling brings ever fewer: it multiplies them by 2^b, where b
    goes on falling as it fell from the second quarter to the second half.
    """
    quarter, half, whole = (max(count, 1) for count in found)
    earlier, growth = math.log2(half / quarter), math.log2(whole / half)
    falls = min(max(growth / earlier, 0.5), 1.0) if earlier > 0 else 1.0
    missing, steps = math.log2(needed / whole), 0.0
    growth = min(growth, 1.0)
    while True:
        growth = max(growth * falls, 0.1)
        if growth >= missing:
            return steps + missing / growth
        missing, steps = missing - growth, steps + 1


def _write(output: Path, contents: dict[str, bytes], manifest: TailManifest) -> None:
    """The folder appears whole or not at all; what it leads to, where it is a link."""
    output = output.resolve()
    unfinished = output.with_name(f"{output.name}.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    for path, content in contents.items():
        (unfinished / path).parent.mkdir(parents=True, exist_ok=True)
        (unfinished / path).write_bytes(content)
    encoded = json_bytes(manifest, indent=1)
    (unfinished / "manifest.json").write_bytes(encoded + b"\n")
    if output.exists():
        output.rmdir()
    unfinished.rename(output)


def _report(manifest: TailManifest, output: Path) -> str:
    lines = [f"{'domain':<28} {'set':<5}{'items':>7}  " + "".join(f"{kind:>13}" for kind in KINDS)]
    for domain, sets in manifest.items.items():
        for set_, kinds in sets.items():
            counts = "".join(f"{kinds[kind]:>13}" for kind in KINDS)
            lines.append(f"{domain[:28]:<28} {set_:<5}{sum(kinds.values()):>7}  {counts}")
    lines += ["", "power (McNemar, two-sided 5%):"]
    for discordant, difference in EXAMPLES:
        n = items_needed(discordant, difference, manifest.power)
        lines.append(
            f"  models that differ on {discordant:.0%} of the items: {difference:.0%} apart is seen "
            f"with {n} items, {manifest.power:.0%} of the time"
        )
    least = detectable(manifest.items_needed, DISCORDANT, manifest.power)
    if least is not None:
        lines.append(
            f"  {manifest.items_needed} items: {100 * least:.1f} points where {DISCORDANT:.0%} differ"
        )
    for reason, count in manifest.refused.items():
        lines.append(f"left out, {reason.replace('_', ' ')}: {count:,}")
    lines.append(f"items, tasks and manifest are in {output}")
    return "\n".join(lines)


if __name__ == "__main__":
    from wellspring.pipelines.cli import main

    sys.exit(main(["tails", "build", *sys.argv[1:]]))
