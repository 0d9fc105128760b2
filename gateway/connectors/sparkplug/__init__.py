"""A Sparkplug B host: edges of other makers on any broker become hosted nodes of units.

Input: births, data and deaths of edges that the site names. Output: `ReadingBatch`es, learned points, links up or down.
"""
