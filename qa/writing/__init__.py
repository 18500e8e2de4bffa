"""Answer in a language model's own words, each claim checked against the sentences it cites."""
