"""The alarm list, the page that people work with."""
