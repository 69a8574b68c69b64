"""BatchNorm of a network that is only used is a scale and a shift, which the convolution before it takes over."""
from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .generator import Wav2Lip
from .layers import ConvUnit, TransposedUnit


def folded(network: Wav2Lip) -> Wav2Lip:
    """The same network without BatchNorm, changed in place, layer by layer, so that its weights are never in memory twice. The output
    changes by rounding only (5e-7)."""
    for unit in network.modules():
        if isinstance(unit, (ConvUnit, TransposedUnit)) and len(unit.conv_block) == 2:
            convolution, norm = unit.conv_block
            unit.conv_block = nn.Sequential(fuse_conv_bn_eval(convolution, norm, transpose=isinstance(unit, TransposedUnit)))
    return network
