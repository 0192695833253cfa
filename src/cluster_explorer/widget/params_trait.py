"""The trait that holds the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from cluster_explorer.params import Params


class ParamsTrait(traitlets.Instance[Params]):
    """Parameters; a mapping is taken as changes to the present ones."""

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the parameters that a value stands for."""
        if isinstance(value, Mapping):
            value = obj.params.changed(dict(value))
        return super().validate(obj, value)
