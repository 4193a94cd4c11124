"""Reviews over HTTP, on behalf of the caller's organization."""

from typing import Annotated
from uuid import UUID

from crivo_web.guards import organization_of
from crivo_web.identity import Identity
from crivo_web.pages import DEFAULT_LIMIT, MAXIMUM_LIMIT, Page, decode_cursor, page
from crivo_web.problems import InvalidCursor
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from code_review.application.app import App
from code_review.application.views import PLACE, ReviewNotFound, ReviewView, place

STATUS_OF: dict[type[Exception], int] = {ReviewNotFound: 404}


class ReviewController(Controller):
    path = "/v1/reviews"
    tags = ("reviews",)

    # no permission: issue "People"
    @get()
    async def list_reviews(
        self,
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
        job_id: FromQuery[UUID | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAXIMUM_LIMIT)] = DEFAULT_LIMIT,
    ) -> Page[ReviewView]:
        """Newest first."""
        rows = await app.views.reviews(
            organization_of(identity),
            job_id=job_id,
            before=_place_of(cursor) if cursor is not None else None,
            limit=limit + 1,
        )
        return page(rows, limit, lambda last: (place(last.created_at, last.id),))

    # no permission: issue "People"
    @get("/{review_id:uuid}")
    async def show_review(
        self,
        review_id: FromPath[UUID],
        identity: NamedDependency[Identity],
        app: NamedDependency[App],
    ) -> ReviewView:
        return await app.views.review(organization_of(identity), review_id)


def _place_of(cursor: str) -> str:
    match decode_cursor(cursor):
        case [str(position)] if PLACE.fullmatch(position):
            return position
        case _:
            raise InvalidCursor("Invalid cursor; use the next_cursor of a page")
