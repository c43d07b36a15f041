"""Reads metrics as Prometheus does, with its own parser."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Values = Mapping[tuple[str, ...], float]


def values(text: str, name: str) -> Values:
    """The values of one metric by the values of its labels, in the order of the labels' names."""
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def value(text: str, name: str) -> float:
    """The value of a metric without labels."""
    return values(text, name)[()]
