"""What the workflows promise: pinned actions, checks before publishing, no cancelled deployment."""

import re
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[1] / ".github/workflows"
WORKFLOWS = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_a_commit_with_its_version_beside_it(name):
    used = re.findall(r"uses: (.+)", WORKFLOWS[name])
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_target_that_a_workflow_makes_is_there(name):
    makefile = (FOLDER.parents[1] / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z-]+)", WORKFLOWS[name]):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_no_deployment_is_cancelled_and_each_waits_for_the_checks():
    jobs = yaml.safe_load(WORKFLOWS["site.yml"])["jobs"]
    assert jobs["publish"]["concurrency"]["cancel-in-progress"] is False
    assert set(jobs["publish"]["needs"]) == {"render", "engines"}
    assert jobs["render"]["needs"] == "check"
