"""Editors that show a task because somebody asks for it elsewhere."""

import attrs

__all__ = ["OpenRequestedParams"]


@attrs.frozen(kw_only=True)
class OpenRequestedParams:
    """What to show."""

    task: str
    """Its review is to be opened, as if the person had asked for it in this editor."""
