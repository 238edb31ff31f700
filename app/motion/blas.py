"""The linear algebra of the motion stage, kept in one thread.

Its matrices are small, and OpenBLAS gains nothing by sharing them among threads. Where another program is busy, those
threads wait for each other instead: a solution that takes 10 ms was seen to take 20 s, during which Python, and with it
the window, stood still.
"""

from functools import cache


@cache
def keep_in_one_thread() -> None:
    """Tell the OpenBLAS of NumPy and SciPy to use one thread from now on; that of torch is left as it is."""
    import scipy.linalg  # noqa: F401, PLC0415 - only a library that is loaded can be told
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415

    for library in ThreadpoolController().lib_controllers:
        if library.internal_api == "openblas" and "torch" not in library.filepath:
            library.set_num_threads(1)
