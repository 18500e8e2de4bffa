"""The server of Milvus Lite, for tests."""

from bench.milvus_server import MilvusServer, milvus_server

__all__ = ["MilvusServer", "milvus_server"]
