"""Drawing SVG: shapes and words on a page that reads well on a light and on a dark screen."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

_NAMESPACE = "http://www.w3.org/2000/svg"
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Viewers that know no media queries show the light one.
_STYLE = """
text{font:12px system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1f2328}
.page{fill:#fff}.title{font-size:15px;font-weight:600}.quiet{fill:#59636e}.small{font-size:10px}
.grid{stroke:#d1d9e0;stroke-width:1}.axis{stroke:#59636e;stroke-width:1}
.ideal{stroke:#59636e;stroke-width:1.5;stroke-dasharray:5 4}
.curve{stroke:#0969da;stroke-width:2;fill:none}.area,.good{fill:#0969da}.bad{fill:#cf222e}.open{fill:#9a6700}
.dot{fill:#0969da;stroke:#fff;stroke-width:1.5}.mark{stroke:#bc4c00;stroke-width:1.5;stroke-dasharray:3 3}
.marked{fill:#bc4c00;stroke:#fff;stroke-width:1.5}.over{fill:#fff}
@media (prefers-color-scheme:dark){
text{fill:#f0f6fc}.page{fill:#0d1117}.quiet{fill:#9198a1}.grid{stroke:#2f353d}.axis{stroke:#9198a1}
.ideal{stroke:#9198a1}.curve{stroke:#58a6ff}.area,.good{fill:#58a6ff}.bad{fill:#ff7b72}.open{fill:#d29922}
.dot{fill:#58a6ff;stroke:#0d1117}.mark{stroke:#f0883e}.marked{fill:#f0883e;stroke:#0d1117}.over{fill:#0d1117}
}
"""


class Drawing:
    """
    A page of some width and height in pixels, with a title; `str` of it is the SVG document.

    Texts are escaped and lose what XML cannot hold, so that a name is never more than a name.

    Args:
        width: In pixels.
        height: In pixels.
        title: Heads the page, and names it for those who hear it read out.
        subtitle: A line below, in smaller words.
    """

    def __init__(self, width: float, height: float, title: str, subtitle: str = "") -> None:
        size = f"0 0 {width:g} {height:g}"
        self._root = ET.Element(
            "svg", xmlns=_NAMESPACE, viewBox=size, width=f"{width:g}", height=f"{height:g}", role="img"
        )
        self._add("title", title)
        self._add("style", _STYLE)
        self.box(0, 0, width, height, "page")
        self.words(20, 28, title, "title")
        self.words(20, 48, subtitle, "quiet")

    def __str__(self) -> str:
        return ET.tostring(self._root, encoding="unicode") + "\n"

    def box(
        self, x: float, y: float, width: float, height: float, kind: str, opacity: float = 1, hint: str = ""
    ) -> None:
        """A filled rectangle; `hint` is shown by viewers that one can point in."""
        attributes = _numbers(x=x, y=y, width=width, height=height) | {"class": kind}
        if opacity < 1:
            attributes["fill-opacity"] = f"{opacity:.3f}"
        added = self._add("rect", **attributes)
        if hint:
            ET.SubElement(added, "title").text = _clean(hint)

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        """A straight line."""
        self._add("line", **_numbers(x1=start[0], y1=start[1], x2=end[0], y2=end[1]), **{"class": kind})

    def curve(self, points: list[tuple[float, float]], kind: str) -> None:
        """Lines from point to point."""
        told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._add("polyline", points=told, **{"class": kind})

    def dot(self, x: float, y: float, radius: float, kind: str) -> None:
        """A filled circle."""
        self._add("circle", **_numbers(cx=x, cy=y, r=radius), **{"class": kind})

    def words(
        self, x: float, y: float, text: str, kind: str = "", anchor: str = "start", turned: float = 0
    ) -> None:
        """Text that starts, ends or is centred at a point, `turned` around it by degrees."""
        attributes = _numbers(x=x, y=y) | {"class": kind, "text-anchor": anchor}
        if turned:
            attributes["transform"] = f"rotate({turned:g} {x:.1f} {y:.1f})"
        self._add("text", text, **attributes)

    def _add(self, tag: str, text: str = "", **attributes: str) -> ET.Element:
        added = ET.SubElement(self._root, tag, {name: value for name, value in attributes.items() if value})
        added.text = _clean(text) or None
        return added


def _numbers(**values: float) -> dict[str, str]:
    return {name: f"{value:.1f}" for name, value in values.items()}


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
