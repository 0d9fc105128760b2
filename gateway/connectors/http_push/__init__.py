"""An HTTP endpoint that IoT platforms push device messages to: NB-IoT detectors behind a carrier's cloud.

Input: POSTed JSON with a token. Output: `ReadingBatch`es and dead letters; the answer follows the spool's commit.
"""
