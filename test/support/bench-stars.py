# What sep and photutils make of stars, as one line of JSON. Tasks:
#   sep FILE…                 objects above 5 sigma with half-light radii; CPU seconds a frame, reading included
#   photutils FILE STARS PX   median half-light diameter and fitted FWHM of the stars at [[x, y], …] in the file STARS,
#                             about PX wide
#   agree FILE STARS          light and fitted FWHM of the stars [[x, y, FWHM, flux], …], as shares of what was said
#   compare FILE FILE MARGIN  agreement of two stacks of one field: sky and scale evened out, differences in units of noise
import json
import sys
import time

import numpy as np
from astropy.io import fits


def plane(file):
    data = fits.getdata(file).astype(np.float32)
    return data if data.ndim == 2 else data[0]


def sep_stars(files):
    import sep

    counts, radii = [], []
    start = time.process_time()
    for file in files:
        data = plane(file)
        background = sep.Background(data)
        background.subfrom(data)
        objects = sep.extract(data, 5.0, err=background.globalrms)
        radius, _ = sep.flux_radius(data, objects["x"], objects["y"], 6.0 * objects["a"], 0.5, normflux=objects["flux"])
        counts.append(len(objects))
        radii.append(float(2 * np.median(radius)))
    took = time.process_time() - start
    return {"cpuSeconds": took / len(files), "stars": float(np.median(counts)), "medianHfdPx": float(np.median(radii))}


def photutils_stars(file, stars, width):
    from astropy.modeling import fitting, models
    from astropy.stats import sigma_clipped_stats
    from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry

    data = plane(file).astype(float)
    fitter = fitting.LevMarLSQFitter()
    half, widths, diameters = int(np.ceil(max(20, 8 * float(width)))), [], []
    for x, y in json.load(open(stars)):
        i, j = int(round(x)), int(round(y))
        if min(i, j) < half or j + half >= data.shape[0] or i + half >= data.shape[1]:
            continue
        cut = data[j - half : j + half + 1, i - half : i + half + 1]
        rim = CircularAnnulus((x - i + half, y - j + half), 0.75 * half, half).to_mask(method="center")
        _, sky, _ = sigma_clipped_stats(rim.get_values(cut), sigma=2.5)
        cut = cut - sky
        rows, columns = np.mgrid[: cut.shape[0], : cut.shape[1]]
        start = models.Moffat2D(cut.max(), x - i + half, y - j + half, gamma=3, alpha=2.5)
        fit = fitter(start, columns, rows, cut)
        centre = (fit.x_0.value, fit.y_0.value)
        radii = np.arange(0.25, 0.75 * half, 0.25)
        sums = [CircularAperture(centre, r) for r in radii]
        grown = np.array([float(aperture_photometry(cut, one)["aperture_sum"][0]) for one in sums])
        total = grown[-1]
        diameters.append(2 * float(np.interp(total / 2, grown[: grown.argmax() + 1], radii[: grown.argmax() + 1])))
        widths.append(float(fit.fwhm))
    return {"stars": len(widths), "fwhmPx": float(np.median(widths)), "hfdPx": float(np.median(diameters))}


def agree(file, stars):
    from astropy.modeling import fitting, models
    from astropy.stats import sigma_clipped_stats
    from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry

    data = plane(file).astype(float)
    fitter = fitting.LevMarLSQFitter()
    fluxes, widths, gaussians = [], [], []
    for x, y, fwhm, flux in json.load(open(stars)):
        half = int(np.ceil(8 * fwhm))
        i, j = int(round(x)), int(round(y))
        cut = data[j - half : j + half + 1, i - half : i + half + 1]
        if cut.shape != (2 * half + 1, 2 * half + 1):
            continue
        at = (x - i + half, y - j + half)
        ring = CircularAnnulus(at, 4 * fwhm, 7 * fwhm).to_mask(method="center")
        # The mean: samples are whole numbers and their noise is one or two, so that a median would be a whole number too.
        sky, _, _ = sigma_clipped_stats(ring.get_values(cut), sigma=2.5)
        light = aperture_photometry(cut - sky, CircularAperture(at, 3 * fwhm))["aperture_sum"][0]
        near = int(np.ceil(2 * fwhm))
        core = cut[half - near : half + near + 1, half - near : half + near + 1] - sky
        rows, columns = np.mgrid[: core.shape[0], : core.shape[1]]
        start = models.Moffat2D(core.max(), at[0] - half + near, at[1] - half + near, fwhm, 2.5)
        fit = fitter(start, columns, rows, core)
        fluxes.append(flux / float(light))
        widths.append(fwhm / float(fit.fwhm))
        start = models.Gaussian2D(core.max(), at[0] - half + near, at[1] - half + near, fwhm / 2.355, fwhm / 2.355)
        fit = fitter(start, columns, rows, core)
        gaussians.append(fwhm / (2.354820045 * float(np.sqrt(abs(fit.x_stddev.value * fit.y_stddev.value)))))
    return {"flux": fluxes, "fwhm": widths, "gaussian": gaussians}


def compare(first, second, margin):
    from astropy.stats import sigma_clip, sigma_clipped_stats

    ours, theirs = plane(first), plane(second)
    cut = slice(int(margin), -int(margin))
    ours, theirs = ours[cut, cut].astype(float), theirs[cut, cut].astype(float)
    good = np.isfinite(ours) & np.isfinite(theirs)
    _, sky_a, noise_a = sigma_clipped_stats(ours[good])
    _, sky_b, noise_b = sigma_clipped_stats(theirs[good])
    a, b = ours - sky_a, theirs - sky_b
    # One scale for both, from light well above the noise.
    bright = good & (a > 20 * noise_a) & (a < np.quantile(a[good], 0.9999))
    scale = float(np.median(a[bright] / b[bright]))
    difference = a - b * scale
    sky = good & (a < 5 * noise_a) & (a > -5 * noise_a)
    clipped = sigma_clip(difference[sky], 5)
    return {
        "scale": scale,
        "noiseOurs": float(noise_a),
        "noiseTheirs": float(noise_b * scale),
        "difference": float(np.ma.std(clipped)),
        "perNoise": float(np.ma.std(clipped) / noise_a),
        "brightPercent": float(100 * np.median(np.abs(difference[bright]) / a[bright])) if bright.any() else None,
    }


tasks = {
    "sep": lambda files: sep_stars(files),
    "photutils": lambda args: photutils_stars(*args),
    "agree": lambda args: agree(*args),
    "compare": lambda args: compare(*args),
}
print(json.dumps(tasks[sys.argv[1]](sys.argv[2:])))
