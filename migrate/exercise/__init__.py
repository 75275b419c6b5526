"""Distinct dry runs of routes too rare to wait for: weaker evidence, labelled so."""
