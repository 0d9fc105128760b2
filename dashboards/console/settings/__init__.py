"""Settings of this browser, and facts of this site."""
