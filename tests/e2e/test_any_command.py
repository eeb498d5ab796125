"""Any command is an agent, with three lines in the config."""

from pathlib import Path


async def test_a_command_of_the_config_gets_the_prompt_as_it_is(
    open_editor, repository: Path, home
):
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text(
        "[agents.mine]\n"
        'command = ["/bin/sh", "-c", "printf %s \\"$1\\" > said", "mine", "{prompt}"]\n'
    )
    prompt = "--flag 'quoted' \"double\" $HOME {braces}\nsecond line\n"
    editor = await open_editor(repository)
    listed = await editor.execute("listAgents")
    (mine,) = [agent for agent in listed.agents if agent.name == "mine"]
    assert mine.installed
    created = await editor.execute("createTask", prompt=prompt, agent="mine")
    done = await editor.until_state(created.task.id, "review", "failed")
    assert done.state == "review", done.why
    worktree = Path(done.worktree.removeprefix("file://"))
    assert (worktree / "said").read_text() == prompt
