"""Ladders: which one an alert climbs, whom a step means at a moment, and what follows when nobody answers.

| module | what |
|---|---|
| `defaults` | the ladders where a site says nothing, each figure marked with its source |
| `plans` | the site's policies, asked for one alert at one time; a plan as a list of timers |
| `reach` | words, rosters and persons of a step as people with channels, deputies and quiet hours |
| `rows` | timers as rows of the database |
| `telling` | a step comes: messages, timers for who has quiet hours, and the audit |
| `unanswered` | the ``duty`` alarm when a ladder ended without an answer |

The timers themselves run in `alerts.escalation`; docs/escalation.md is for those who write policies.
"""
