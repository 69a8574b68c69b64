"""The terminal command's threads share their heaps; nobody else's process is changed."""
import platform
import subprocess
import sys

import pytest
from talking_avatar.host.heaps import share_heaps

_HEAPS_OF_THREADS = """
import re, sys, threading
from talking_avatar.host.heaps import share_heaps
if sys.argv[1] == "shared":
    assert share_heaps()
gate, kept = threading.Barrier(9), []

def work():
    kept.append([bytearray(5000) for _ in range(2000)])
    gate.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for one in threads:
    one.start()
gate.wait()
sizes = [int(b, 16) - int(a, 16) for a, b in re.findall(r"^(\\w+)-(\\w+) rw-p 00000000 00:00 0 *$", open("/proc/self/maps").read(), re.M)]
print(sum(1 for size in sizes if 8e6 < size <= 64 * 2**20))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc, the C library of most Linux systems, has this setting; "
                    "elsewhere nothing happens, as the next test shows")
def test_many_threads_make_few_heaps():
    def heaps(how):
        return int(subprocess.run([sys.executable, "-c", _HEAPS_OF_THREADS, how], stdout=subprocess.PIPE, check=True, text=True).stdout)

    assert heaps("shared") < heaps("own")


def test_where_the_c_library_has_no_such_setting_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert share_heaps() is False
