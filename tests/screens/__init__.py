"""Screenshots of every page of the console, in both languages: `make screenshots`."""
