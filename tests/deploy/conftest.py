"""One site for all tests of a process; a test that kills a replica starts it again."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import browser as browser
from tests.deploy.site import Site, running_site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site
