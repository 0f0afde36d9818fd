"""Controls as the server describes them to a browser: the value they show, and another one inside their bounds."""

import random
from dataclasses import dataclass
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState

Value = Any
"""A switch's position, a number, a text, a list of numbers or texts; None where nothing is chosen."""

FIELDS = {
    "slider": "double_array_value",
    "number_input": "double_value",
    "selectbox": "string_value",
    "radio": "string_value",
    "text_input": "string_value",
    "checkbox": "bool_value",
    "multiselect": "string_array_value",
    "button_group": "string_array_value",
}
"""Kind of control -> where its value stands in what the browser sends."""


@dataclass(frozen=True, eq=False)
class Control:
    """A control, a button or a field for files, on the page."""

    kind: str
    proto: Any
    """Streamlit's description of it."""
    fragment: str
    """The fragment that runs when it is moved; "" for the whole page."""

    def value(self) -> Value:
        """What the server wants it to show, at first or because a script has set it."""
        proto, new = self.proto, self.proto.set_value
        match self.kind:
            case "slider" if not proto.options:
                return list(proto.value if new else proto.default)
            case "slider" | "multiselect" | "button_group":
                return list(proto.raw_values if self.kind != "slider" else proto.raw_value) if new else self._defaults()
            case "selectbox" | "radio":
                if new:
                    return proto.raw_value if proto.HasField("raw_value") else None
                return proto.options[proto.default] if proto.HasField("default") else None
        given = "value" if new else "default"
        return getattr(proto, given) if self.kind == "checkbox" or proto.HasField(given) else None

    def other(self, now: Value, chance: random.Random) -> Value:
        """Another value, if there is one."""
        proto = self.proto
        match self.kind:
            case "checkbox":
                return not now
            case "slider" if not proto.options:
                return sorted(self._number(proto.min, proto.max, one, chance) for one in now or proto.default)
            case "number_input":
                low, high = proto.min if proto.has_min else -10.0, proto.max if proto.has_max else 10.0
                return self._number(low, high, now, chance)
        kept = now if isinstance(now, list) else []
        new = chance.choice([one for one in self.options if one not in kept and one != now] or self.options)
        if self.kind in ("selectbox", "radio"):
            return new
        return [*kept, new] if self._takes_several and len(kept) < (proto.max_selections or 3) else [new]

    def state(self, value: Value) -> WidgetState:
        """A value as it is sent."""
        state = WidgetState(id=self.proto.id)
        field = "string_array_value" if self.kind == "slider" and self.proto.options else FIELDS[self.kind]
        if isinstance(value, list):
            getattr(state, field).SetInParent()
            getattr(state, field).data.extend(value)
        elif value is not None:
            setattr(state, field, value)
        return state

    def read(self, state: WidgetState) -> Value:
        """The value that is sent so."""
        field = state.WhichOneof("value")
        value = getattr(state, field or "id")
        return list(value.data) if field and field.endswith("array_value") else value if field else None

    @property
    def options(self) -> list[str]:
        """What can be chosen, as it is written; nothing for numbers and switches."""
        options = getattr(self.proto, "options", [])
        return [one.content for one in options] if self.kind == "button_group" else list(options)

    @property
    def _takes_several(self) -> bool:
        return self.kind == "multiselect"

    def _defaults(self) -> list[str]:
        return [self.options[int(index)] for index in self.proto.default]

    def _number(self, low: float, high: float, now: float | None, chance: random.Random) -> float:
        step = self.proto.step or 1.0
        last = max(1, int((high - low) / step + 1e-9))
        drawn = [min(high, low + step * place) for place in chance.sample(range(last + 1), 2)]
        return drawn[1] if drawn[0] == now else drawn[0]
