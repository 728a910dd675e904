"""Makes the numbers pasted into sky.test.ts. Run by hand: python3 test/science/sky-reference.py

astropy's own IERS-B table is used, nothing is fetched; dates beyond it take UT1-UTC as 0, as Pierside does.
Apparent places are astropy's TETE (true equator and equinox, with aberration); alt-az without refraction.
"""
import json
import sys

import astropy
import astropy.units as u
import numpy
from astropy.coordinates import (AltAz, EarthLocation, SkyCoord, TETE, angular_separation, get_body, get_sun)
from astropy.time import Time
from astropy.utils import iers

iers.conf.auto_download = False
iers.conf.iers_degraded_accuracy = 'warn'

sites = {'Bavaria': (48.137, 11.575, 520.0), 'Chile': (-30.2407, -70.7366, 2200.0), 'Tromso': (69.65, 18.96, 60.0)}
targets = {'M42': (83.8221, -5.3911), 'Polaris': (37.9545, 89.2641), 'M13': (250.4235, 36.4613), 'LMC': (80.8958, -69.7561), 'Spica': (201.2983, -11.1613)}
times = ['2018-02-03T20:15:00', '2020-09-17T03:40:30', '2022-06-01T23:59:59']
out = {'python': sys.version.split()[0], 'astropy': astropy.__version__, 'numpy': numpy.__version__, 'apparent': [], 'horizon': [], 'bodies': []}
for when in times:
    t = Time(when, scale='utc')
    ms = int(round(t.unix * 1000))
    for site, (lat, lon, height) in sites.items():
        where = EarthLocation.from_geodetic(lon * u.deg, lat * u.deg, height * u.m)
        frame = AltAz(obstime=t, location=where)
        for name, (ra, dec) in targets.items():
            c = SkyCoord(ra * u.deg, dec * u.deg)
            if site == 'Bavaria':
                a = c.transform_to(TETE(obstime=t))
                out['apparent'].append([name, ms, round(a.ra.deg, 6), round(a.dec.deg, 6)])
            h = c.transform_to(frame)
            out['horizon'].append([name, site, ms, round(h.alt.deg, 5), round(h.az.deg, 5)])
        sidereal = t.sidereal_time('apparent', longitude=lon * u.deg).hour
        sun = get_sun(t).transform_to(frame)
        moon = get_body('moon', t, where).transform_to(frame)
        out['bodies'].append([site, ms, round(sidereal, 6), round(sun.alt.deg, 5), round(moon.alt.deg, 5), round(moon.az.deg, 5)])
t = Time('2018-02-03T20:15:00', scale='utc')
sun, moon = get_sun(t), get_body('moon', t)
elongation = sun.separation(moon)
phase = numpy.arctan2(sun.distance * numpy.sin(elongation), moon.distance - sun.distance * numpy.cos(elongation))
out['moonLit'] = round(float((1 + numpy.cos(phase)) / 2), 4)
arcturus = SkyCoord(213.9153 * u.deg, 19.1824 * u.deg, pm_ra_cosdec=-1093 * u.mas / u.yr, pm_dec=-2000 * u.mas / u.yr, distance=11.26 * u.pc, obstime=Time('J2000'))
moved = arcturus.apply_space_motion(new_obstime=Time('2026-07-01'))
out['arcturus2026'] = [round(moved.ra.deg, 6), round(moved.dec.deg, 6)]
for key, value in out.items():
    print(key, json.dumps(value))
