"""croissant.json of a training set: what is in it and how to read it, in MLCommons' form (Croissant 1.0)."""

import pyarrow as pa

from wellspring.schemas.encoding import json_bytes
from wellspring.schemas.set_card import SetCard

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {
    pa.string(): "sc:Text",
    pa.int64(): "sc:Integer",
    pa.float64(): "sc:Float",
    pa.bool_(): "sc:Boolean",
}
_PARQUET, _JSON_LINES = "application/x-parquet", "application/jsonlines"
_FILE_SET, _RECORDS = "document-files", "documents"


def croissant(card: SetCard, columns: pa.Schema) -> bytes:
    """The JSON of croissant.json; `columns` are those of the set's documents. Columns of bytes, for which
    Croissant has no type, are named in words alone.

    Raises:
        ValueError: the card names no files, or files of two kinds, or a column has no Croissant type.
    """
    parquet = {path.endswith(".parquet") for path in card.files}
    if len(parquet) != 1:
        raise ValueError(f"set {card.name}: its document files must be all Parquet or all JSON lines")
    encoding = _PARQUET if parquet.pop() else _JSON_LINES
    # Not `**`: readers differ on whether it stands for no folder at all.
    patterns = sorted(
        {
            f"{folder}/*.{name.partition('.')[2]}"
            for folder, _, name in (path.rpartition("/") for path in card.files)
        }
    )
    unnamed = [column.name for column in columns if column.type == pa.binary()]
    beside = f"; beside the fields, as bytes: {', '.join(unnamed)}" if unnamed else ""
    content = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": card.name,
        "description": card.description,
        "datePublished": card.created,
        "license": sorted(card.licences),
        "distribution": [
            *(
                {
                    "@type": "cr:FileObject",
                    "@id": path,
                    "name": path,
                    "contentUrl": path,
                    "encodingFormat": encoding,
                    "sha256": entry.sha256,
                }
                for path, entry in sorted(card.files.items())
            ),
            {
                "@type": "cr:FileSet",
                "@id": _FILE_SET,
                "name": _FILE_SET,
                "description": "The set's documents, in the order of training.",
                "encodingFormat": encoding,
                "includes": patterns,
            },
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": _RECORDS,
                "name": _RECORDS,
                "description": f"{card.documents:,} rows, {card.tokens:,} tokens by {card.tokenizer}{beside}",
                "field": [_field(column) for column in columns if column.name not in unnamed],
            }
        ],
    }
    return json_bytes(content, indent=1) + b"\n"


def _field(column: pa.Field) -> dict[str, object]:
    repeated = pa.types.is_list(column.type)
    kind = column.type.value_type if repeated else column.type
    if kind not in _TYPES:
        raise ValueError(f"column {column.name}: Croissant has no type for {column.type}")
    field: dict[str, object] = {
        "@type": "cr:Field",
        "@id": f"{_RECORDS}/{column.name}",
        "name": column.name,
        "dataType": _TYPES[kind],
        "source": {"fileSet": {"@id": _FILE_SET}, "extract": {"column": column.name}},
    }
    return field | ({"repeated": True} if repeated else {})
