"""Inference: the OpenAI-compatible data plane."""
