"""Forecasts as the protocol shows them."""

import os
from collections.abc import Sequence

from agentls.lsp.present import uri_of
from agentls.lsp.protocol.forecast import (
    ConflictFileInfo,
    ForecastChangedParams,
    ForecastInfo,
    LinesInfo,
    OutlookInfo,
    PairInfo,
    TaskForecastInfo,
    TaskOutlook,
)
from agentls.model import Lines
from agentls.review.outlook import ConflictFile, Outlook, TaskForecast
from agentls.tasks.forecasting import News

__all__ = ["forecast_changed", "forecast_info", "task_outlook"]


def forecast_info(forecast: TaskForecast | None) -> ForecastInfo | None:
    """Show a forecast as a list has it."""
    return forecast and ForecastInfo(
        target=forecast.target.outcome,
        user=forecast.user.outcome,
        in_the_way=len(forecast.in_the_way),
        tasks=tuple(forecast.tasks),
    )


def forecast_changed(news: News) -> ForecastChangedParams:
    """Tell of news."""
    return ForecastChangedParams(
        repository=uri_of(news.repository),
        tasks=tuple(
            TaskForecastInfo(task=task, forecast=forecast_info(forecast))
            for task, forecast in sorted(news.tasks.items())
        ),
    )


def task_outlook(forecast: TaskForecast) -> TaskOutlook:
    """Show a forecast with all its files."""
    return TaskOutlook(
        task=forecast.task,
        target=_outlook(forecast.target),
        user=_outlook(forecast.user),
        in_the_way=tuple(os.fsdecode(path) for path in forecast.in_the_way),
        tasks=tuple(
            PairInfo(task=other, outcome=one.outcome, files=_files(one.files))
            for other, one in forecast.tasks.items()
        ),
    )


def _outlook(outlook: Outlook) -> OutlookInfo:
    return OutlookInfo(outcome=outlook.outcome, files=_files(outlook.files))


def _files(files: Sequence[ConflictFile]) -> tuple[ConflictFileInfo, ...]:
    return tuple(
        ConflictFileInfo(
            path=os.fsdecode(file.path),
            lines=_lines(file.lines),
            their_lines=_lines(file.their_lines),
        )
        for file in files
    )


def _lines(lines: Sequence[Lines]) -> tuple[LinesInfo, ...]:
    return tuple(LinesInfo(first=one.first, last=one.last) for one in lines)
