"""The library and its reading model as parts of LangChain, LlamaIndex and Haystack pipelines."""
