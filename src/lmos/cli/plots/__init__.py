"""Plots as SVG files, drawn without a display: reliability, coverage and risk, confusion."""

from lmos.cli.plots.confusion import confusion_matrix
from lmos.cli.plots.coverage import coverage_curve
from lmos.cli.plots.files import write_plots
from lmos.cli.plots.reliability import reliability_diagram

__all__ = ["confusion_matrix", "coverage_curve", "reliability_diagram", "write_plots"]
