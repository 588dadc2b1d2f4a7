"""Painted textures and light: in range, repeatable, and with the features where the sculpture has them."""

import numpy as np
import pytest

from understudy_cli.presenter.brush import grid, mix, noise, spot
from understudy_cli.presenter.cast import ADA, BEN
from understudy_cli.presenter.light import KEY, display, light_surface, tone
from understudy_cli.presenter.paint import SKIN_SIZE, paint_skin
from understudy_cli.presenter.shading import SKIN_LEFT, SKIN_SCALE, SKIN_TOP
from understudy_cli.presenter.studio import paint_studio
from understudy_cli.presenter.tailor import CLOTH_SIZE, paint_cloth


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
    return paint_skin(BEN, 1)


def patch(skin: np.ndarray, x: float, y: float) -> np.ndarray:
    """Mean colour of 0.4 cm around (x, y) on the face."""
    column, row = int((x - SKIN_LEFT) * SKIN_SCALE), int((SKIN_TOP - y) * SKIN_SCALE)
    return skin[row - 8 : row + 8, column - 8 : column + 8, :3].mean((0, 1))


def test_skin_is_warm_and_within_range(skin):
    assert skin.shape == (SKIN_SIZE[1], SKIN_SIZE[0], 4)
    assert skin.dtype == np.float32
    assert skin.min() >= 0
    assert skin.max() < 1.6
    r, g, b = patch(skin, 3.5, -3.0)
    assert r > g > b


@pytest.mark.parametrize("side", [-1, 1])
def test_brows_and_stubble_are_darker_than_the_forehead(skin, side):
    forehead = patch(skin, 0, 4.0).mean()
    assert patch(skin, side * 3.0, BEN.brow_height + 0.15).mean() < 0.5 * forehead
    assert patch(skin, side * 3.0, -8.5).mean() < 0.85 * forehead


def test_equal_seeds_paint_equal_skin(skin):
    assert (paint_skin(BEN, 1) == skin).all()
    assert (paint_skin(BEN, 2) != skin).any()


@pytest.mark.parametrize("look", [ADA, BEN], ids=["ada", "ben"])
def test_a_shirt_shows_between_the_lapels(look):
    cloth = paint_cloth(look, 1)
    assert cloth.shape == (CLOTH_SIZE[1], CLOTH_SIZE[0], 4)
    middle, sleeve = cloth[200, 480, :3].mean(), cloth[300, 150, :3].mean()
    assert middle > 4 * sleeve
    assert 0 <= cloth[..., 3].min() < 0.8 < cloth[..., 3].max() <= 1


@pytest.mark.parametrize("size", [64, 128])
def test_the_studio_is_soft(size):
    wall = paint_studio(ADA, size, 1)
    assert wall.shape == (size, size, 3)
    assert 0 <= wall.min() < wall.max() <= 1
    assert np.abs(np.diff(wall, axis=1)).mean() < 0.02


def test_tone_matches_display_and_never_falls():
    light = np.linspace(0, 3.9, 500, dtype=np.float32)
    shown = np.array([tone(float(v)) for v in light])
    assert shown == pytest.approx(display(light), abs=2e-3)
    assert (np.diff(shown) >= 0).all()
    assert tone(-1.0) == 0
    assert tone(99.0) <= 1


def lit(normal: tuple[float, float, float], key: float = 1.0, wrap: float = 0.0, ambient: float = 1.0) -> np.ndarray:
    pixel, n = np.zeros(3, np.float32), np.array(normal, np.float32)
    n /= np.linalg.norm(n)
    base = np.full(4, 0.5, np.float32)
    light_surface(pixel, n, base, ambient, key, np.full(3, wrap, np.float32), 0.3, 0.4)
    return pixel


def test_what_faces_the_key_is_brightest():
    assert lit(tuple(KEY)).mean() > lit((0, 0, 1)).mean() > lit((0.6, -0.6, 0.5)).mean()


def test_shadow_and_closeness_darken():
    assert lit((0, 0, 1), key=0.0).mean() < lit((0, 0, 1)).mean() - 0.1
    assert lit((0, 0, 1), key=0.0, ambient=0.2).mean() < lit((0, 0, 1), key=0.0).mean() - 0.05


def test_translucent_surfaces_glow_past_the_terminator():
    away = tuple(-KEY + np.array([0, 0, 0.9], np.float32))
    assert lit(away, wrap=0.5).mean() > lit(away, wrap=0.0).mean()


def test_brushes():
    x, y = grid((5, 3), -1.0, 2.0, 2.0)
    assert (x[0].tolist(), y[:, 0].tolist()) == ([-1, -0.5, 0, 0.5, 1], [2, 1.5, 1])
    assert spot(x, y, 0.5, 1.5, 1, 1)[1, [1, 3]] == pytest.approx([1, 1])
    image = np.zeros((1, 2, 3), np.float32)
    mix(image, (1, 0.5, 0), np.array([[0.0, 0.5]], np.float32))
    assert image[0].tolist() == [[0, 0, 0], [0.5, 0.25, 0]]
    field = noise((64, 64), 2.0, np.random.default_rng(0))
    assert field.std() == pytest.approx(1, abs=1e-4)
