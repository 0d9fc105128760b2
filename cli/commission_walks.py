"""The part of a commissioning report about walk tests: who, when, what was seen, and whether the signature holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cli.commission_facts import Facts
from cli.commission_paper import Cell, Section, Table, Tone, Words, cell, columns
from cli.signed_documents import read_signed
from cli.walk_test_mark import FINDING
from cli.walk_test_result import WORDS
from dashboards.console.texts import Language as ScreenLanguage
from dashboards.console.wording import floor_text
from dashboards.live.walk_log import Sight
from domain.errors import WireError

_TONES = {
    Sight.ALARMED: Tone.GOOD,
    Sight.DEVICE_ALARMED: Tone.WARN,
    Sight.HAND_WORKS: Tone.WARN,
    Sight.HAND_FAILS: Tone.BAD,
    Sight.CHANGED: Tone.WARN,
    Sight.UNSEEN: Tone.BAD,
}
"""What a person found to work is proven by that person, not by the way to the record; an alarm of a device proves no
point of several."""


_PROVEN = (Sight.ALARMED, Sight.HAND_WORKS, Sight.HAND_FAILS)


def walks_section(facts: Facts) -> Section:
    """Return every signed result of the site's units, newest first."""
    notes = []
    if not facts.walk_tests:
        notes.append(
            cell(
                "没有走动测试记录：fengsui walk-test UNIT",
                "there is no walk test yet: fengsui walk-test UNIT",
                Tone.WARN,
            )
        )
    for test in facts.running_tests:
        zh = f"单位 {test.unit} 的走动测试正在进行（{test.begun_by}）：范围内的报警不推送"
        notes.append(cell(zh, f"a walk test of {test.unit} by {test.begun_by} is running: nobody is told", Tone.BAD))
    tables = [_table(facts, path, document, reason) for path, document, reason in facts.walk_tests]
    return Section(Words("走动测试", "Walk tests"), tuple(tables), notes=tuple(notes))


def _table(facts: Facts, path: Path, document: Mapping[str, Any], reason: str | None) -> Table:
    """Return one result; of one whose signature does not hold, nothing but that."""
    if reason is not None:
        zh, _, en = reason.partition(" / ")
        row = (cell(path.name), cell(f"签名无效：{zh}", f"the signature does not hold: {en or zh}", Tone.BAD))
        return Table(columns(("文件", "file", 1), ("签名", "signature", 2)), (row,))
    counts = _counts(document)
    title = Words(
        f"{_both(document['unit_labels'])[0]}：{document['alarmed']} / {document['total']} 个测点已报警；{counts[0]}",
        f"{_both(document['unit_labels'])[1]}: {document['alarmed']} of {document['total']} points alarmed; "
        f"{counts[1]}",
    )
    return Table(
        columns(
            ("部位", "place", 2.2), ("设备", "device", 1.8), ("测点", "point", 1.5), ("结果", "result", 1.4),
            ("首次时间", "first seen", 1.5), ("内容", "said", 1), ("规则", "rule", 1.3), ("手动标记", "by hand", 2),
        ),
        tuple(_row(point) for point in document["points"]),
        title=title,
        notes=_notes(facts, path, document),
    )  # fmt: skip


def _notes(facts: Facts, path: Path, document: Mapping[str, Any]) -> tuple[Words, ...]:
    end = (
        ("到时自动结束", "ended by its time")
        if document["ended_by_time"]
        else (f"由 {document['ended_by']} 结束", f"ended by {document['ended_by']}")
    )
    scope = ", ".join([*document["zones"], *document["devices"]])
    key = read_key(path)
    notes = [
        Words(
            f"测试人：{document['by']}；{_clock(document['begun'])} 至 {_clock(document['ended'])}，{end[0]}",
            f"by {document['by']}; {_clock(document['begun'])} to {_clock(document['ended'])}, {end[1]}",
        ),
        Words(
            f"范围：{scope or '整个单位'}；类别：{', '.join(document['classes'])}",
            f"scope: {scope or 'whole premises'}; classes: {', '.join(document['classes'])}",
        ),
        Words(
            f"签名有效：HMAC-SHA256，密钥 {key['key_id']}，签名 {key['value'][:16]}…，文件 {path.name}",
            f"signature holds: HMAC-SHA256, key {key['key_id']}, signature {key['value'][:16]}…, file {path.name}",
        ),
    ]
    if document.get("note"):
        notes.append(Words(f"备注：{document['note']}", f"remark: {document['note']}"))
    if not document.get("state_before_known", True):
        notes.append(
            Words(
                "数据库当时未应答：测试前状态取自首个读数",
                "no answer of the store: first readings count as before",
            )
        )
    if document["site_hash"] != facts.site_hash:
        notes.append(Words("注意：测试之后站点文件改动过", "mind: the site's files were changed after this test"))
    return tuple(notes)


