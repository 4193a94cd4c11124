"""A worker with a model, from the command on the broker to what is told."""

from collections.abc import AsyncIterator

import pytest
from code_review.bootstrap import Service, open_service
from code_review_support.builders import a_subject
from code_review_support.callers import settings
from code_review_support.memory import MemoryAnalyzer
from code_review_support.model_endpoint import ModelEndpoint, an_error, says
from code_review_support.peers import at_work
from code_review_support.platform import PlatformIntegration
from crivo_messaging.mongo import Document
from pymongo.asynchronous.database import AsyncDatabase

FINDING = {
    "path": "cart.py",
    "line": 2,
    "end_line": 2,
    "severity": "critical",
    "category": "security",
    "title": "add runs what a user sends",
    "explanation": "`eval(item)` runs the item.",
    "fix": "Return the item.",
    "evidence": "return eval(item)",
}


@pytest.fixture
async def with_model(
    database: AsyncDatabase[Document],
    mongodb_url: str,
    vhost_url: str,
    platform: PlatformIntegration,
    endpoint: ModelEndpoint,
    analyzer: MemoryAnalyzer,
) -> AsyncIterator[Service]:
    own = settings(
        mongodb_url, database.name, rabbitmq_url=vhost_url, platform_integration_url=platform.url
    )
    told = {"model_url": endpoint.url, "model_name": "gpt-5-mini"}
    async with open_service(own.model_copy(update=told), [analyzer]) as service:
        await service.migrate()
        yield service


async def test_the_model_reads_the_change_with_what_its_author_says(
    with_model: Service, endpoint: ModelEndpoint
) -> None:
    endpoint.will(says({"findings": [FINDING]}))
    async with at_work(with_model, hearing="review_completed.v1") as peers:
        await peers.analyze(a_subject(), title="Add items", description="Simpler than before.")
        told = await peers.next()
    (asked,) = endpoint.asked
    for shown in ("Add items", "Simpler than before.", "     2 +     return eval(item)"):
        assert shown in asked.message("user")
    assert told["outcome"] == "complete"
    said = [(each["source"], each["start_line"]) for each in told["findings"]]
    assert said == [("model:review", 2), ("ruff:B006", 2)]
    assert "Model gpt-5-mini: 1 request, 900 tokens in, 80 out, $0.0004" in told["summary"]


async def test_a_model_that_is_out_makes_the_review_partial(
    with_model: Service, endpoint: ModelEndpoint
) -> None:
    # What may pass is asked once more.
    endpoint.will(an_error(401), an_error(401))
    async with at_work(with_model, hearing="review_completed.v1") as peers:
        await peers.analyze(a_subject())
        told = await peers.next()
    assert told["outcome"] == "partial"
    (missing,) = told["missing_stages"]
    assert missing["stage"] == "review"
    assert "cart.py" in missing["reason"]


async def test_a_process_that_does_not_work_has_no_model(
    database: AsyncDatabase[Document], mongodb_url: str
) -> None:
    own = settings(mongodb_url, database.name)
    told = {"model_url": "http://127.0.0.1:1/v1", "model_name": "m"}
    async with open_service(own.model_copy(update=told), [], with_model=False) as service:
        assert service.app.analyze_pull_request.model_reviewer is None
