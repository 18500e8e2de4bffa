"""LlamaIndex with its FAISS store, persisted to a folder."""

from __future__ import annotations

from pathlib import Path

from bench.peers.adapters.protocol import WARM_UP, K, Peer, paragraphs, run

_DIMENSION = 384


class LlamaIndex(Peer):
    """``VectorStoreIndex.from_documents`` over ``FaissVectorStore``, and its retriever."""

    def _load(self, model: str) -> None:
        from llama_index.core import Settings
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        Settings.embed_model = HuggingFaceEmbedding(model_name=model)
        self._embed_model = Settings.embed_model

    def prepare(self, model: str, store: Path) -> None:  # noqa: ARG002 - persisted at the end
        """Load the model and embed one text."""
        self._load(model)
        self._embed_model.get_text_embedding(WARM_UP)

    def build(self, texts: Path, store: Path) -> int:
        """Index a document a paragraph, and persist."""
        import faiss
        from llama_index.core import Document, StorageContext, VectorStoreIndex
        from llama_index.vector_stores.faiss import FaissVectorStore

        vectors = FaissVectorStore(faiss_index=faiss.IndexFlatL2(_DIMENSION))
        index = VectorStoreIndex.from_documents(
            [Document(text=text) for text in paragraphs(texts)],
            storage_context=StorageContext.from_defaults(vector_store=vectors),
        )
        index.storage_context.persist(persist_dir=str(store))
        return int(vectors.client.ntotal)

    def open(self, model: str, store: Path) -> None:
        """Load the index from its folder, as the page on the FAISS store does."""
        from llama_index.core import StorageContext, load_index_from_storage
        from llama_index.vector_stores.faiss import FaissVectorStore

        self._load(model)
        vectors = FaissVectorStore.from_persist_dir(str(store))
        context = StorageContext.from_defaults(vector_store=vectors, persist_dir=str(store))
        self._retriever = load_index_from_storage(context).as_retriever(similarity_top_k=K)

    def retrieve(self, question: str) -> list[str]:
        """Return the texts of the K best passages."""
        return [found.get_content() for found in self._retriever.retrieve(question)]


if __name__ == "__main__":
    run(LlamaIndex())
