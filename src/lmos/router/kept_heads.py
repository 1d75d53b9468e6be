"""Trained heads that outlive the process: the same Agents need not be learned twice."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import structlog

from lmos.core.scoring import FeatureMap, Head, Thresholds
from lmos.router.training import train
from lmos.router.vector import VectorHead

if TYPE_CHECKING:
    from lmos.ports.cache import Cache
    from lmos.ports.models import Encoder
    from lmos.router.roster import Roster

log = structlog.get_logger()

MAKE = 2
"""Raised by every change after which the same examples make another head, or heads are written otherwise."""


def head_of(roster: Roster, encoder: Encoder, cache: Cache) -> VectorHead | None:
    """The head that was kept for `roster` and `encoder`, else one that is trained now and kept."""
    key = _key(roster, encoder)
    content = cache.read([key]).get(key)
    kept = head_from_bytes(content) if content else None
    if kept is not None:
        return kept
    head = train(roster, encoder)
    if head is not None:
        cache.keep({key: head_to_bytes(head)})
    return head


def head_to_bytes(head: VectorHead) -> bytes:
    """Everything about a head, to be read by `head_from_bytes` of the same MAKE."""
    told = {
        "fingerprint": head.fingerprint,
        "labels": head.labels,
        "agents": head.agents,
        "thresholds": asdict(head.thresholds),
    }
    written = io.BytesIO()
    np.savez(
        written,
        told=np.array(json.dumps(told)),
        groups=head.groups,
        mean=head.feature_map.mean,
        evening=head.feature_map.evening,
        idf=head.feature_map.idf,
        weights=head.head.weights,
        generic=head.generic,
    )
    return written.getvalue()


def head_from_bytes(content: bytes) -> VectorHead | None:
    """The head that `head_to_bytes` wrote; None where the bytes are none."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as read:
            told = json.loads(str(read["told"]))
            return VectorHead(
                told["fingerprint"],
                tuple((agent, capability) for agent, capability in told["labels"]),
                tuple(told["agents"]),
                read["groups"],
                FeatureMap(read["mean"], read["evening"], read["idf"]),
                Head(read["weights"]),
                read["generic"],
                Thresholds(**told["thresholds"]),
            )
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        log.warning("kept_head_unreadable", error=type(error).__name__)
        return None


def _key(roster: Roster, encoder: Encoder) -> str:
    hashed = hashlib.sha256(f"{MAKE}\0{encoder.name}\0{roster.fingerprint}".encode())
    return f"head-{hashed.hexdigest()}"
