"""What alarms cost people: activations, floods and their digests, figures, and work for whoever can mend a bad actor.

| module | its part |
|---|---|
| activations | one row each time an alarm becomes active, and whether it is directed to an operator |
| book | what one transaction knows of floods: the newest alarms of each scope, and the floods that stand |
| standing | floods begin, end, and are told of |
| digests | messages to a person while a flood stands: collected, and sent as one |
| messages | work items and floods for other modules, as CloudEvents |
| measures | figures as functions of arrays, nothing else |
| loading | the arrays, out of the database |
| figures | the report on a period: ISA-18.2 / IEC 62682 (secondary sources) and our own |
| bad_actors | chattering, stale, hogs, false alarms: found, opened and closed as work items |
| service | ``svc.alerts.kpi.*`` |
"""
