"""Polls Modbus TCP servers: registers in blocks, one owner per connection, a breaker per unit.

Input: register bytes. Output: `ReadingBatch`es with a quality for every failure.
"""
