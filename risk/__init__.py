"""Fire-risk prediction and ranking of premises; the next stage.

Input: CloudEvents of ALERTS.
Output: none yet; the package reserves the name and its place in the import contracts.
"""
