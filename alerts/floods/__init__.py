"""What alarms cost people: activations, floods and their digests, figures, and work for whoever can mend a bad actor.

| module | its part |
|---|---|
| activations | one row each time an alarm becomes active, and whether it is directed to an operator |
| book | what one transaction knows of floods: the newest alarms of each scope, and the floods that stand |
| standing | floods begin, end, and are told of |
| positions | whose alarms are whose, and names for people |
| announcing | audit, feed and the own alarm of a flood |
| digests | messages to a person while a flood stands: collected, and sent as one |
| digest_content | what a digest says |
| words | a digest as people read it |
| messages | work items and floods for other modules, as CloudEvents |
| measures | figures as functions of arrays, nothing else |
| loading | the arrays, out of the database |
| delivery | what became of messages, by channel |
| limits | what each figure should be, and who says so |
| figures | the report on a period: ISA-18.2 / IEC 62682 (secondary sources) and our own |
| bad_actors | chattering, stale, hogs, false alarms: found once a minute |
| work_items | opened once for each finding, closed when it is over |
| service | ``svc.alerts.kpi.*`` |
"""
