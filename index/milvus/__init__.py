"""A library on Milvus: a distributed engine, or its embedded form, Milvus Lite."""
