"""What the convolutions of a network that is only used take over: the scale and shift of BatchNorm, and adding what came in."""
from __future__ import annotations

import torch
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


def residuals_folded(network: Wav2Lip) -> Wav2Lip:
    """A folded network in float32 whose convolutions add their inputs themselves: conv(x) + x is a convolution whose middle weight from a
    channel to itself is larger by 1. Changed in place; the output changes by rounding only (1e-6 of 1 with the stand-in weights of the 96
    network). Half precision would lose those weights beside the 1."""
    for unit in network.modules():
        if isinstance(unit, ConvUnit) and unit.residual:
            weight = unit.conv_block[0].weight
            channels, (down, across) = torch.arange(weight.shape[0]), (side // 2 for side in weight.shape[2:])
            with torch.no_grad():
                weight[channels, channels, down, across] += 1
            unit.residual = False
    return network
