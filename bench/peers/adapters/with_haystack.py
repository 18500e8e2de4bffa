"""Haystack with its FAISS store, saved to a file, and a query pipeline."""

from __future__ import annotations

from pathlib import Path

from bench.peers.adapters.protocol import WARM_UP, K, Peer, paragraphs, run

_DIMENSION = 384


class Haystack(Peer):
    """The embedders of sentence-transformers-haystack around ``FAISSDocumentStore``."""

    def prepare(self, model: str, store: Path) -> None:  # noqa: ARG002 - saved at the end
        """Load the model and embed one text."""
        from haystack import Document
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        self._embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
        self._embedder.run([Document(content=WARM_UP)])

    def build(self, texts: Path, store: Path) -> int:
        """Embed a document a paragraph, write them and save."""
        from haystack import Document
        from haystack.document_stores.types import DuplicatePolicy
        from haystack_integrations.document_stores.faiss import FAISSDocumentStore

        documents = self._embedder.run([Document(content=text) for text in paragraphs(texts)])
        documents_store = FAISSDocumentStore(index_path=str(store), embedding_dim=_DIMENSION)
        documents_store.write_documents(documents["documents"], policy=DuplicatePolicy.OVERWRITE)
        documents_store.save(str(store))
        return int(documents_store.count_documents())

    def open(self, model: str, store: Path) -> None:
        """Load the store and connect the query pipeline."""
        from haystack import Pipeline
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersTextEmbedder,
        )
        from haystack_integrations.components.retrievers.faiss import FAISSEmbeddingRetriever
        from haystack_integrations.document_stores.faiss import FAISSDocumentStore

        documents_store = FAISSDocumentStore(index_path=str(store), embedding_dim=_DIMENSION)
        embedder = SentenceTransformersTextEmbedder(model=model, progress_bar=False)
        self._pipeline = Pipeline()
        self._pipeline.add_component("text_embedder", embedder)
        self._pipeline.add_component(
            "retriever", FAISSEmbeddingRetriever(document_store=documents_store, top_k=K)
        )
        self._pipeline.connect("text_embedder.embedding", "retriever.query_embedding")

    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""
        found = self._pipeline.run({"text_embedder": {"text": question}})
        return [document.content for document in found["retriever"]["documents"]]


if __name__ == "__main__":
    run(Haystack())
