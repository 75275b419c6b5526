"""The shared nouns and pure decisions; standard library only."""
