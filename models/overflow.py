"""Numbers that became too large for their type: black or coloured pictures on some cards, which nobody should have to guess at."""
from __future__ import annotations

import torch
from torch import Tensor

from ..host.errors import InputError


def check_finite(made: Tensor, who: str, dtype: torch.dtype) -> None:
    """Raises InputError with one sentence where `made`, computed by the network `who` in numbers of `dtype`, holds infinity or NaN."""
    if torch.isfinite(made).all():
        return
    if dtype == torch.float32:
        raise InputError(f"{who} computed no numbers but NaN: its checkpoint is damaged or of another network; get it again.")
    raise InputError(f"{who} computed numbers that are too large for {str(dtype).removeprefix('torch.')}: choose "
                     f"{'bfloat16 or ' * (dtype != torch.bfloat16)}float32 as precision.")
