"""Reconciles manifests: which Agents serve which Channel."""

from lmos.operator.operator import Operator

__all__ = ["Operator"]
