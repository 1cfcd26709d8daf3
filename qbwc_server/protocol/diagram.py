"""The state diagram of a visit, drawn from the transition table."""

from qbwc_server.protocol.states import TRANSITIONS, State

_HIDDEN = (State.UNKNOWN,)


def mermaid() -> str:
    """Return the diagram as Mermaid text, without a code fence.

    Transitions that stay in their state are left out, and so is the state of an
    unknown ticket, which leads nowhere.
    """
    lines = ["stateDiagram-v2", "    [*] --> ready: authenticate"]
    for state, row in TRANSITIONS.items():
        if state in _HIDDEN:
            continue
        for kind, targets in row.items():
            lines.extend(
                f"    {state.value} --> {target.value}: {kind.value.replace(':', ',')}"
                for target in targets
                if target is not state
            )
    lines.append("    closed --> [*]")
    lines.append("    taken_over --> [*]")
    return "\n".join(lines)
