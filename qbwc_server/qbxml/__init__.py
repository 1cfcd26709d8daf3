"""qbXML: what to ask QuickBooks for, how to ask it, and how to read what it answers.

Pure functions over text and byte streams; no database, no network, no clock.
"""
