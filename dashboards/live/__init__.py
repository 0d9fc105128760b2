"""What is happening now, held once per process: the link, the board that pages read, its feed.

Browsers and API clients read the board; only the feed asks the backbone.
"""
