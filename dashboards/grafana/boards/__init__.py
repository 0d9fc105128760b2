"""The boards, one a file."""
