"""Unit self-management (消管家): tasks, patrols, hazards of a premises; the next stage.

Input: CloudEvents of ALERTS.
Output: none yet; the package reserves the name and its place in the import contracts.
"""
