"""The collections of a library on Milvus, and their indexes.

    articles  one row for each article, for each kept file, and one for the shelf's revision
    parts     texts, structures, files and page layouts, in pieces below the limit of a field
    chunks    what is searched

Every row names its shelf, by which Milvus places it in a partition.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from index.embedding.embedder import ModelIdentity

MAX_FIELD_BYTES = 65_535
PIECE_BYTES = 60_000
"""The longest piece of a text that is stored in one field."""
MAX_ID_BYTES = 200
_NAME_BYTES = 64
_PARTITIONS = 16
_ARTICLES, _PARTS = "article_qa_articles", "article_qa_parts"
CHUNKS_PREFIX = "article_qa_chunks_"
"""The first digits of the hash of the embedding model follow."""
_HASH_DIGITS = 16
VECTOR, BM25, TITLE_BM25 = "vector", "bm25", "title_bm25"
UNUSED = "unused"
"""A vector of two zeros: Milvus takes no collection without vectors."""
ANALYZER = {"tokenizer": "standard"}

# Beyond, others are as fast and take less time or memory; see bench/results/index_types.md.
_FLAT_UP_TO = 100_000
_HNSW_UP_TO = 1_000_000
_PARAMETERS: dict[str, dict[str, Any]] = {
    "FLAT": {},
    "HNSW": {"M": 16, "efConstruction": 200},
    # One bit for each dimension finds candidates; 8 bits order them.
    "IVF_RABITQ": {"nlist": 1_024, "refine": True, "refine_type": "SQ8"},
    "DISKANN": {},
}
_LEAST_EFFORT = 200


def index_type_for(passages: int, setting: str = "auto") -> str:
    """Return the type of the index of so many vectors, unless ``setting`` names one."""
    if setting != "auto":
        return setting
    return "HNSW" if passages <= _HNSW_UP_TO else "IVF_RABITQ"


def is_too_small(index_type: str, passages: int) -> bool:
    """Return whether an index is slow, or large in memory, with so many vectors."""
    limits = {"FLAT": _FLAT_UP_TO, "HNSW": _HNSW_UP_TO}
    return passages > limits.get(index_type, passages)


def search_parameters(limit: int) -> dict[str, int]:
    """Return how hard to search for so many vectors; each index takes what is its own."""
    effort = max(limit, _LEAST_EFFORT)  # the first and the last find no more than they look at
    return {"ef": effort, "nprobe": 52, "refine_k": 2, "search_list": effort}


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: its name, its fields, and what is indexed."""

    name: str
    add_fields: Callable[[Any], None]
    """Adds its own fields to a schema of pymilvus."""

    @property
    def indexed(self) -> tuple[str, ...]:
        """The fields that have an index."""
        return (VECTOR, BM25, TITLE_BM25) if self.name.startswith(CHUNKS_PREFIX) else (UNUSED,)

    def create(self, client: Any) -> None:  # noqa: ANN401 - of pymilvus
        """Create it, without its indexes."""
        from pymilvus import DataType

        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=MAX_ID_BYTES)
        schema.add_field("shelf", DataType.VARCHAR, max_length=_NAME_BYTES, is_partition_key=True)
        self.add_fields(schema)
        client.create_collection(
            self.name,
            schema=schema,
            num_partitions=_PARTITIONS,
            # Rows of one call are then one message, which is seen whole or not at all.
            num_shards=1 if self.name == _ARTICLES else 2,
            consistency_level="Bounded",
        )

    def indexes(self, client: Any, index_type: str, fields: Sequence[str]) -> Any:  # noqa: ANN401 - of pymilvus
        """Return the indexes of these of its fields; ``index_type`` is that of the vectors."""
        indexes = client.prepare_index_params()
        for field in fields:
            if field == VECTOR:
                parameters = _PARAMETERS[index_type]
                indexes.add_index(field, index_type=index_type, metric_type="IP", params=parameters)
            elif field == UNUSED:
                indexes.add_index(field, index_type="FLAT", metric_type="IP")
            else:
                indexes.add_index(
                    field,
                    index_type="SPARSE_INVERTED_INDEX",
                    metric_type="BM25",
                    params={"bm25_k1": 1.2, "bm25_b": 0.75},
                )
        return indexes


def collections(model: ModelIdentity) -> tuple[Collection, Collection, Collection]:
    """Return articles, parts and chunks; the name of the last one has the hash of the model."""
    chunk_fields = functools.partial(_chunk_fields, dimension=model.dimension)
    name = f"{CHUNKS_PREFIX}{model.sha256[:_HASH_DIGITS]}"
    return (
        Collection(_ARTICLES, _article_fields),
        Collection(_PARTS, _part_fields),
        Collection(name, chunk_fields),
    )


def collections_named(chunks: str) -> tuple[Collection, Collection, Collection]:
    """Return those of a library that exists, by the name of the last one; none is created."""
    articles, parts, _ = collections(ModelIdentity("", "", 0))
    return articles, parts, Collection(chunks, _chunk_fields)


def _article_fields(schema: Any) -> None:  # noqa: ANN401 - of pymilvus
    from pymilvus import DataType

    schema.add_field("kind", DataType.VARCHAR, max_length=_NAME_BYTES)
    schema.add_field("live", DataType.BOOL)
    schema.add_field("changed", DataType.INT64)
    schema.add_field("value", DataType.VARCHAR, max_length=MAX_FIELD_BYTES)
    schema.add_field(UNUSED, DataType.FLOAT_VECTOR, dim=2)


def _part_fields(schema: Any) -> None:  # noqa: ANN401 - of pymilvus
    from pymilvus import DataType

    schema.add_field("written", DataType.INT64)
    schema.add_field("text", DataType.VARCHAR, max_length=MAX_FIELD_BYTES)
    schema.add_field(UNUSED, DataType.FLOAT_VECTOR, dim=2)


def _chunk_fields(schema: Any, dimension: int = 0) -> None:  # noqa: ANN401 - of pymilvus
    from pymilvus import DataType, Function, FunctionType

    for name in ("article", "version"):
        schema.add_field(name, DataType.VARCHAR, max_length=_NAME_BYTES)
    for name in ("start", "end", "written"):
        schema.add_field(name, DataType.INT64)
    for name in ("text", "heading", "title", "sentences"):
        schema.add_field(name, DataType.VARCHAR, max_length=MAX_FIELD_BYTES)
    schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dimension)
    for terms, sparse in (("terms", BM25), ("title_terms", TITLE_BM25)):
        schema.add_field(
            terms,
            DataType.VARCHAR,
            max_length=MAX_FIELD_BYTES,
            enable_analyzer=True,
            analyzer_params=ANALYZER,
        )
        schema.add_field(sparse, DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name=f"{sparse}_of_{terms}",
                function_type=FunctionType.BM25,
                input_field_names=[terms],
                output_field_names=[sparse],
            )
        )
