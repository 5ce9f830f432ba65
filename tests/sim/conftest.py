"""One running exchange with the cast for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import Running, cast


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with cast(tmp_path_factory.mktemp("exchange")) as it:
        yield it
