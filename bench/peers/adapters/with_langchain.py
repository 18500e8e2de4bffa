"""LangChain with FAISS, saved to a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.peers.adapters.protocol import WARM_UP, K, Peer, paragraphs, run


class LangChain(Peer):
    """``FAISS`` of langchain-community, with ``HuggingFaceEmbeddings``."""

    def _load(self, model: str) -> Any:  # noqa: ANN401 - theirs, and not installed here
        from langchain_huggingface import HuggingFaceEmbeddings

        return HuggingFaceEmbeddings(model_name=model)

    def prepare(self, model: str, store: Path) -> None:  # noqa: ARG002 - saved at the end
        """Load the model and embed one text."""
        self._embeddings = self._load(model)
        self._embeddings.embed_query(WARM_UP)

    def build(self, texts: Path, store: Path) -> int:
        """Add a document a paragraph, and save."""
        import faiss
        from langchain_community.docstore.in_memory import InMemoryDocstore
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document

        store_of_vectors = FAISS(
            embedding_function=self._embeddings,
            index=faiss.IndexFlatL2(len(self._embeddings.embed_query("hello world"))),
            docstore=InMemoryDocstore(),
            index_to_docstore_id={},
        )
        documents = [Document(page_content=text) for text in paragraphs(texts)]
        store_of_vectors.add_documents(documents, ids=[str(uuid4()) for _ in documents])
        store_of_vectors.save_local(str(store))
        return int(store_of_vectors.index.ntotal)

    def open(self, model: str, store: Path) -> None:
        """Load what was saved, by unpickling, as its documentation does."""
        from langchain_community.vectorstores import FAISS

        self._vectors = FAISS.load_local(
            str(store), self._load(model), allow_dangerous_deserialization=True
        )

    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""
        return [found.page_content for found in self._vectors.similarity_search(question, k=K)]


if __name__ == "__main__":
    run(LangChain())
