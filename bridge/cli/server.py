"""Where the bridge is and who asks: its URL and a token, found without opening its database."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from bridge.cli.exits import CommandError, DeniedError, NotRunningError
from bridge.cli.safe import one_line
from bridge.cli.spoken import of_environment
from bridge.config import data_folder

URL = "BRIDGE_URL"
TOKEN = "BRIDGE_TOKEN"  # noqa: S105 - the name of a variable
START_IT = "start it with: bridge run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What the command line says about where to look."""

    config: Path | None = None
    url: str | None = None
    token_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A bridge to talk to. `data` is the folder where this terminal keeps its own things.

    `language` is the code of the environment's, if there is one.
    """

    url: str
    token: str = field(repr=False)
    data: Path
    language: str = ""

    def client(self, *, read: float | None = 30) -> httpx.AsyncClient:
        """Return a client for its API; `read` is how many seconds of silence are too many."""
        return httpx.AsyncClient(timeout=httpx.Timeout(10, read=read), **self._options())

    def blocking_client(self, *, read: float | None = 30) -> httpx.Client:
        """Return a client for commands that ask once."""
        return httpx.Client(timeout=httpx.Timeout(10, read=read), **self._options())

    def _options(self) -> dict[str, Any]:
        # a proxy of the environment is not for talking to one's own machine
        headers = {"Authorization": f"Bearer {self.token}"}
        if self.language:
            headers["Accept-Language"] = self.language
        return {
            "base_url": self.url,
            "headers": headers,
            "trust_env": not is_local(self.url),
        }


def find(where: Where, environ: Mapping[str, str]) -> Server:
    """Find the bridge: the option, the environment, else what the running one left in its data.

    Raises `NotRunningError`, or `CommandError` when there is no token to show.
    """
    data = data_folder(where.config, environ)
    named = where.url or environ.get(URL)
    if named:
        address = urlsplit(named)
        url, fragment = address._replace(fragment="").geturl(), address.fragment
        given = fragment.removeprefix("token=") if fragment.startswith("token=") else ""
    else:
        url, given = _noted(data), ""
    token = given or _token(where, environ, data, local=not named or is_local(url))
    return Server(url=url.rstrip("/"), token=token, data=data, language=of_environment(environ))


def _noted(data: Path) -> str:
    try:
        url = json.loads((data / "server.json").read_text())["url"]
    except FileNotFoundError:
        raise NotRunningError(f"no bridge is running with its data in {data}; {START_IT}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{data / 'server.json'} cannot be used: {error}") from error
    return str(url)


def _token(where: Where, environ: Mapping[str, str], data: Path, *, local: bool) -> str:
    if where.token_file is None and environ.get(TOKEN):
        return environ[TOKEN].strip()
    if where.token_file is None and not local:
        raise CommandError(
            f"a bridge on another machine needs a token: set {TOKEN} or give --token-file"
        )
    file = where.token_file or data / "owner-token"
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise CommandError(f"the token cannot be read from {file}: {why}") from error


def is_local(url: str) -> bool:
    """Say whether an address is of this machine alone."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


# -- asking ---------------------------------------------------------------------------------------


def unreachable(url: str, error: httpx.HTTPError) -> NotRunningError:
    """Return what to say when nothing answers."""
    if isinstance(error, httpx.ConnectError):
        return NotRunningError(f"no bridge answers at {url}; {START_IT}")
    return NotRunningError(f"the bridge at {url} does not answer: {type(error).__name__}")


def fault(response: httpx.Response) -> tuple[str, str]:
    """Return the code and the message of an error, whoever answered."""
    with suppress(ValueError, KeyError, TypeError):
        error = response.json()["error"]
        return str(error["code"]), one_line(str(error["message"]), 500)
    return "", f"{response.status_code} {response.reason_phrase}: is a bridge answering there?"


def checked(response: httpx.Response) -> httpx.Response:
    """Return a good response. Raises `DeniedError` or `CommandError` with the bridge's words."""
    if response.is_success:
        return response
    _, message = fault(response)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        message += " (the token is in the file owner-token of the data folder)"
        raise DeniedError(message)
    if response.status_code == httpx.codes.FORBIDDEN:
        raise DeniedError(message)
    raise CommandError(message)


def ask(server: Server, method: str, path: str, *, read: float = 30, **rest: Any) -> Any:
    """Ask once and return the JSON of the answer; `read` as above. Raises `CommandError`."""
    try:
        with server.blocking_client(read=read) as client:
            return checked(client.request(method, path, **rest)).json()
    except httpx.HTTPError as error:
        raise unreachable(server.url, error) from error
    except ValueError as error:
        raise CommandError(f"something answers at {server.url}, but it is not a bridge") from error
