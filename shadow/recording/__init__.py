"""Recorded traffic: HAR and mitmproxy flow files become exchanges."""
