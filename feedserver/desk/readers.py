"""Who reads: subscribers and requests by day, as a picture and as a table, and the readers of one day."""

from datetime import timedelta

from flask import Response, request
from markupsafe import Markup

from feedserver.desk import chart, frame, reader_days
from feedserver.desk.chart import Point
from feedserver.readership import history, store
from feedserver.services import services


@frame.blueprint.get("/readers")
def readers() -> Response:
    """The last days, in UTC, long ranges by week, and the readers of one of them."""
    query = reader_days.read(request.args)
    parts = services()
    last = parts.clock().date()
    with parts.database.read() as connection:
        oldest = history.first_day(connection)
        first = max(last - timedelta(days=query.days - 1), oldest or last)
        sums = history.by_day(connection, first, last)
        day = query.day or store.newest_day(connection)
        of_day = store.of_day(connection, day) if day else []
    periods = reader_days.periods(sums, first, last)
    named, others = reader_days.largest(of_day)
    points = [Point(one.first, one.subscribers, one.requests) for one in periods]
    description = reader_days.described(periods)
    return frame.render_desk(
        "desk/readers.html",
        title="Readers",
        days=query.days,
        ranges=reader_days.RANGES,
        periods=periods,
        picture=Markup(chart.chart(points, "Readers", description)) if sums else "",  # noqa: S704 - escaped there
        day=day,
        readers=named,
        others=others,
    )
