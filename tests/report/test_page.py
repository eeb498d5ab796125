"""The report's page: safe, whole, and legible in a real browser."""

import os
import re
from collections.abc import Generator
from datetime import timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest

from agentls.report.figures import figures_of
from agentls.report.page import page
from browser import Browser, open_browser

_ZONE = timezone(timedelta(hours=1))
_PICTURES = os.environ.get("AGENTLS_TEST_PICTURES")
"""A folder in which pictures stay, to be looked at."""

_SCREENS = {"desk": (1280, 900), "phone": (360, 780)}

_CONTRASTS = """
(() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((one) => one / 255)
    .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    const bar = element.closest('text.in') &&
      element.closest('g').querySelector('rect.bar');
    if (bar) return parts(getComputedStyle(bar).fill);
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].some((one) => one.nodeType === 3 &&
      one.textContent.trim());
    if (!text || ['STYLE', 'TITLE', 'DESC', 'title', 'desc'].includes(element.tagName)
      || getComputedStyle(element).display === 'none') continue;
    const style = getComputedStyle(element);
    const mine = element.namespaceURI.includes('svg') ? style.fill : style.color;
    const [a, b] = [light(parts(mine)), light(behind(element))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), element.textContent.slice(0, 30)]);
  }
  return found;
})()
"""

_BARS = """
[...document.querySelectorAll('.rows svg.bars')].map((svg) => ({
  width: svg.getBoundingClientRect().width,
  left: svg.getBoundingClientRect().left,
  bars: [...svg.querySelectorAll('g[data-seconds]')].map((one) => ({
    kind: one.getAttribute('class'),
    seconds: Number(one.dataset.seconds),
    left: one.querySelector('rect').getBoundingClientRect().left,
    width: one.querySelector('rect').getBoundingClientRect().width,
  })),
}))
"""

_CUT_TEXT = """
[...document.querySelectorAll('text.in')]
  .filter((one) => getComputedStyle(one).display !== 'none')
  .filter((one) => one.getBoundingClientRect().right >
    one.closest('g').querySelector('rect').getBoundingClientRect().right)
  .map((one) => one.textContent)
"""


@pytest.fixture
def html(day) -> str:
    return page(figures_of(day), zone=_ZONE)


@pytest.fixture
def file(tmp_path: Path, html: str) -> Path:
    path = tmp_path / "report.html"
    path.write_text(html)
    return path


@pytest.fixture
def browser(tmp_path: Path) -> Generator[Browser]:
    with open_browser(tmp_path / "profile") as opened:
        yield opened


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)


def test_hostile_titles_are_text(html):
    tags = _Tags()
    tags.feed(html)
    assert "script" not in tags.tags
    assert "img" not in tags.tags
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html


def test_nothing_comes_from_outside(html):
    tags = _Tags()
    tags.feed(html)
    names = {name for name, _ in tags.attributes}
    assert not names & {"src", "href", "srcset", "data", "action", "xlink:href"}
    assert not re.search(r"@import|url\((?!#)", html)


def test_times_are_in_the_zone_that_was_asked_for(html):
    assert "09:00 to 19:00" in html  # 8 and 18 UTC


def test_each_picture_has_its_words(html):
    tags = _Tags()
    tags.feed(html)
    pictures = html.count('role="img"')
    assert pictures == 7  # six tasks, and all together
    assert html.count("<desc ") == 6
    assert html.count("<table>") == 4


def test_a_time_without_tasks_says_so(day):
    empty = figures_of(attrs.evolve(day, tasks=()))
    assert "No task was open" in page(empty, zone=_ZONE)


@pytest.mark.full
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", _SCREENS)
def test_it_is_legible_and_nothing_overflows(
    browser: Browser, file: Path, scheme: str, screen: str, tmp_path: Path
):
    width, height = _SCREENS[screen]
    browser.look(width=width, height=height, scheme=scheme)
    browser.open(file)
    folder = Path(_PICTURES or tmp_path)
    browser.picture(folder / f"report-{screen}-{scheme}.png")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    contrasts = browser.evaluate(_CONTRASTS)
    assert len(contrasts) > 100
    assert [one for one in contrasts if one[0] < 4.5] == []
    assert browser.evaluate(_CUT_TEXT) == []
    assert browser.evaluate("document.title").startswith("agentls")  # nothing ran
    assert [one for one in browser.asked if not one.startswith("file:")] == []


@pytest.mark.needs("chromium")
def test_the_bars_are_as_long_as_the_figures_say(browser: Browser, file: Path, day):
    browser.look(width=1280, height=900, scheme="light")
    browser.open(file)
    rows = browser.evaluate(_BARS)
    figures = figures_of(day)
    assert len(rows) == len(figures.rows)
    whole = [
        (bar["width"] / bar["seconds"], bar)
        for row in rows[1:]  # the first reaches out at the left
        for bar in row["bars"]
    ]
    least, most = min(one for one, _ in whole), max(one for one, _ in whole)
    assert most / least < 1.05, whole
    for row, told in zip(rows[1:], figures.rows[1:], strict=True):
        assert [bar["kind"] for bar in row["bars"]] == [
            f"k-{bar.kind}" for bar in told.bars
        ]
        for bar, following in zip(row["bars"], row["bars"][1:], strict=False):
            assert bar["left"] + bar["width"] == pytest.approx(
                following["left"], abs=0.5
            )
        assert row["bars"][-1]["left"] + row["bars"][-1]["width"] <= (
            row["left"] + row["width"] + 0.5
        )


@pytest.mark.needs("chromium")
def test_on_paper_it_is_light_and_whole(browser: Browser, file: Path, tmp_path: Path):
    browser.look(width=1000, height=1400, scheme="dark", media="print")
    browser.open(file)
    browser.picture(Path(_PICTURES or tmp_path) / "report-print.png")
    colour = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(255, 255, 255)"
    assert browser.evaluate("document.documentElement.scrollWidth") <= 1000
