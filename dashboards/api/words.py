"""What people write in requests. The service strips white space and refuses what is empty then; lengths hold before."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Words = Annotated[str, StringConstraints(max_length=2000)]
SomeWords = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
