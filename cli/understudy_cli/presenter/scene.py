"""All parts of a presenter in one set of buffers, so that a frame is one rasterising and one shading pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .eyes import eyeballs, lash_mesh
from .field import Array, Table, tabulate
from .light import KEY
from .lips import LipPatch, build_lips, lip_shade
from .look import Look
from .mesh import Faces, Mesh, front_side
from .mouth import build_cavity, build_teeth, build_tongue
from .nets import skin
from .occlusion import bake
from .raster import EYE_SKIN, Bytes
from .shading import CAVITY, CLOTH, EYEBALL, LASH, LIPS, SKIN, TEETH, TONGUE

SKIN_STEP_CM, CLOTH_STEP_CM = 0.17, 0.30
TEETH_BEHIND_LIPS_CM, OVERBITE_CM = 0.55, 0.22


@dataclass(frozen=True)
class Part:
    """A stretch of the scene's vertices, `start` to `end`, and its mesh at rest."""

    start: int
    end: int
    mesh: Mesh


@dataclass(frozen=True)
class Scene:
    """Vertices at rest [n, 12] (normal, place, ambient, key, tint, gloss, texture place), how much each follows the
    head [n], triangles [m, 3] with their materials [m], the named parts, and the lips."""

    vertices: Array
    grip: Array
    faces: Faces
    materials: Bytes
    parts: dict[str, Part]
    lips: LipPatch


def build_scene(look: Look, table: Table, detail: float) -> Scene:
    """Sculpt and light all parts of `look`; `table` is its head, `detail` up to 1 makes triangles smaller."""
    lips = build_lips(look.mouth, table)
    mesh, shade = bake(lips.mesh, table, KEY), lip_shade(lips)
    lips = replace(lips, mesh=replace(mesh, ambient=mesh.ambient * shade, key=mesh.key * shade))
    front = lips.front - TEETH_BEHIND_LIPS_CM
    meshes = {
        "head": (_head(look, table, SKIN_STEP_CM / detail), SKIN),
        "lips": (lips.mesh, LIPS),
        "upper": (build_teeth(look.mouth, front, upper=True), TEETH),
        "lower": (build_teeth(look.mouth, front - OVERBITE_CM, upper=False), TEETH),
        "tongue": (build_tongue(look.mouth, front), TONGUE),
        "cavity": (build_cavity(look.mouth, front), CAVITY),
        "eyes": (eyeballs(look.eyes), EYEBALL),
        "lashes": (lash_mesh(look.eyes), LASH),
        "torso": (_torso(look, CLOTH_STEP_CM / detail), CLOTH),
    }
    return _lay_out(meshes, lips, look)


def _head(look: Look, table: Table, step: float) -> Mesh:
    """Head and neck, without the triangles that the lip patch replaces; the neck follows the head less and less."""
    head = bake(front_side(skin(table, (-9.0, -19.0, -11.0), (9.0, 12.0, 11.0), step)), table, KEY)
    shape = look.mouth
    p = head.points - np.array([*shape.centre, 0], np.float32)
    side, up, down = shape.skin_reach
    reach = np.where(p[:, 1] > 0, shape.upper + up * 0.6, shape.lower + down * 0.6)
    inside = (p[:, 0] / (shape.half_width + side * 0.6)) ** 2 + (p[:, 1] / reach) ** 2 < 1
    inside &= head.points[:, 2] > 2.0
    faces = np.ascontiguousarray(head.faces[~inside[head.faces].all(1)])
    grip = np.clip((head.points[:, 1] + 16.5) / 7.0, 0, 1).astype(np.float32)
    return replace(head, faces=faces, grip=grip)


def _torso(look: Look, step: float) -> Mesh:
    table = tabulate(look.torso)
    torso = bake(front_side(skin(table, (-22.0, -27.0, -12.0), (22.0, -9.5, 6.0), step)), table, KEY)
    return replace(torso, grip=torso.grip * 0)


def _lay_out(meshes: dict[str, tuple[Mesh, int]], lips: LipPatch, look: Look) -> Scene:
    parts: dict[str, Part] = {}
    start = 0
    for name, (mesh, _) in meshes.items():
        parts[name] = Part(start, start + len(mesh.points), mesh)
        start = parts[name].end
    rows = [
        np.column_stack([m.normals, m.points, m.ambient, m.key, m.tint, m.gloss, m.uv]).astype(np.float32)
        for m, _ in meshes.values()
    ]
    faces = [mesh.faces + parts[name].start for name, (mesh, _) in meshes.items()]
    materials = [np.full(len(mesh.faces), material, np.uint8) for mesh, material in meshes.values()]
    scene = Scene(
        np.ascontiguousarray(np.concatenate(rows)),
        np.concatenate([mesh.grip for mesh, _ in meshes.values()]).astype(np.float32),
        np.concatenate(faces).astype(np.int32),
        np.concatenate(materials),
        parts,
        lips,
    )
    return replace(scene, materials=_mark_eyes(scene, look))


def _mark_eyes(scene: Scene, look: Look) -> Bytes:
    """The materials, with skin near the eyes marked as what the lid aperture may cut."""
    x, y, z = look.eyes.centre
    place = scene.vertices[:, 3:6]
    near = (np.abs(np.abs(place[:, 0]) - x) < 2.2) & (np.abs(place[:, 1] - y) < 1.6) & (place[:, 2] > z - 1)
    cut = (scene.materials == SKIN) & near[scene.faces].any(1)
    return np.where(cut, EYE_SKIN, scene.materials).astype(np.uint8)
