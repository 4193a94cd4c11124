"""Resources over the local stack; see crivo_testkit.plugin."""

import pytest
from crivo_testkit.plugin import NewDatabase


@pytest.fixture
async def database_url(new_database: NewDatabase) -> str:
    return await new_database("postgres")
