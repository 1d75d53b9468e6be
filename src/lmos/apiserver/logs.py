"""The log of a Pod over HTTP: which part is asked for, and of which container."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lmos.apiserver.requests import is_true, number_of
from lmos.apiserver.status import ApiError, Cause, bad_request, invalid
from lmos.core.resources.kinds import Kind
from lmos.ports.pod_logs import LogRequest, NoLog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from lmos.core.resources.kinds import Manifest
    from lmos.ports.pod_logs import PodLogs

_OPTIONS = Kind("", "v1", "PodLogOptions", "pods")
# The least that each number may be.
_LEAST = {"tailLines": 0, "limitBytes": 1, "sinceSeconds": 1}
_LONGEST_SECONDS = 10**9


def log_request_of(pod: Manifest, query: Mapping[str, str], now: datetime) -> LogRequest:
    """
    Read what the query asks for.

    Raises:
        ApiError: 400 where it cannot be read or names no container of the Pod, 422 where it makes no sense.
    """
    name = pod["metadata"]["name"]
    _refuse_other_containers(pod, query.get("container", ""))
    numbers = {option: value for option in _LEAST if (value := number_of(query, option)) is not None}
    wrong = [
        Cause(option, f"Invalid value: {value}: must be greater than {'or equal to 0' if not least else '0'}")
        for option, least in _LEAST.items()
        if (value := numbers.get(option, least)) < least
    ]
    since = _moment(query["sinceTime"]) if query.get("sinceTime") else None
    if since and "sinceSeconds" in numbers:
        message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        wrong.append(Cause("[]", message))
    if wrong:
        raise invalid(_OPTIONS, name, wrong)
    if "sinceSeconds" in numbers:
        since = now - timedelta(seconds=min(numbers["sinceSeconds"], _LONGEST_SECONDS))
    return LogRequest(
        follow=is_true(query, "follow"),
        previous=is_true(query, "previous"),
        timestamps=is_true(query, "timestamps"),
        since=since,
        tail_lines=numbers.get("tailLines"),
        limit_bytes=numbers.get("limitBytes"),
    )


async def log_pieces(
    pod_logs: PodLogs | None, pod: Manifest, request: LogRequest
) -> AsyncGenerator[bytes, None]:
    """
    The pieces of a log.

    Raises:
        ApiError: Before the first one; 400 when there is nothing to read, 503 when nothing runs Pods.
    """
    if pod_logs is None:
        message = "nothing runs Pods here, so there are no logs: this API server stands alone"
        raise ApiError(503, "ServiceUnavailable", message)
    try:
        async for piece in pod_logs.read(pod, request):
            yield piece
    except NoLog as error:
        raise bad_request(error.message) from error


def _refuse_other_containers(pod: Manifest, wanted: str) -> None:
    name, containers = pod["metadata"]["name"], [item["name"] for item in pod["spec"]["containers"]]
    if not wanted and len(containers) > 1:
        choice = " ".join(containers)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choice}]")
    if wanted and wanted not in containers:
        raise bad_request(f"container {wanted} is not valid for pod {name}")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f"sinceTime {text!r} is no time as RFC 3339 writes it") from error
    if moment.tzinfo is None:
        raise bad_request(f"sinceTime {text!r} lacks its time zone")
    return moment
