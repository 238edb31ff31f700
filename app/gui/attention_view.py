"""What the lifter attends to in a frame: maps over joints and over time, for a joint, a block and a head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.attention_pictures import part_edges
from app.gui.attention_map import AttentionMap
from app.gui.joint_names import joint_label
from stcformer.skeleton import JOINT_COUNT, JOINTS, PART_ORDER

if TYPE_CHECKING:
    from stcformer.attention import AttentionMaps

Array = NDArray[np.floating[Any]]

_FIRST_JOINT = JOINTS.index("rwrist")
_EMPTY = "Attention appears when there is a motion."
_TICKS = 6
_WIDTH = 340
_NONE_OF_THIS = "This network does not attend over {}."


class AttentionView(QWidget):
    """Passive: `set_maps` gives what is shown, `look_changed` says that another joint, block or head is wanted."""

    look_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: AttentionMaps | None = None
        self._frame = 0
        self.joint, self.block, self.head = QComboBox(), QComboBox(), QComboBox()
        self.space, self.time = AttentionMap(), AttentionMap()
        self.space.setAccessibleName("Attention over joints")
        self.time.setAccessibleName("Attention over time")
        self.facts, self.hint = QLabel(), QLabel(_EMPTY)
        self._stack = QStackedWidget()
        for joint in range(JOINT_COUNT):
            self.joint.addItem(joint_label(joint))
        self.joint.setCurrentIndex(_FIRST_JOINT)
        self._set_choices(self.block, "All, on average", 0)
        self._set_choices(self.head, "All, on average", 0)
        self._lay_out()
        for box in (self.joint, self.block, self.head):
            box.currentIndexChanged.connect(self._on_look)
        self.space.row_clicked.connect(lambda row: self.joint.setCurrentIndex(PART_ORDER[row]))

    def set_maps(self, maps: AttentionMaps, frame: int, facts: str) -> None:
        """Show the maps of the window about a frame of the video; `facts` says whose they are."""
        self._maps, self._frame = maps, frame
        blocks, heads = max(len(maps.space), len(maps.time)), max(maps.space.shape[2], maps.time.shape[2])
        self._set_choices(self.block, "All, on average", blocks)
        self._set_choices(self.head, "All, on average", heads)
        self.facts.setText(facts)
        self._draw()
        self._stack.setCurrentIndex(1)

    def set_message(self, text: str = _EMPTY) -> None:
        """Show a sentence in place of maps."""
        self._maps = None
        self.hint.setText(text)
        self._stack.setCurrentIndex(0)

    @property
    def frame(self) -> int | None:
        """The frame of which maps are shown."""
        return None if self._maps is None else self._frame

    def chosen_joint(self) -> int:
        """By its number in `JOINTS`."""
        return self.joint.currentIndex()

    def attended(self) -> Array | None:
        """(17,) how much the joint attends to each joint of the frame; None without a map over joints."""
        if self._maps is None or not len(self._maps.space):
            return None
        return self._maps.attended(self.chosen_joint(), self._frame, self._block(), self._head())

    def _block(self) -> int | None:
        return self.block.currentIndex() - 1 if self.block.currentIndex() > 0 else None

    def _head(self) -> int | None:
        return self.head.currentIndex() - 1 if self.head.currentIndex() > 0 else None

    def _set_choices(self, box: QComboBox, first: str, count: int) -> None:
        if box.count() == count + 1:
            return
        chosen = box.currentIndex()
        box.blockSignals(True)
        box.clear()
        box.addItems([first, *(str(number) for number in range(1, count + 1))])
        box.setCurrentIndex(chosen if 0 <= chosen <= count else 0)
        box.blockSignals(False)

    def _on_look(self) -> None:
        self._draw()
        self.look_changed.emit()

    def _draw(self) -> None:
        maps, joint = self._maps, self.chosen_joint()
        self.space.set_row(PART_ORDER.index(joint))
        if maps is None:
            return
        if len(maps.space):
            shown = self._chosen_block(maps.space_of(self._frame, self._head()))
            order = list(PART_ORDER)
            names = [JOINTS[number] for number in order]
            title = f"Over the joints of frame {self._frame}"
            self.space.set_map(shown[np.ix_(order, order)], names, title, edges=part_edges())
        else:
            self.space.set_map(np.zeros((0, 0)), (), _NONE_OF_THIS.format("joints"))
        if len(maps.time):
            shown = self._chosen_block(maps.time_of(joint, self._head()))
            names = [f"{frame:g}" for frame in maps.frames]
            self.time.set_map(shown, names, f"Over time: {joint_label(joint)}", ticks=_TICKS)
            self.time.set_row(maps.row_of(self._frame))
        else:
            self.time.set_map(np.zeros((0, 0)), (), _NONE_OF_THIS.format("time"))

    def _chosen_block(self, blocks: Array) -> Array:
        """(L, N, N) to (N, N)."""
        block = self._block()
        return np.asarray(blocks.mean(axis=0) if block is None else blocks[block])

    def _lay_out(self) -> None:
        choices = QFormLayout()
        choices.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, box in (("Joint", self.joint), ("Block", self.block), ("Head", self.head)):
            choices.addRow(name, box)
            box.setMaxVisibleItems(JOINT_COUNT)
        self.facts.setProperty("role", "muted")
        self.facts.setWordWrap(True)
        self.facts.setToolTip(
            "A row of a map says what a joint, or a frame, attends to; a click on it chooses its joint. Lines in the "
            "video are as thick as the chosen joint's attention."
        )
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.hint.setEnabled(False)
        both = QWidget()
        maps = QVBoxLayout(both)
        maps.setContentsMargins(0, 0, 0, 0)
        maps.addWidget(self.space, 5)
        maps.addWidget(self.time, 4)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(both)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.addLayout(choices)
        column.addWidget(self._stack, 1)
        column.addWidget(self.facts)
        self.setMinimumWidth(_WIDTH)
