"""Keeps the record that people handle, and sees to it that somebody answers.

Input: `Transition`s from ALARMS, and people's actions on `svc.alerts.*`.
Output: rows in SQL, CloudEvents in ALERTS, notifications with receipts.
"""
