"""Receives user-information transmission devices after GB/T 26875.3-2011: the centre's side of the protocol.

Input: frames of many transmitters on one port. Output: `ReadingBatch`es, a confirm for each frame that is kept.
"""
