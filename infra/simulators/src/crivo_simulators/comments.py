"""Comments below a pull request, which GitHub keeps and tells of as comments on its issue.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
"""

from typing import Any, TypeAlias

from crivo_simulators import answers
from crivo_simulators.catalogue import now
from crivo_simulators.host import CodeHost

Json: TypeAlias = dict[str, Any]


async def comment(
    host: CodeHost,
    full_name: str,
    number: int,
    *,
    body: str,
    author: str = "ana",
    association: str = "MEMBER",
) -> Json:
    known, pull = host.catalogue.repository(full_name), host.catalogue.pull(full_name, number)
    made = {
        "id": host.catalogue.new_id(),
        "body": body,
        "user": answers.user(author),
        "author_association": association,
        "created_at": now(),
    }
    pull.setdefault("issue_comments", []).append(made)
    # A comment is an update of its pull request, as on GitHub.
    pull["updated_at"] = made["created_at"]
    shown = answers.pull_request(pull, known, host.url)
    issue = {name: shown[name] for name in ("number", "title", "state", "user", "html_url")}
    payload = {
        "action": "created",
        "issue": {**issue, "pull_request": {"url": shown["url"], "html_url": shown["html_url"]}},
        "comment": {**made, "html_url": f"{shown['html_url']}#issuecomment-{made['id']}"},
        "repository": answers.repository(known, host.url),
        "sender": made["user"],
    }
    await host.webhooks.send(full_name, "issue_comment", payload)
    host.catalogue.keep()
    return made
