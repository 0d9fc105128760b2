"""Rules about places and time for random logs: short times, so that each says something within minutes.

Random logs begin at 2027-01-15 16:00 in Shanghai, a Friday.
"""

PLACE_RULES = """
id: two_of_many
version: "1"
labels: {zh: 二取, en: Two of many}
class: fire
level: critical
entity: building
condition:
  several:
    at_least: 2
    within_s: 3
    condition:
      any_of:
        - {kind: smoke_detector, point: smoke, at_least: 1}
        - {kind: fire_panel, point: "l1p*", bits: {any: 0x2}}
messages: {zh: "{building}", en: "{unit} {building}"}
---
id: devices_of_a_zone
version: "1"
labels: {zh: 设备, en: Devices}
class: hazard
level: notice
entity: zone
condition:
  all_of:
    - several:
        at_least: 2
        of: device
        condition:
          any_of:
            - {kind: camera, point: behaviour, at_least: 2}
            - {kind: power_meter, point: power, above: {limit: 190, quantity: W}}
            - {absence: {of: device}, kind: [camera, smoke_detector]}
    - {schedule: {opening: closed}}
off_delay_s: 1
messages: {zh: "{zone}", en: "{zone}"}
---
id: share_of_a_unit
version: "1"
labels: {zh: 比例, en: Share}
class: supervisory
level: notice
entity: unit
watches: {kind: [fire_panel, smoke_detector]}
condition: {several: {at_least: 2, share: 0.5, condition: {bits: {any: 0x1}}}}
level_when:
  level: warning
  condition: {several: {at_least: 3, within_s: 2, condition: {kind: smoke_detector, at_least: 2}}}
on_delay_s: 0.5
messages: {zh: "{unit}", en: "{unit}"}
---
id: one_after_another
version: "1"
labels: {zh: 先后, en: One after another}
class: fire
level: critical
entity: zone
condition:
  sequence:
    within_s: 4
    whole_s: 6
    steps:
      - {kind: [smoke_detector, camera], point: [smoke, behaviour], at_least: 1}
      - any_of:
          - {kind: camera, point: ebike_count, at_least: 2}
          - {absence: {of: device}, kind: camera}
      - {kind: [smoke_detector, fire_panel], point: [smoke, "l1p*"], bits: {any: 0x2}}
messages: {zh: "{zone}", en: "{zone}"}
---
id: panel_course
version: "1"
labels: {zh: 主机先后, en: Course at a panel}
class: linkage
level: notice
entity: device
watches: {kind: fire_panel}
condition:
  any_of:
    - {sequence: {within_s: 2, steps: [{point: l1p01, bits: {any: 0x2}}, {point: l1p02, bits: {any: 0x4}}]}}
    - all_of: [{point: state, bits: {any: 0x100}}, {schedule: {from: "16:01", to: "16:02", days: [fri, sat]}}]
messages: {zh: "{device}", en: "{device}"}
---
id: point_quiet
version: "1"
labels: {zh: 测点失联, en: Point silent}
class: fault
level: notice
watches: {kind: [camera, pressure_transmitter, fire_panel]}
condition: {absence: {of: point}}
unless: {absence: {of: device}}
off_delay_s: 1
messages: {zh: "{point}", en: "{point}"}
---
id: point_quiet_for_long
version: "1"
labels: {zh: 测点久失联, en: Point silent for long}
class: fault
level: notice
entity: device
condition:
  any_of:
    - {kind: smoke_detector, absence: {of: point, within_s: 9}}
    - {kind: camera, absence: {of: point, within_s: 7}}
level_when: {level: warning, condition: {schedule: {opening: open}}}
messages: {zh: "{device}", en: "{device}"}
"""
