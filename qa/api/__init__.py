"""The same answers over HTTP: our own interface, those of OpenAI and Anthropic, and MCP."""
