"""Stands in for CTranslate2 on a machine without a graphics card."""


def get_cuda_device_count():
    return 0
