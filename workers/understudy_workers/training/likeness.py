"""How alike two pictures are: PSNR, SSIM and GMSD over the mouth, each weighted by a mask."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


def psnr(truth: Rgb, got: Rgb, weight: Floats) -> float:
    """Peak signal-to-noise ratio in dB of pictures [n, h, w, 3], over all pixels by `weight` [h, w]; 99 when equal."""
    squares = ((truth.astype(np.float32) - got) ** 2).mean(axis=(0, 3))
    error = float((squares * weight).sum() / weight.sum())
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(truth: Rgb, got: Rgb, weight: Floats) -> float:
    """Mean structural similarity of the pictures' luma (Wang et al. 2004: Gaussian of deviation 1.5, L = 255)."""
    return float(np.mean([_ssim(_luma(a), _luma(b), weight) for a, b in zip(truth, got, strict=True)]))


def _ssim(a: Floats, b: Floats, weight: Floats) -> float:
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    var_a, var_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    both = _blur(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    values = top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float((values * weight).sum() / weight.sum())


def gmsd(truth: Rgb, got: Rgb, weight: Floats) -> float:
    """Mean gradient magnitude similarity deviation (Xue et al. 2014, Prewitt, T = 170, full size); lower is better."""
    return float(np.mean([_gmsd(_luma(a), _luma(b), weight) for a, b in zip(truth, got, strict=True)]))


def _gmsd(a: Floats, b: Floats, weight: Floats) -> float:
    slope_a, slope_b = _slope(a), _slope(b)
    alike = (2 * slope_a * slope_b + 170.0) / (slope_a**2 + slope_b**2 + 170.0)
    mean = (alike * weight).sum() / weight.sum()
    return float(np.sqrt((((alike - mean) ** 2) * weight).sum() / weight.sum()))


def _slope(picture: Floats) -> Floats:
    kernel = np.array([[1, 0, -1]] * 3) / 3.0
    across, down = (cv2.filter2D(picture, cv2.CV_64F, k) for k in (kernel, kernel.T))
    return np.asarray(np.hypot(across, down))


def _luma(picture: Rgb) -> Floats:
    return np.asarray(picture @ np.array([0.299, 0.587, 0.114]))


def _blur(picture: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (11, 11), 1.5))
