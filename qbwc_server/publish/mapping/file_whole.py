"""What only shows when the whole of a mapping file is seen: names given twice, references, private fields."""

from collections.abc import Iterator

from qbwc_server.publish.mapping.file_fields import CUSTOM, Vocabulary
from qbwc_server.publish.mapping.file_problems import Found
from qbwc_server.publish.mapping.file_section import nearest, place, target_place
from qbwc_server.publish.mapping.model import Mapping, TargetRule


def judge(mapping: Mapping, known: Vocabulary, found: Found) -> None:
    """Note the problems of a mapping whose lines have been read.

    Args:
        mapping: what could be read of it.
        known: the fields there are.
        found: where problems go.
    """
    _names(mapping, found)
    for number, target in enumerate(mapping.targets):
        at = target_place(target.name, number + 1)
        _columns(at, target, found)
        _references(at, mapping.targets, number, found)
        if target.table == mapping.state_table and mapping.state_table:
            found.add(f"{at}.table", "state_table_taken", name=target.table)
        for where, field in _tested(at, target):
            if known.private(target.list, field) and not _declared(mapping, target.list, field):
                found.add(where, "private_undeclared", name=field)


def private_fields(mapping: Mapping) -> frozenset[str]:
    """Return the private fields that a mapping publishes, as "customer.Balance" and "item.Custom.Colour"."""
    return frozenset(
        f"{target.list}.{column.field}"
        for target in mapping.targets
        for column in target.columns
        if column.private and column.field
    )


def _names(mapping: Mapping, found: Found) -> None:
    seen: set[str] = set()
    for number, target in enumerate(mapping.targets, 1):
        if target.name in seen:
            found.add(f"{target_place(target.name, number)}.name", "duplicate_target", name=target.name)
        seen.add(target.name)


def _columns(at: str, target: TargetRule, found: Found) -> None:
    keys = {part.column for part in target.key}
    for column in target.columns:
        if column.column in keys:
            found.add(place(f"{at}.columns", column.column), "duplicate_column", name=column.column)
    for number, rule in enumerate(target.adopt, 1):
        for name, _ in rule:
            if name in keys:
                found.add(place(f"{at}.adopt[{number}]", name), "adopt_key", name=name)
    for name, _ in target.inactive:
        if name in keys:
            found.add(place(f"{at}.inactive.set", name), "inactive_key", name=name)


def _references(at: str, targets: tuple[TargetRule, ...], number: int, found: Found) -> None:
    target = targets[number]
    by_name = {each.name: each for each in reversed(targets)}
    earlier = {each.name for each in targets[:number]}
    for part in target.key:
        where = place(f"{at}.key", part.column)
        if part.of_target is None:
            continue
        other = by_name.get(part.of_target)
        if other is None:
            near = nearest(part.of_target, tuple(by_name))
            known = ", ".join(by_name)
            code = "unknown_target_near" if near else "unknown_target"
            found.add(where, code, name=part.of_target, near=near, known=known)
        elif _reaches(by_name, other, target.name):
            found.add(where, "reference_cycle", name=part.of_target)
        elif part.of_target not in earlier:
            found.add(where, "reference_forward", name=part.of_target, target=target.name)
        elif other.list and target.list and (other.list, other.company) != (target.list, target.company):
            # A source that could not be read was noted already.
            found.add(where, "reference_list", name=part.of_target)


def _reaches(by_name: dict[str, TargetRule], start: TargetRule, name: str) -> bool:
    """Tell whether a target's key leads to another one, or to itself."""
    waiting, seen = [start.name], set[str]()
    while waiting:
        current = waiting.pop()
        if current == name:
            return True
        if current in by_name and current not in seen:
            seen.add(current)
            waiting += [part.of_target for part in by_name[current].key if part.of_target]
    return False


def _tested(at: str, target: TargetRule) -> Iterator[tuple[str, str]]:
    """Give the fields of a target that are compared and not written, each with its place."""
    for part in target.key:
        if part.field is not None:
            yield place(f"{at}.key", part.column), part.field
    for number, rule in enumerate(target.adopt, 1):
        for column, field in rule:
            yield place(f"{at}.adopt[{number}]", column), field
    for test in target.only:
        yield place(f"{at}.only", test.field), test.field


def _declared(mapping: Mapping, source: str, field: str) -> bool:
    published = private_fields(mapping)
    whole = field.startswith(f"{CUSTOM}.") and f"{source}.{CUSTOM}" in published
    return whole or f"{source}.{field}" in published
