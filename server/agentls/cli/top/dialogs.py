"""What the screen asks before it does something."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

__all__ = ["Answer", "Ask", "Keys"]


class Ask(ModalScreen[bool]):
    """A question that is answered with yes or no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("y", "dismiss(True)", "Yes"),
        ("n,escape,q", "dismiss(False)", "No"),
    ]

    def __init__(self, question: Text) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical(classes="dialog"):
            yield Static(self._question)
            yield Static(Text("y yes   n no", style="bold"), classes="keys")


class Answer(ModalScreen[tuple[str, str] | None]):
    """What a waiting agent asks, and the answers that it takes.

    Gives which kind of answer it is, `choice` or `text`, and the answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Back")]

    def __init__(
        self, question: Text, *, choices: Sequence[str], takes_text: bool
    ) -> None:
        super().__init__()
        self._question = question
        self._choices = choices
        self._takes_text = takes_text

    def compose(self) -> ComposeResult:
        """Show the question, its choices, and a line for words."""
        with Vertical(classes="dialog"):
            yield Static(self._question)
            if self._choices:
                yield OptionList(*(Option(Text(one)) for one in self._choices))
            if self._takes_text:
                yield Input(placeholder="or in words")
            yield Static(Text("enter answer   esc back", style="bold"), classes="keys")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer with a choice."""
        self.dismiss(("choice", self._choices[event.option_index]))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer in words."""
        if event.value.strip():
            self.dismiss(("text", event.value))


class Keys(ModalScreen[None]):
    """The keys, each with what it does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,question_mark,enter", "dismiss(None)", "Back")
    ]

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """List them."""
        said = Text()
        for key, does in self._keys:
            said.append(f"{key:>7}", style="bold")
            said.append(f"  {does}\n")
        with Vertical(classes="dialog"):
            yield Static(said)
            yield Static(Text("esc back", style="bold"), classes="keys")
