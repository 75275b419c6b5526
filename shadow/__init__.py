"""The shadow proxy: copies traffic down the other path and compares the answers."""
