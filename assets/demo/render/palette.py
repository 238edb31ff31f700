"""Colours of the person and the room, drawn from a seed."""

import colorsys
from dataclasses import dataclass

import bpy
import numpy as np

_SKINS = ((0.80, 0.56, 0.43), (0.66, 0.42, 0.29), (0.42, 0.24, 0.15), (0.22, 0.12, 0.075), (0.87, 0.66, 0.55))
_HAIRS = (
    (0.03, 0.02, 0.015),
    (0.09, 0.045, 0.02),
    (0.22, 0.12, 0.05),
    (0.40, 0.27, 0.12),
    (0.16, 0.15, 0.15),
)


@dataclass(frozen=True)
class Palette:
    """One material a part."""

    skin: bpy.types.Material
    lips: bpy.types.Material
    hair: bpy.types.Material
    eye_white: bpy.types.Material
    dark: bpy.types.Material
    shirt: bpy.types.Material
    trim: bpy.types.Material
    trousers: bpy.types.Material
    shoes: bpy.types.Material
    soles: bpy.types.Material
    wall: bpy.types.Material
    skirting: bpy.types.Material
    floor: bpy.types.Material


def random_palette(seed: int) -> Palette:
    """The same colours for the same seed: shirt and trousers of different hue and lightness, pale walls."""
    rng = np.random.default_rng(seed)
    skin = _SKINS[rng.integers(len(_SKINS))]
    hue = rng.uniform()
    shirt_is_dark = rng.uniform() < 0.3

    def colour(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
        return colorsys.hsv_to_rgb(hue % 1, saturation, value)

    shirt = colour(hue, rng.uniform(0.55, 0.85), 0.22 if shirt_is_dark else rng.uniform(0.45, 0.75))
    trousers = colour(
        hue + rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.6), 0.38 if shirt_is_dark else rng.uniform(0.07, 0.2)
    )
    wall = colour(rng.uniform(), rng.uniform(0.04, 0.15), rng.uniform(0.55, 0.75))
    floor = colour(rng.uniform(0.05, 0.11), rng.uniform(0.35, 0.55), rng.uniform(0.2, 0.4))
    return Palette(
        skin=material("skin", skin, 0.55),
        lips=material("lips", (skin[0] * 0.75, skin[1] * 0.42, skin[2] * 0.42), 0.5),
        hair=material("hair", _HAIRS[rng.integers(len(_HAIRS))], 0.6),
        eye_white=material("eye white", (0.85, 0.85, 0.83), 0.3),
        dark=material("dark", (0.02, 0.015, 0.012), 0.3),
        shirt=material("shirt", shirt, 0.9),
        trim=material("trim", colour(hue + 0.08, 0.2, 0.8), 0.9),
        trousers=material("trousers", trousers, 0.9),
        shoes=material("shoes", colour(rng.uniform(), 0.5, rng.choice([0.05, 0.5])), 0.6),
        soles=material("soles", (0.7, 0.7, 0.67), 0.7),
        wall=material("wall", wall, 0.95),
        skirting=material("skirting", (0.75, 0.74, 0.71), 0.9),
        floor=_planks(floor),
    )


def material(name: str, colour: tuple[float, ...], roughness: float) -> bpy.types.Material:
    """A plain opaque material; linear colour. A roughness of 0.85 or more means no gloss, which is faster."""
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


def _planks(colour: tuple[float, float, float]) -> bpy.types.Material:
    made = material("floor", colour, 0.9)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    bricks = nodes.new("ShaderNodeTexBrick")
    bricks.inputs["Scale"].default_value = 1.0
    bricks.inputs["Brick Width"].default_value = 1.4
    bricks.inputs["Row Height"].default_value = 0.16
    bricks.inputs["Mortar Size"].default_value = 0.004
    bricks.inputs["Color1"].default_value = (*colour, 1)
    bricks.inputs["Color2"].default_value = (*(0.72 * part for part in colour), 1)
    bricks.inputs["Mortar"].default_value = (*(0.3 * part for part in colour), 1)
    coordinates = nodes.new("ShaderNodeTexCoord")
    links.new(coordinates.outputs["Object"], bricks.inputs["Vector"])
    links.new(bricks.outputs["Color"], nodes["Diffuse BSDF"].inputs["Color"])
    return made
