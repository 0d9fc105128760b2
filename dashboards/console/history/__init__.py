"""Searching the record: what was and what is, page by page, and as a file."""
