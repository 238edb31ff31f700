"""The documents that list formats and angles say what the registries say."""

from pathlib import Path

from app.commands.formats import markdown_rows
from app.motion.joint_angles import ANGLES, LEFT_OUT

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_formats_is_that_of_the_registry() -> None:
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    assert "\n".join(markdown_rows()) in text, "paste what `stcstudio formats --markdown` prints"


def test_every_joint_angle_is_defined_with_its_sign_zero_and_limits() -> None:
    text = (DOCS / "joint_angles.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for angle in ANGLES:
        column = f"`{angle.name}_deg`".replace("right_", "<side>_").replace("left_", "<side>_")
        row = next((row for row in rows if row.startswith(f"| {column} |")), None)
        assert row is not None, column
        for words in (angle.definition, angle.positive, angle.zero, angle.empty):
            assert words in row, f"{column}: {words}"
    for name, reason in LEFT_OUT.items():
        assert f"{name}: {reason}" in text
