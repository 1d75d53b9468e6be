"""Runs Deployments as child processes on one machine."""

from lmos.localnode.node import LocalNode

__all__ = ["LocalNode"]
