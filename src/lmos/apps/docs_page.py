"""A page that shows an OpenAPI document, with all that it loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_PATH = "/docs"


def with_docs(app: ASGIApp, title: str) -> ASGIApp:
    """
    The app, with Swagger UI at `/docs` for its `/openapi.json`.

    FastAPI's own page loads its scripts from the internet; these ship inside a package.
    """
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=title,
        swagger_js_url=f"{_PATH}/swagger-ui-bundle.js",
        swagger_css_url=f"{_PATH}/swagger-ui.css",
        swagger_favicon_url=f"{_PATH}/favicon-32x32.png",
    )
    files = StaticFiles(packages=[("fastapi_swagger", "resources")])
    docs = Router([Route(_PATH, lambda _: page), Mount(_PATH, files)], redirect_slashes=False)

    async def documented(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_ours = path == _PATH or path.startswith(f"{_PATH}/")
        await (docs if is_ours else app)(scope, receive, send)

    return documented
