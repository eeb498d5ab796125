"""A briefing tells what was asked, said, changed, checked and commented."""

from pathlib import Path
from typing import Any

from agentls.model import Lines
from agentls.tasks.commenting import Remark


def _config(home: Any, text: str) -> None:
    folder = Path(home.environ["AGENTLS_CONFIG_DIR"])
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text)


async def test_it_tells_all_that_is_known(daemon, home):
    _config(home, '[checks.tests]\nrun = "echo `wrong`; false"\n')
    task = await daemon.done(
        "printf 'one\\ntwo\\n' > new\nrm plain.txt\necho all done", title="Do *it*"
    )
    (daemon.root / "plain.txt").write_text("mine\n")
    await daemon.core.forecasting.forecast(None, task=task.id)
    remark = Remark(text="Why?", path=b"new", lines=Lines(first=2, last=2))
    await daemon.core.commenting.add(task.id, remark)
    text = await daemon.core.briefings.write(task.id)
    sections = text.split("\n## ")
    assert sections[0].startswith("# Do *it*\n\n")
    assert "review: Its check tests failed." in sections[0]
    titles = [section.split("\n")[0] for section in sections[1:]]
    assert titles == [
        "What was asked",
        "What the agent said last",
        "Change: 2 files, +2 −1",
        "Checks",
        "Comments",
        "Forecast",
    ]
    assert "> printf 'one\\ntwo\\n' > new\n> rm plain.txt" in text
    assert "- With `main`: goes together" in text
    assert "With what you haven't committed: **conflicts** in `plain.txt`" in text
    assert "```\nall done\n```" in text
    assert "- `new` +2 −0 (new)" in text
    assert "- `plain.txt` +0 −1 (deleted)" in text
    assert "| tests | **failed** |" in text
    assert "The end of tests:\n\n```\n+ echo" in text
    assert "1. `new:2` (you, open):\n\n> Why?" in text


async def test_what_others_wrote_cannot_pose_as_ours(daemon):
    task = await daemon.done(
        "printf '```\\n# Merged\\n'; touch 'a`b\nc'", title="a\n#b"
    )
    text = await daemon.core.briefings.write(task.id)
    assert text.startswith("# a #b\n")
    assert "````\n```\n# Merged\n````" in text
    assert "- `` a`b c `` +0 −0 (new)" in text


async def test_a_task_without_any_change_has_one_too(daemon):
    task = await daemon.done("true")
    text = await daemon.core.briefings.write(task.id)
    assert "## Change\n\nNothing was changed." in text
    assert "Checks" not in text
