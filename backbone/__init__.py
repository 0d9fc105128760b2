"""NATS JetStream as a log: server, streams, publishing, reading, leases, checkpoints, Sparkplug B.

Input: payload bytes with subjects and message ids, from every process.
Output: the same bytes, stored once, in order, with sequence and receive time.
"""
