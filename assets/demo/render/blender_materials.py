"""Blender's materials of a palette."""

import dataclasses

import bpy
from palette import GAP_SHADE, PLANK_SHADES, PLANK_SIZE_M, Colour, Palette

_ROUGHNESS = {
    "skin": 0.55, "lips": 0.5, "hair": 0.6, "eye_white": 0.3, "dark": 0.3, "shoes": 0.6, "soles": 0.7,
}  # fmt: skip
_CLOTH = 0.9
"""Roughness of everything else."""


def materials(palette: Palette) -> dict[str, bpy.types.Material]:
    """One material for every colour of the palette, by its name."""
    colours = {field.name: getattr(palette, field.name) for field in dataclasses.fields(palette)}
    made = {name: _material(name, colour, _ROUGHNESS.get(name, _CLOTH)) for name, colour in colours.items()}
    _lay_planks(made["floor"], palette.floor)
    return made


def _material(name: str, colour: Colour, roughness: float) -> bpy.types.Material:
    """A plain opaque material. A roughness of 0.85 or more means no gloss, which is faster."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    if roughness >= 0.85:
        made.node_tree.nodes.remove(shader)
        shader = made.node_tree.nodes.new("ShaderNodeBsdfDiffuse")
        made.node_tree.links.new(shader.outputs[0], made.node_tree.nodes["Material Output"].inputs["Surface"])
        shader.inputs["Color"].default_value = (*colour, 1)
        return made
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = roughness
    return made


def _lay_planks(floor: bpy.types.Material, colour: Colour) -> None:
    nodes, links = floor.node_tree.nodes, floor.node_tree.links
    bricks = nodes.new("ShaderNodeTexBrick")
    bricks.inputs["Scale"].default_value = 1.0
    bricks.inputs["Brick Width"].default_value, bricks.inputs["Row Height"].default_value = PLANK_SIZE_M
    bricks.inputs["Mortar Size"].default_value = 0.004
    for name, shade in zip(("Color1", "Color2", "Mortar"), (*PLANK_SHADES, GAP_SHADE), strict=True):
        bricks.inputs[name].default_value = (*(shade * part for part in colour), 1)
    coordinates = nodes.new("ShaderNodeTexCoord")
    links.new(coordinates.outputs["Object"], bricks.inputs["Vector"])
    links.new(bricks.outputs["Color"], nodes["Diffuse BSDF"].inputs["Color"])
