import io

import pytest

from wellspring.transforms.formats.source_stream import SourceStream, StorageError


class Breaking(io.BytesIO):
    """Fails at its reads of the given numbers, from 1, after some bytes were taken."""

    def __init__(self, content: bytes, failing: set[int], seekable: bool = True) -> None:
        super().__init__(content)
        self._failing, self._seekable, self._reads = failing, seekable, 0

    def seekable(self) -> bool:
        return self._seekable

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads += 1
        if self._reads in self._failing:
            super().read(3)
            raise ConnectionResetError("cut")
        return super().read(size)


def test_a_read_that_breaks_off_is_tried_once_more_from_where_it_began():
    stream = SourceStream(Breaking(b"0123456789", {2, 4}))
    assert [stream.read(4) for _ in range(3)] == [b"0123", b"4567", b"89"]
    assert (stream.consumed, stream.tell()) == (10, 10)


@pytest.mark.parametrize(("failing", "seekable"), [({2, 3}, True), ({2}, False)])
def test_what_fails_again_or_cannot_go_back_is_a_failure_of_storage(failing, seekable):
    stream = SourceStream(Breaking(b"0123456789", failing, seekable))
    stream.read(4)
    with pytest.raises(StorageError, match="reading at byte 4: ConnectionResetError") as failure:
        stream.read(4)
    assert isinstance(failure.value.__cause__, ConnectionResetError)
