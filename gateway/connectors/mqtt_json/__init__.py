"""Listens to devices that publish JSON to an MQTT broker, v3.1.1 or v5.

Input: messages, acknowledged only after the spool has them. Output: `ReadingBatch`es and dead letters.
"""
