"""Runs Deployments and Pods as child processes on one machine."""

from lmos.localnode.node import LocalNode
from lmos.localnode.process import CannotStart, Reaper

__all__ = ["CannotStart", "LocalNode", "Reaper"]
