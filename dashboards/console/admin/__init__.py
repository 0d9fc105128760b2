"""The administration page: accounts, tokens, sessions, channels and duty, the audit. Over the services' faces only."""
