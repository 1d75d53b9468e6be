"""CPU and memory of a process and all that it started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from lmos.core.resources.kinds import POD, POD_METRICS
from lmos.core.resources.timestamps import timestamp
from lmos.localnode.references import reference_to

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lmos.core.resources.kinds import Manifest

_NANO = 1_000_000_000
_KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """
    What processes have used.

    Attributes:
        cpu_seconds: Time on a processor since they were started.
        memory_bytes: Resident memory now.
    """

    cpu_seconds: float
    memory_bytes: int


def usages_of(pids: Mapping[str, int]) -> dict[str, Usage]:
    """What each process and its descendants use, under the names that come in; zero once it is gone."""
    return {name: _usage_of(pid) for name, pid in pids.items()}


def pod_metrics(pod: Manifest, before: Usage, after: Usage, seconds: float, now: datetime) -> dict[str, Any]:
    """
    The PodMetrics of a Pod, as a metrics server publishes them.

    Args:
        pod: Its manifest.
        before: Its usage at the beginning of the window.
        after: Its usage at the end of the window.
        seconds: The length of the window.
        now: The end of the window.
    """
    metadata = pod["metadata"]
    cpu = max(after.cpu_seconds - before.cpu_seconds, 0.0) / seconds
    return {
        "apiVersion": POD_METRICS.api_version,
        "kind": POD_METRICS.kind,
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "labels": metadata.get("labels") or {},
            "ownerReferences": [reference_to(POD, pod)],
        },
        "timestamp": timestamp(now),
        "window": f"{seconds:.0f}s",
        "containers": [
            {
                "name": pod["spec"]["containers"][0]["name"],
                "usage": {
                    "cpu": f"{round(cpu * _NANO)}n",
                    "memory": f"{after.memory_bytes // _KIBIBYTE}Ki",
                },
            }
        ],
    }


def _usage_of(pid: int) -> Usage:
    cpu_seconds, memory_bytes = 0.0, 0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        family = []
    for process in family:
        try:
            with process.oneshot():
                times = process.cpu_times()
                memory_bytes += process.memory_info().rss
            cpu_seconds += times.user + times.system
        except psutil.Error:
            # It ended while we looked.
            continue
    return Usage(cpu_seconds, memory_bytes)
