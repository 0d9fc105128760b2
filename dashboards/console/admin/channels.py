"""Channels: how each does, and a test message to a person; beside them who is told, and who is on duty."""

from __future__ import annotations

from alerts.channels_face import ChannelsFace, ChannelView, TestResult
from dashboards.console import deeds, dialogs
from dashboards.console.admin.duty import person_row, roster_row
from dashboards.console.admin.rows import Wording, channel_row
from dashboards.console.admin.tab import Tab, head
from dashboards.console.components import Column, DataTable
from dashboards.console.dialogs import Field
from dashboards.console.view import box, change, line
from domain.accounts import Right
from domain.site import Person

MOST_PEOPLE = 500
"""People whom the table shows; how many more there are is said."""


class ChannelsTab(Tab):
    """Three tables: channels, rosters, people."""

    right = Right.NOTIFY_TEST

    def build(self) -> None:
        """Draw the tables; who is on duty is of the site, and is drawn with them."""
        view = self.view
        self._channels: dict[str, ChannelView] = {}
        with box("panel admin-panel"):
            with box("panel-head"):
                head(view, "admin_tab_channels", "admin_channels_note")
                self._outcome = line("", "admin-outcome").props("role=status data-part=test-outcome")
            columns = [
                Column("channel", view.text("admin_channel")),
                Column("kind", view.text("admin_kind")),
                Column("state", view.text("admin_state")),
                Column("budget", view.text("admin_budget"), width="6rem"),
                Column("waiting", view.text("admin_waiting"), "number", "4rem"),
                Column("dead", view.text("admin_dead"), "number", "4rem"),
                Column("success", view.text("admin_success"), "time"),
                Column("failure", view.text("admin_failure"), "time"),
                Column("reason", view.text("admin_reason"), width="minmax(0, 1.6fr)"),
                Column("people", view.text("admin_people"), "number", "4rem"),
            ]
            self._table = DataTable(columns, self._act, name="channels", words=view.text("admin_tab_channels"))
        with box("admin-pair"):
            self._rosters = self._duty_table()
            self._people = self._people_table()

    def _duty_table(self) -> DataTable:
        view = self.view
        with box("panel admin-panel"):
            with box("panel-head"):
                head(view, "admin_rosters", "" if view.console.registry.site.rosters else "admin_no_rosters")
            columns = [
                Column("roster", view.text("admin_roster")),
                Column("now", view.text("admin_now")),
                Column("until", view.text("admin_duty_until"), "time"),
                Column("next", view.text("admin_next")),
            ]
            return DataTable(columns, name="rosters", words=view.text("admin_rosters"))

    def _people_table(self) -> DataTable:
        view = self.view
        with box("panel admin-panel"):
            with box("panel-head"):
                head(view, "admin_notified")
                self._more = line("", "panel-note")
            columns = [
                Column("person", view.text("admin_name")),
                Column("role", view.text("admin_roles")),
                Column("channels", view.text("admin_tab_channels"), width="minmax(0, 1.4fr)"),
                Column("quiet", view.text("admin_quiet")),
            ]
            return DataTable(columns, name="people", words=view.text("admin_notified"))

    async def show(self) -> None:
        """Show how channels do, and who is on duty now."""
        view = self.view
        found = await ChannelsFace(view.console.link.backbone).list()
        if not self.is_here:
            return
        words = Wording(view.language, view.console.registry, view.console.zone, view.now_ns())
        self._channels = {channel.id: channel for channel in found}
        self._table.show([channel_row(channel, words, may_test=bool(self._who_has(channel.id))) for channel in found])
        self._rosters.show([roster_row(roster, words) for roster in words.registry.site.rosters])
        people = self._seen()
        self._people.show([person_row(person, words) for person in people[:MOST_PEOPLE]])
        more = len(people) - MOST_PEOPLE
        change(self._more, view.text("admin_more", count=more) if more > 0 else "")

    async def _act(self, channel: str, action: str) -> None:
        if channel not in self._channels or action != "test":
            return
        view = self.view
        choices = {person.id: person.labels.of(view.language) for person in self._who_has(channel)}
        field = Field(
            "person", view.text("admin_test_to"), kind="choice", choices=choices, value=next(iter(choices), "")
        )
        title = view.text("admin_test_title", channel=channel)
        said = await dialogs.ask(view, title, (field,), save=view.text("admin_test"))
        if said is None or said["person"] not in choices:
            return
        change(self._outcome, view.text("admin_testing", channel=channel))
        results: list[TestResult] = []

        async def test() -> None:
            face = ChannelsFace(view.console.link.backbone)
            results.append(await face.test(channel, by=view.operator, person=said["person"]))

        done = await deeds.do(self.desk, Right.NOTIFY_TEST, view.text("admin_test"), test)
        if self.is_here:
            change(self._outcome, self._told(results[0]) if done else "")
            await self.ask()

    def _told(self, result: TestResult) -> str:
        key = "admin_test_taken" if result.accepted else "admin_test_refused"
        return self.view.text(key, channel=result.channel, reason=result.reason, took=round(result.took_ms))

    def _seen(self) -> list[Person]:
        """Return the people of the site, or of the units that somebody sees."""
        who, registry = self.desk.presence.principal, self.view.console.registry
        people = list(registry.people.values())
        if who.units is None:
            return people
        responsible = {zone.settings.responsible for zone in registry.zones.values()}
        return [one for one in people if one.id in responsible or any(who.sees(unit) for unit in one.units)]

    def _who_has(self, channel: str) -> list[Person]:
        return [person for person in self._seen() if channel in person.channels]
