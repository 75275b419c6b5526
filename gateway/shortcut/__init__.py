"""What came before, byte for byte, from the same peer goes a shorter way: decided once, carried out each time.

The spine (`gateway.handle`) stays the only place where anything is decided. What it made of a plain read is kept as
long as nothing it was decided on has changed; each request still takes its token, has its own id, trace and signed
context, asks the service, and is counted and logged. Whatever is not plain goes on along the ordinary way.
"""
