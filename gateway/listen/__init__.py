"""The listening side: HTTP/1.1, HTTP/2, WebSocket and TLS from the socket up to ASGI."""
