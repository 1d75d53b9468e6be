"""Reconciles manifests: which Agents serve which Channel."""
