"""An organization with an API key and the local code host connected: where demo and tests begin."""

import json
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from crivo_local.client import Crivo, Refused
from crivo_local.code_host import CodeHost
from crivo_local.platform import Platform

EMAIL = "owner@demo.invalid"


class Memory:
    """What a later run has to know: our API key, and the secrets shared with the code host."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._values: dict[str, str] = json.loads(file.read_text())
        except FileNotFoundError:
            self._values = {}
        for name in ("code_host_token", "webhook_secret", "password"):
            if name not in self._values:
                self[name] = secrets.token_urlsafe(24)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __setitem__(self, name: str, value: str) -> None:
        self._values[name] = value
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(self._values, indent=2))

    def get(self, name: str) -> str | None:
        return self._values.get(name)


class Workspace:
    """Signs in to a running platform, and starts a code host that its webhooks come from."""

    def __init__(self, platform: Platform) -> None:
        self.memory = Memory(platform.root / "workspace.json")
        self.platform = platform
        self.code_host_part = platform.code_host(self.memory["code_host_token"])
        self.code_host_part.start()
        self.code_host_part.wait()
        url = f"http://127.0.0.1:{self.code_host_part.port}"
        self.host = CodeHost(url, self.memory["code_host_token"])
        self.crivo = Crivo(platform.url, self.memory.get("api_key"))
        if not self.memory.get("api_key"):
            self._create_organization()
        self._integration_id = self._connect_code_host(url)

    def connect(self, repository: str) -> None:
        """Have Crivo know the repository and hear of its pull requests; again changes nothing."""
        if all(each["full_name"] != repository for each in self.crivo.repositories()):
            self.crivo.add_repository(integration_id=self._integration_id, full_name=repository)
        hook = f"{self.platform.url}/webhooks/github"
        if all(each["config"]["url"] != hook for each in self.host.hooks(repository)):
            self.host.add_hook(repository, url=hook, secret=self.memory["webhook_secret"])

    def _create_organization(self) -> None:
        try:
            self.crivo.bootstrap(
                token=self.platform.keys.bootstrap_token,
                organization="Demo",
                email=EMAIL,
                password=self.memory["password"],
            )
        except Refused as problem:
            # An earlier run was stopped between this and its key.
            if problem.status != 409:
                raise
        self.crivo.sign_in(email=EMAIL, password=self.memory["password"])
        self.memory["api_key"] = self.crivo.create_api_key("demo")
        self.crivo.sign_in_with(self.memory["api_key"])

    def _connect_code_host(self, url: str) -> str:
        for each in self.crivo.integrations():
            if each["api_url"] == url:
                return str(each["id"])
        made = self.crivo.connect(
            name="local code host",
            api_url=url,
            token=self.memory["code_host_token"],
            webhook_secret=self.memory["webhook_secret"],
        )
        return str(made["id"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.crivo.close()
        self.host.close()
