"""The parts of a report: secrets stay out, texts are cleaned, fonts are found, signatures hold."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import commission_fonts
from cli.commission_fonts import Face, face_behind, find_face, writable
from cli.commission_html import html_of
from cli.commission_paper import MOST_TEXT, Paper, Section, Speech, Table, Tone, Words, cell, clean, columns
from cli.commission_pdf import write_pdf
from cli.commission_settings import HIDDEN, safe_settings
from cli.signed_documents import read_signed, sign, verify, write_signed
from cli.site_hash import site_hash
from cli.state import State
from domain.errors import LinkError, RefusedError, WireError
from tests.servers import require

MADE = datetime(2027, 1, 15, 8, tzinfo=UTC)
HOSTILE = "[/]<b>火</b>\x1b[31m\u202e\u2028{{7*7}}\x00𓀀"
"""Markup, an escape, a turn of the reading direction, a template, and a sign that no font here has."""


def paper(text: str = "消防", rows: int = 3, language: Speech = Speech.BOTH) -> Paper:
    table = Table(
        columns(("测点", "point", 2), ("值", "value", 1)),
        tuple((cell(text), cell(number, tone=Tone.BAD)) for number in range(rows)),
        title=Words(text, "a table"),
        notes=(Words(text, text),),
    )
    signed = Section(Words("签字", "Signatures"), signatures=(Words("安装", "installer"), Words("业主", "owner")))
    return Paper(
        title=Words("报告", "Report"),
        subtitle=Words.same(text),
        facts=((Words("名", "name"), cell(text)),),
        tiles=((Words("数", "count"), cell(rows)),),
        sections=(Section(Words(text, "first"), (table,), notes=(cell(text, "a note", Tone.WARN),)), signed),
        language=language,
        footer=Words("页脚", "footer"),
    )


def printed(file: Path) -> str:
    found = subprocess.run(
        [require("pdftotext"), "-layout", file, "-"], capture_output=True, check=True
    )  # our own file
    return found.stdout.decode()


def test_settings_are_printed_without_what_is_secret() -> None:
    settings: dict[str, Any] = {
        "host": "10.0.0.9", "port": 1883, "user": "inn", "password": "x1", "api_token": "x2", "key_file": "/etc/k.pem",
        "private_key": "x3", "psk": "x4", "url": "https://me:x5@plc.local:802/a",
        "tls": {"ca_file": "ca", "secret": "x6"},
        "empty": "", "keepalive_s": 30,
    }  # fmt: skip
    found = safe_settings(settings)
    text = " ".join(found.values())
    assert not [secret for secret in ("x1", "x2", "x3", "x4", "x5", "x6", "me:") if secret in text]
    assert found["key_file"] == "/etc/k.pem"
    assert found["url"] == f"https://{HIDDEN}@plc.local:802/a"
    assert found["keepalive_s"] == "30"
    assert "empty" not in found


def test_texts_from_outside_are_cleaned_and_cut() -> None:
    assert "\x1b" not in clean(HOSTILE)
    assert "\u202e" not in clean(HOSTILE)
    assert len(clean("火" * 5000)) == MOST_TEXT


@given(st.text(max_size=60))
def test_no_text_breaks_out_of_the_html(told: str) -> None:
    page = html_of(paper(told, rows=1))
    assert page.count("<table>") == page.count("</table>") == 1
    assert page.count("<script") == 0
    assert "onerror=" not in page or "onerror=" in told


def test_a_template_in_a_label_is_a_text() -> None:
    page = html_of(paper(HOSTILE))
    assert "{{7*7}}" in page
    assert "&lt;b&gt;火&lt;/b&gt;" in page


def test_a_pdf_of_hostile_texts_has_no_sign_that_cannot_be_drawn(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    drawn: list[int] = []
    write_pdf(paper(HOSTILE, rows=120), file, MADE, advance=drawn.append)
    text = printed(file)
    assert sum(drawn) == 120
    assert "火" in text
    assert "𓀀" not in text
    assert text.count("测点") > 1, "the heading is there on every page"
    pages = subprocess.run([require("pdfinfo"), file], capture_output=True, check=True).stdout.decode()  # our own file
    assert int(pages.split("Pages:")[1].split()[0]) > 1


@pytest.mark.parametrize(
    ("language", "there", "absent"), [(Speech.ZH, "报告", "Report"), (Speech.EN, "Report", "报告")]
)
def test_one_language_is_one_language(tmp_path: Path, language: Speech, there: str, absent: str) -> None:
    made = paper(language=language)
    write_pdf(made, tmp_path / "a.pdf", MADE)
    for text in (printed(tmp_path / "a.pdf"), html_of(made)):
        assert there in text
        assert absent not in text


def test_without_a_chinese_font_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commission_fonts, "FOLDERS", (tmp_path,))
    with pytest.raises(RefusedError, match="apt install fonts-wqy-microhei"):
        find_face()
    assert face_behind() is None
    junk = tmp_path / "font.ttf"
    junk.write_bytes(b"no font")
    with pytest.raises(RefusedError, match=r"font\.ttf"):
        find_face(junk)


def test_a_sign_that_no_font_has_is_a_question_mark() -> None:
    assert writable("a火b", [Face(Path("x"), 0, frozenset({ord("a"), ord("b")}))]) == "a?b"


def test_a_signature_holds_until_a_character_changes(tmp_path: Path) -> None:
    state, file = State(tmp_path / "state"), tmp_path / "papers" / "one.json"
    write_signed(sign({"who": "李", "seen": 3}, state), file)
    signed = read_signed(file)
    assert verify(signed, state) is None
    assert file.stat().st_mode & 0o077 == 0
    assert "changed" in str(verify({**signed, "document": {"who": "李", "seen": 4}}, state))
    other = State(tmp_path / "other")
    with pytest.raises(LinkError, match="signing key"):
        verify(signed, other)
    other.secret("walk-test.key")
    assert "another installation" in str(verify(signed, other))
    assert "HMAC-SHA256" in str(verify({**signed, "signature": {"algorithm": "none"}}, state))


@pytest.mark.parametrize("content", ["", "[]", '{"document": 1, "signature": {}}', "\x00\xff"])
def test_what_is_no_signed_document_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(WireError, match="no signed document"):
        read_signed(file)


def test_the_hash_of_a_site_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "gateways").mkdir()
    (tmp_path / "site.yaml").write_text("site: a")
    first = site_hash(tmp_path)
    (tmp_path / "notes.txt").write_text("not a part of it")
    assert site_hash(tmp_path) == first
    (tmp_path / "gateways" / "g.yaml").write_text("gateway: g")
    assert site_hash(tmp_path) != first


def test_the_state_folder_knows_which_site_ran(tmp_path: Path) -> None:
    site, state = tmp_path / "site", State(tmp_path / "state")
    assert state.noted_site() is None
    site.mkdir()
    (site / "site.yaml").write_text("site: a")
    state.note_site(site)
    assert state.noted_site() == site
    assert json.loads((state.root / "site.json").read_text()) == {"site": str(site)}
    (site / "site.yaml").unlink()
    assert state.noted_site() is None