def read_key(path: Path) -> dict[str, str]:
    """Return how a result is signed."""
    try:
        signature = read_signed(path)["signature"]
    except WireError:  # it was there a moment ago
        return {"key_id": "?", "value": "?"}
    return {"key_id": str(signature.get("key_id", "?")), "value": str(signature.get("value", "?"))}


def _row(point: Mapping[str, Any]) -> tuple[Cell, ...]:
    building, zone = _both(point["building_labels"]), _both(point["zone_labels"])
    floors = [floor_text(int(point["floor"]), ScreenLanguage(one)) for one in ("zh", "en")]
    places = [f"{building[at]} {floors[at]} {zone[at]}" for at in (0, 1)]
    sight = Sight(point["sight"])
    return (
        cell(places[0], places[1]),
        cell(*_both(point["device_labels"])),
        cell(*_both(point["labels"])),
        cell(WORDS[sight].zh, WORDS[sight].en, _TONES[sight]),
        cell(_clock(point["first_seen"])),
        cell(*_both(point["said"])),
        cell(point["rule"] or ""),
        cell(*_by_hand(point)),
    )


def _counts(document: Mapping[str, Any]) -> tuple[str, str]:
    """Count what the system did not see, apart by who found it; an older result has neither marks nor the device's."""
    works, fails, left = document.get("hand_works", 0), document.get("hand_fails", 0), document["unseen"]
    shared = document.get("device_alarmed", 0)
    zh = f"手动正常 {works}，手动不正常 {fails}，有变化未报警 {document['changed']}，未见 {left}"
    en = f"by hand {works} work, {fails} fail; {document['changed']} changed without an alarm, {left} not seen"
    if shared:
        zh, en = f"{zh}，设备已报警、不能确定测点 {shared}", f"{en}, {shared} whose device alarmed, point not known"
    return zh, en


def _by_hand(point: Mapping[str, Any]) -> tuple[str, str]:
    """Write every mark of a point, oldest first: finding, person, time, words."""
    written: tuple[list[str], list[str]] = ([], [])
    for mark in point.get("by_hand", ()):
        words = FINDING[bool(mark["works"])]
        rest = " ".join(part for part in (mark["by"], _clock(mark["at"]), mark["remark"], mark["reason"]) if part)
        for side, finding in zip(written, (words.zh, words.en), strict=True):
            side.append(f"{finding} {rest}")
    return "；".join(written[0]), "; ".join(written[1])


def verdicts(results: Iterable[tuple[Path, Mapping[str, Any], str | None]]) -> dict[str, Sight]:
    """Return how points stand by the results whose signature holds, newest first: what is left out is unproven.

    The newest result that says more than nothing of a point tells whether it was found not to work; else any
    alarm is more than a mark.
    """
    found: dict[str, Sight] = {}
    for _, document, reason in results:
        for point in document["points"] if reason is None else ():
            sight, known = Sight(point["sight"]), found.get(point["point"])
            if sight in _PROVEN and (known is None or (known is Sight.HAND_WORKS and sight is Sight.ALARMED)):
                found[point["point"]] = sight
    return found


def _both(labels: Mapping[str, str]) -> tuple[str, str]:
    return str(labels["zh"]), str(labels["en"])


def _clock(written: str | None) -> str:
    """Write an ISO time for people; the offset stands on the title page."""
    return "" if not written else written[:19].replace("T", " ")
