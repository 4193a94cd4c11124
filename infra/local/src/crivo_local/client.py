"""A client of Crivo's public API, the way any user of it would write one."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeAlias

import httpx

Json: TypeAlias = dict[str, Any]


class Refused(Exception):
    """The API answered with a problem; its title, detail and status are in the message."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        said = problem.get("detail") or problem.get("title") or response.reason_phrase
        super().__init__(f"{response.request.method} {response.url.path}: {self.status} {said}")


class Crivo:
    """Speaks to the gateway and to nothing else."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self._http = httpx.Client(base_url=url, timeout=15)
        if key:
            self.sign_in_with(key)

    def sign_in_with(self, key: str) -> None:
        self._http.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, **query: str | int) -> Json:
        """Whatever is there."""
        return self._call("GET", str(httpx.URL(path, params=query)))

    def bootstrap(self, *, token: str, organization: str, email: str, password: str) -> Json:
        body = {"token": token, "organization": organization, "email": email, "password": password}
        return self._call("POST", "/v1/bootstrap", body)

    def sign_in(self, *, email: str, password: str) -> None:
        session = self._call("POST", "/v1/sessions", {"email": email, "password": password})
        self.sign_in_with(session["access_token"])

    def create_api_key(self, name: str) -> str:
        key: str = self._call("POST", "/v1/api-keys", {"name": name})["key"]
        return key

    def integrations(self) -> list[Json]:
        return self._items("/v1/integrations")

    def connect(self, *, name: str, api_url: str, token: str, webhook_secret: str) -> Json:
        body = {
            "platform": "github",
            "name": name,
            "api_url": api_url,
            "token": token,
            "webhook_secret": webhook_secret,
        }
        return self._call("POST", "/v1/integrations", body)

    def repositories(self) -> list[Json]:
        return self._items("/v1/repositories")

    def add_repository(self, *, integration_id: str, full_name: str) -> Json:
        body = {"integration_id": integration_id, "full_name": full_name}
        return self._call("POST", "/v1/repositories", body)

    def jobs(self, **filters: str | int) -> list[Json]:
        return self._items("/v1/jobs", filters)

    def job(self, job_id: str) -> Json:
        return self._call("GET", f"/v1/jobs/{job_id}")

    def history(self, job_id: str) -> list[Json]:
        return self._items(f"/v1/jobs/{job_id}/history")

    def retry(self, job_id: str) -> Json:
        return self._call("POST", f"/v1/jobs/{job_id}/retry")

    def set_cadence(self, repository_id: str, **cadence: str | int) -> Json:
        return self._call("PUT", f"/v1/cadences/{repository_id}", cadence)

    def review(self, job_id: str) -> Json | None:
        found = self._items("/v1/reviews", {"job_id": job_id})
        return found[0] if found else None

    def deliveries(self, **filters: str | int) -> list[Json]:
        return self._items("/v1/webhook-deliveries", filters)

    def dead_letters(self, service: str, **filters: str | int) -> list[Json]:
        return self._items(f"/v1/dead-letters/{service}", filters)

    def dead_letter(self, service: str, letter_id: str) -> Json:
        return self._call("GET", f"/v1/dead-letters/{service}/{letter_id}")

    def replay(self, service: str, letter_id: str) -> Json:
        return self._call("POST", f"/v1/dead-letters/{service}/{letter_id}/replay")

    def replay_many(self, service: str, **which: str | int) -> int:
        replayed: int = self._call("POST", f"/v1/dead-letters/{service}/replay", which)["replayed"]
        return replayed

    def discard(self, service: str, letter_id: str, reason: str) -> Json:
        path = f"/v1/dead-letters/{service}/{letter_id}/discard"
        return self._call("POST", path, {"reason": reason})

    def _items(self, path: str, filters: Mapping[str, str | int] | None = None) -> list[Json]:
        """All pages."""
        items: list[Json] = []
        cursor: str | None = None
        while True:
            query: dict[str, str | int] = {
                **(filters or {}),
                **({"cursor": cursor} if cursor else {}),
            }
            page = self._call("GET", path, query=query)
            items += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return items

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Json:
        response = self._http.request(method, path, json=body, params=query)
        if response.is_error:
            raise Refused(response)
        answer: Json = response.json() if response.content else {}
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()
