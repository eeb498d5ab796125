"""A report's figures: what is added up, and what is cut at the edges of its time."""

import attrs

from agentls.report.figures import Kind, figures_of


def test_bars_are_cut_at_the_edges_and_a_review_is_two(day):
    figures = figures_of(day)
    first = figures.rows[0]
    assert [(bar.kind, bar.seconds / 60) for bar in first.bars] == [
        (Kind.REVIEW, 65),
        (Kind.LOOKED, 15),
    ]
    assert first.merged == day.tasks[0].intervals[-1].begun
    assert figures.until == day.now  # nothing is known of what comes


def test_what_still_goes_on_lasts_until_now(day):
    (review,) = [bar for bar in figures_of(day).rows[4].bars if bar.goes_on]
    assert (review.kind, review.seconds) == (Kind.REVIEW, 180 * 60)


def test_what_waited_for_a_person_is_in_order(day):
    waits = figures_of(day).waits
    assert [(one.task.id, one.bar.kind) for one in waits[:3]] == [
        ("j8k9", Kind.FAILED),
        ("l2m3", Kind.REVIEW),
        ("g6h7", Kind.REVIEW),
    ]
    lengths = [one.bar.seconds for one in waits]
    assert lengths == sorted(lengths, reverse=True)
    assert figures_of(day).waited == sum(lengths)


def test_reviews_say_how_long_they_waited_and_what_came_of_them(day):
    reviews = {
        (one.task.id, one.end): (one.waited / 60, one.looked / 60, one.opened)
        for one in figures_of(day).reviews
    }
    assert reviews == {
        ("b2c3", "merged"): (185, 15, True),
        ("d4f5", "merged"): (50, 15, True),
        ("g6h7", "working"): (5, 25, True),
        ("g6h7", "merged"): (130, 10, True),
        ("l2m3", None): (180, 0, False),
    }
    figures = figures_of(day)
    assert figures.until_merged == 140 * 60
    assert figures.until_opened == (50 + 130) / 2 * 60


def test_agents_are_compared(day):
    codex, claude = sorted(figures_of(day).agents, key=lambda one: one.agent)[::-1]
    assert (claude.tasks, claude.merged, claude.discarded) == (4, 2, 1)
    assert (codex.tasks, codex.merged, codex.added) == (2, 1, 120)
    assert claude.worked == (57 + 50 + 80 + 70) * 60
    assert (claude.usage.input, codex.usage) == (4800, None)


def test_a_merge_that_was_taken_back_counts_no_more(day, make_history):
    undone = make_history(
        "b2c3", ("working", 0), ("review", 10), ("merged", 20), ("review", 30)
    )
    figures = figures_of(attrs.evolve(day, tasks=(undone,)))
    assert figures.merged == ()


def test_a_discard_that_was_taken_back_counts_no_more(day, make_history):
    restored = make_history("b2c3", ("review", 0), ("discarded", 20), ("review", 30))
    away = make_history("d4f5", ("review", 0), ("discarded", 20))
    rows = figures_of(attrs.evolve(day, tasks=(restored, away))).rows
    assert [row.task.id for row in rows if row.discarded] == ["d4f5"]
