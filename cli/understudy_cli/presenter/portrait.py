"""The presenter as a whole: sculpted, painted and lit once, then drawn for any moment."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np

from .eyes import eye_row, lashes
from .field import Array, tabulate
from .flow import basis, lower_jaw
from .hair import Hair, build_hair
from .lips import lip_curves, pose_lips
from .look import Look
from .mesh import face_normals
from .moment import Moment
from .mouth import pose_tongue
from .paint import cast_hair, paint_skin
from .raster import (
    Bytes,
    Canvas,
    blank_canvas,
    draw_faces,
    draw_strands,
    mark_strands,
    project,
    shrink,
    turn_matrix,
    turn_points,
)
from .scene import Part, Scene, build_scene
from .shading import Mood, Paint, shade
from .studio import paint_studio
from .tailor import paint_cloth

FRAME_CM, CAMERA_CM, AIM_Y, FOCUS_Z = 36.0, 95.0, -3.6, 8.0
PIVOT = np.array([0.0, -9.5, -2.0], np.float32)
SUPERSAMPLING = 2
BREATH_CM = 0.07
# Poses at the ends and in the middle of ordinary talk: (yaw, pitch) in radians.
_TALK = ((0.0, 0.0), (-0.06, 0.03), (0.06, -0.03), (-0.11, -0.03), (0.11, 0.03))


class Portrait:
    """Draws one presenter at `size` x `size` pixels. Building takes some seconds; drawing is deterministic."""

    def __init__(self, look: Look, size: int = 512, seed: int = 1) -> None:
        self.look, self.size = look, size
        self._samples = size * SUPERSAMPLING
        table = tabulate(look.head)
        detail = min(1.0, max(0.45, size / 512))  # what a small picture cannot show is not built
        self._hair = build_hair(look.hair, table, seed, detail**1.5)
        texture = paint_skin(look, seed)
        cast_hair(texture, self._hair, table)
        eye, ball = look.eyes, np.array([look.eyes.radius, look.eyes.iris_radius, *look.eyes.iris], np.float32)
        self._paint = Paint(texture, paint_cloth(look, seed), np.array(look.lips, np.float32), eye_row(eye), ball)
        self._backdrop = paint_studio(look, self._samples, seed)
        self._scene: Scene = build_scene(look, table, detail)
        self._prepare_poses()
        self._thin_hair()

    def _prepare_poses(self) -> None:
        """Displacement fields for what moves, and normals at rest to measure change against."""
        head, lips = self._scene.parts["head"].mesh, self._scene.lips
        self._moving = np.flatnonzero((head.points[:, 2] > -1.0) & (head.points[:, 1] > -15.5)).astype(np.int64)
        self._head_basis = basis(head.points[self._moving], self.look.mouth)
        self._lip_basis = basis(lips.mesh.points, self.look.mouth)
        self._head_rest = face_normals(head.points, head.faces)
        self._lip_rest = pose_lips(lips, Moment().mouth, self._lip_basis[0] * 0)[1]

    def draw(self, moment: Moment) -> Bytes:
        """The frame [size, size, 3] RGB."""
        canvas, vertices = self._rasterise(moment)
        mood = Mood(np.array(moment.lids, np.float32), np.array(moment.gaze, np.float32), self._mouth_light(moment))
        scene = self._scene
        image = shade(canvas, self._backdrop, vertices, scene.faces, scene.materials, self._paint, mood)
        screen, widths = self._place_hair(moment)
        draw_strands(image, canvas.depth, screen, self._hair.colours, self._hair.lengths, widths)
        frame: Bytes = shrink(image, SUPERSAMPLING)
        return frame

    def _rasterise(self, moment: Moment) -> tuple[Canvas, Array]:
        """What is seen at each sample, and the vertices as `shading.shade` wants them."""
        scene = self._scene
        points, normals = self._pose(moment)
        turned, turned_normals = self._turn(points, scene.grip, moment), self._spin(normals, scene.grip, moment)
        facing = np.ascontiguousarray(turned_normals[:, 2])
        lash = scene.parts["lashes"]
        facing[lash.start : lash.end] = 1
        vertices = scene.vertices.copy()
        vertices[:, 0:3], vertices[:, 3:6] = turned_normals, points
        canvas = blank_canvas(self._samples)
        lids = np.array(moment.lids, np.float32)
        draw_faces(canvas, self._project(turned), facing, scene.faces, scene.materials, vertices, self._paint.eye, lids)
        return canvas, vertices

    def _pose(self, moment: Moment) -> tuple[Array, Array]:
        """All vertices and normals in the head's own frame."""
        parts = self._scene.parts
        points, normals = self._scene.vertices[:, 3:6].copy(), self._scene.vertices[:, 0:3].copy()
        weights = np.array([*astuple(moment.mouth), *moment.brows], np.float32)
        head = parts["head"]
        points[self._moving] += np.tensordot(weights, self._head_basis, 1)
        change = face_normals(points[head.start : head.end], head.mesh.faces) - self._head_rest
        normals[head.start : head.end] += change
        _put(parts["lips"], points, normals, self._pose_lips(moment, weights))
        lower, tongue, jaw = parts["lower"].mesh, parts["tongue"].mesh, moment.mouth.jaw
        _put(parts["lower"], points, normals, (lower_jaw(lower.points, jaw), lower.normals))
        blade = lower_jaw(pose_tongue(tongue, moment.mouth), jaw)
        top = face_normals(blade, tongue.faces)
        _put(parts["tongue"], points, normals, (blade, top * np.sign(top[:, 1:2] + np.float32(1e-6))))
        _put(parts["lashes"], points, normals, lashes(self.look.eyes, moment.lids))
        cavity, torso = parts["cavity"], parts["torso"]
        sink = np.clip(self.look.mouth.centre[1] - cavity.mesh.points[:, 1], 0, 1) * np.float32(jaw * 1.1)
        points[cavity.start : cavity.end, 1] -= sink
        points[torso.start : torso.end, 1] += moment.breath * BREATH_CM
        return points, normals

    def _pose_lips(self, moment: Moment, weights: Array) -> tuple[Array, Array]:
        lips = self._scene.lips
        points, normals = pose_lips(lips, moment.mouth, np.tensordot(weights, self._lip_basis, 1))
        # Far from the red the sculpture's own normals rule; what the pose changes is added to them.
        trust = lips.trust[:, None]
        smooth = lips.surface_normals + (normals - self._lip_rest)
        return points, (normals * (1 - trust) + smooth * trust).astype(np.float32)

    def _mouth_light(self, moment: Moment) -> Array:
        """How far the lips part and where their edges are, for the light that falls between them."""
        edges = lip_curves(self.look.mouth, moment.mouth, np.array([np.pi / 2, -np.pi / 2])).edge[:, 1]
        upper, lower = (float(edge) + self.look.mouth.centre[1] for edge in edges)
        light = np.clip((upper - lower) / 1.3, 0, 1) * (1 - 0.55 * max(0.0, moment.mouth.round))  # pursed lips shade it
        return np.array([light, upper, lower, self._scene.lips.front], np.float32)

    def _thin_hair(self) -> None:
        """Leave out the strands that no pose of ordinary talk ever shows."""
        hair = self._hair
        seen = np.zeros(len(hair.lengths), np.uint8)
        for yaw, pitch in _TALK:
            moment = Moment(turn=(yaw, pitch, 0.0))
            canvas, _ = self._rasterise(moment)
            screen, widths = self._place_hair(moment)
            mark_strands(seen, canvas.depth, screen, hair.lengths, widths)
        keep = seen > 0
        knots = np.repeat(keep, hair.lengths)
        self._hair = Hair(
            hair.points[knots], hair.lengths[keep], hair.colours[knots], hair.widths[knots], hair.grip[knots]
        )

    def _place_hair(self, moment: Moment) -> tuple[Array, Array]:
        """Screen positions and widths in samples of all knots."""
        knots = self._turn(self._hair.points, self._hair.grip, moment)
        return self._project(knots), self._hair.widths * np.float32(self._samples / FRAME_CM)

    def _turn(self, points: Array, grip: Array, moment: Moment) -> Array:
        shift = np.array([*moment.shift, 0.0], np.float32)
        turned: Array = turn_points(points, grip, turn_matrix(*moment.turn), PIVOT, shift)
        return turned

    def _spin(self, normals: Array, grip: Array, moment: Moment) -> Array:
        spun: Array = turn_points(normals, grip, turn_matrix(*moment.turn), PIVOT * 0, PIVOT * 0)
        return spun

    def _project(self, points: Array) -> Array:
        screen: Array = project(points, float(self._samples), FRAME_CM, CAMERA_CM, FOCUS_Z, AIM_Y)
        return screen


def _put(part: Part, points: Array, normals: Array, values: tuple[Array, Array]) -> None:
    points[part.start : part.end], normals[part.start : part.end] = values
