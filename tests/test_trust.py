from pathlib import Path

import pytest

from agentls.config import load_config
from agentls.config.settings import CONFIG, RUNS, USER_ONLY
from agentls.errors import Untrusted
from agentls.trust import TrustItem, describe, effective_config, required


@pytest.fixture
def load(tmp_path: Path):
    def write_and_load(*, user: str = "", shared: str = "", local: str = ""):
        repository = tmp_path / "repository"
        repository.mkdir(exist_ok=True)
        (tmp_path / "config.toml").write_text(user)
        (repository / ".agentls.toml").write_text(shared)
        (repository / ".agentls.local.toml").write_text(local)
        return load_config(user_file=tmp_path / "config.toml", repository=repository)

    return write_and_load


def all_of(loaded, decision):
    return {item.digest: decision for item in required(loaded)}


def names(loaded):
    return [item.name for item in required(loaded)]


def test_what_runs_nothing_needs_no_trust(load):
    loaded = load(
        user='setup = "mine"\n[env]\nPATH = "/x"\n[agents.a]\ncommand = ["a"]',
        shared='agent = "claude"\ntarget = "main"\ncopy = [".env"]\nsetup_timeout = 9',
    )
    assert required(loaded) == ()
    assert effective_config(loaded, {}).setup == ("mine",)


def test_without_a_repository_nothing_needs_trust(load, tmp_path):
    load(user='setup = "mine"')
    loaded = load_config(user_file=tmp_path / "config.toml", repository=None)
    assert required(loaded) == ()
    assert effective_config(loaded, {}).setup == ("mine",)


@pytest.mark.parametrize("which", ["shared", "local"])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('setup = "touch x"', "setup"),
        ('setup = ["a", "b"]', "setup"),
        ('[env]\nPATH = "evil"', "env"),
        ('[agents.claude]\nbin = "evil"', "agents.claude"),
        ('[agents.new]\ncommand = ["evil"]', "agents.new"),
        ('[agents.claude]\ntitle = "harmless?"', "agents.claude"),
        ('agent = "shell"', "agent"),
        ('[checks.tests]\nrun = "evil"', "checks"),
        ('[checks.tests]\ntimeout = 1\nrun = ["a"]', "checks"),
        ('[review]\nagent = "shell"', "review.agent"),
        ('[run.dev]\nrun = "evil"', "run"),
        ('teardown = "evil"', "teardown"),
        ('[templates.t]\nprompt = "evil"\nagent = "shell"', "templates.t"),
    ],
)
def test_whatever_would_run_is_asked_for_in_either_file(load, which, text, name):
    loaded = load(**{which: text})
    assert names(loaded) == [name]
    with pytest.raises(Untrusted) as caught:
        effective_config(loaded, {})
    assert name in caught.value.message
    assert "agentls trust --deny" in caught.value.hint


def test_every_runnable_key_is_in_the_configs_trust():
    """Each new key of the config must be thought about here."""
    harmless = {"agent", "target", "branch_prefix", "copy", "setup_timeout", "merge"}
    harmless.add("routes")  # to agents that are defined, and never to `shell`
    harmless.add("templates")  # text; one for `shell` is looked at by itself
    harmless |= {"teardown_timeout", "cache"}
    users = {pattern[0] for pattern in USER_ONLY}
    assert set(CONFIG.schema()["properties"]) == harmless | users | set(RUNS)


def test_the_exact_text_that_would_run_is_shown(load):
    loaded = load(
        shared='setup = ["make deps", "make"]\n[env]\nB = "2"\n',
        local='[env]\nA = "1"\n[agents.mine]\ncommand = ["x", "{prompt}"]',
    )
    assert [(item.name, item.text) for item in required(loaded)] == [
        ("setup", "make deps\nmake"),
        ("env", 'A = "1"\nB = "2"'),
        ("agents.mine", 'command = ["x", "{prompt}"]'),
    ]


def test_the_nearest_text_is_the_one_that_is_asked_for(load):
    loaded = load(shared='setup = "a"', local='setup = "b"')
    assert [item.text for item in required(loaded)] == ["b"]


def test_a_decision_holds_for_exactly_that_text(load):
    decisions = all_of(load(shared='setup = "make"'), "allowed")
    for other in ('setup = "make "', 'setup = "make\\nevil"', 'setup = ["make", "x"]'):
        with pytest.raises(Untrusted):
            effective_config(load(shared=other), decisions)
    assert effective_config(load(local='setup = ["make"]'), decisions).setup == (
        "make",
    )


def test_texts_that_look_alike_have_different_digests(load):
    one = load(shared='setup = ["a", "b"]')
    other = load(shared='setup = "a\\nb"')
    assert required(one)[0].text == required(other)[0].text
    assert required(one)[0].digest != required(other)[0].digest


def test_a_digest_does_not_hang_on_the_order_of_keys(load):
    one = load(shared='[env]\nA = "1"\nB = "2"')
    other = load(shared='[env]\nB = "2"\nA = "1"')
    assert required(one) == required(other)


def test_the_digest_stays_the_same_over_versions(load):
    """A change here asks every user about everything again."""
    (item,) = required(load(shared='setup = "make"'))
    assert item.digest.startswith("1736b6ff")


def test_what_was_denied_is_taken_from_the_layers_below(load):
    loaded = load(
        user='setup = "mine"\n[env]\nA = "mine"\n[agents.a]\ncommand = ["mine"]',
        shared='agent = "shell"\nsetup = "theirs"\ntarget = "main"\n'
        '[env]\nA = "theirs"\nB = "theirs"\n[agents.a]\ntitle = "theirs"',
        local='setup = "local"',
    )
    config = effective_config(loaded, all_of(loaded, "denied"))
    assert config.setup == ("mine",)
    assert config.env == {"A": "mine"}
    assert config.agents == {"a": {"command": ["mine"]}}
    assert config.agent is None
    assert config.target == "main"


def test_one_may_be_allowed_and_another_denied(load):
    loaded = load(shared='setup = "yes"\n[env]\nA = "no"')
    setup, env = required(loaded)
    config = effective_config(loaded, {setup.digest: "allowed", env.digest: "denied"})
    assert config.setup == ("yes",)
    assert config.env == {}


def test_a_decision_about_a_filter_says_nothing_about_the_config(load):
    loaded = load(shared='setup = "make"')
    item = TrustItem.of_git("filter", loaded.repository, name="setup", text="make")
    with pytest.raises(Untrusted):
        effective_config(loaded, {item.digest: "allowed"})


def test_the_description_hides_nothing_from_a_terminal(load):
    loaded = load(shared='setup = "echo \\u001b[2K\\u202e ok\\rharmless"')
    text = describe(required(loaded))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\r" not in text
    assert r"\x1b[2K\u202e ok\rharmless" in text
