"""Measures the server against a WSGI application that does nothing; run `python -m bench`."""
