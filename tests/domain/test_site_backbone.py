"""A site names the servers of a cluster as a list."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.site.models import BackboneSettings

SERVERS = ["nats://a:4222", "nats://b:4222", "tls://c:4222"]


def test_the_servers_of_a_cluster_are_a_list_or_one_text() -> None:
    as_list = BackboneSettings.model_validate({"url": SERVERS, "replicas": 3})
    assert as_list == BackboneSettings.model_validate({"url": ",".join(SERVERS), "replicas": 3})
    assert as_list.url == "nats://a:4222,nats://b:4222,tls://c:4222"


@pytest.mark.parametrize("url", [[], ["http://a"], ["nats://a", 4222], "nats://a,b", ["nats://a", "nats://b c"], 7])
def test_anything_else_is_refused(url: object) -> None:
    with pytest.raises(ValidationError):
        BackboneSettings.model_validate({"url": url})
