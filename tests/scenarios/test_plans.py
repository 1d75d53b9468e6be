"""Stories: the manifests in `given.yaml` come to the report in `then.yaml`, as `lmos plan -f` prints it."""

import os
from pathlib import Path

import pytest
import yaml

from lmos.core.planning import plan_documents

STORIES = sorted(path.parent for path in Path(__file__).parent.glob("*/given.yaml"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_ends_as_told(story: Path) -> None:
    """`LMOS_ACCEPT=1` rewrites the endings; read the difference like code."""
    given = list(yaml.safe_load_all((story / "given.yaml").read_text()))

    report = plan_documents(given).to_json()

    ending = story / "then.yaml"
    if os.environ.get("LMOS_ACCEPT") == "1":
        ending.write_text(yaml.safe_dump(report, sort_keys=False, allow_unicode=True, width=110))
    assert report == yaml.safe_load(ending.read_text())
