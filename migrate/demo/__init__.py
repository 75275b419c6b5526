"""The stand-in platform and the demo that moves it."""
