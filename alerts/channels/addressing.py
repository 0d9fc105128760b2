"""Where a person is reached on a channel: what the site says for this channel, else telephone or mail by its kind."""

from __future__ import annotations

from domain.site import ChannelSettings, Person
from domain.site.channels import ChannelKind

PHONE_KINDS = frozenset({ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.DINGTALK, ChannelKind.WECOM})


def address_of(channel: ChannelSettings, person: Person) -> str | None:
    """Return the address, None where the channel needs none or the person has none.

    A telephone number is written with digits only (and its ``+``): people write spaces and hyphens, providers don't.
    """
    own = person.addresses.get(channel.id)
    if own:
        return own
    if channel.kind in PHONE_KINDS and person.phone:
        return "".join(character for character in person.phone if character not in " -")
    return person.email if channel.kind is ChannelKind.SMTP else None
