// The catalogue that works without a network: well-known objects stand where they should and are found however they are
// typed.
import t from 'tap'
import { catalogueEntry, catalogueList, search } from '../../edge/science/catalogue.js'
import { designationKey, foldWords } from '../../edge/science/catalogue-words.js'
import { constellationOf, parseDec, parseRa, type Site, separationDeg, wandererPlace } from '../../edge/science/sky.js'

const atMs = Date.UTC(2026, 6, 1)
const first = (text: string) => search(text, atMs)[0]
const found = (text: string) => search(text, atMs, 200).map(entry => entry.id)

// Positions as published by NED and SIMBAD, J2000.
const wellKnown: [id: string, ra: string, dec: string, constellation: string][] = [
  ['M 1', '05 34 31.9', '+22 00 52', 'Tau'],
  ['M 13', '16 41 41.2', '+36 27 36', 'Her'],
  ['M 27', '19 59 36.3', '+22 43 16', 'Vul'],
  ['M 31', '00 42 44.3', '+41 16 09', 'And'],
  ['M 33', '01 33 50.9', '+30 39 37', 'Tri'],
  ['M 42', '05 35 17.3', '-05 23 28', 'Ori'],
  ['M 45', '03 47 00', '+24 07 00', 'Tau'],
  ['M 51', '13 29 52.7', '+47 11 43', 'CVn'],
  ['M 57', '18 53 35.1', '+33 01 45', 'Lyr'],
  ['M 81', '09 55 33.2', '+69 03 55', 'UMa'],
  ['M 83', '13 37 00.9', '-29 51 57', 'Hya'],
  ['M 87', '12 30 49.4', '+12 23 28', 'Vir'],
  ['M 98', '12 13 48.3', '+14 54 01', 'Com'],
  ['M 101', '14 03 12.5', '+54 20 56', 'UMa'],
  ['M 102', '15 06 29.5', '+55 45 48', 'Dra'],
  ['M 104', '12 39 59.4', '-11 37 23', 'Vir'],
  ['NGC 104', '00 24 05.4', '-72 04 53', 'Tuc'],
  ['NGC 253', '00 47 33.1', '-25 17 18', 'Scl'],
  ['NGC 869', '02 19 00', '+57 07 42', 'Per'],
  ['NGC 891', '02 22 33.4', '+42 20 57', 'And'],
  ['NGC 4565', '12 36 20.8', '+25 59 16', 'Com'],
  ['NGC 5128', '13 25 27.6', '-43 01 09', 'Cen'],
  ['NGC 5907', '15 15 53.8', '+56 19 44', 'Dra'],
  ['NGC 6543', '17 58 33.4', '+66 37 59', 'Dra'],
  ['NGC 7293', '22 29 38.5', '-20 50 14', 'Aqr'],
  ['NGC 7331', '22 37 04.1', '+34 24 56', 'Peg'],
  ['IC 342', '03 46 48.5', '+68 05 46', 'Cam'],
  ['IC 5146', '21 53 24', '+47 16 00', 'Cyg'],
  ['HIP 91262', '18 36 56.3', '+38 47 01', 'Lyr'],
  ['HIP 11767', '02 31 49.1', '+89 15 51', 'UMi'],
]

t.test('well-known objects stand within 1′ of their published places', async t => {
  for (const [id, ra, dec, constellation] of wellKnown) {
    const entry = catalogueEntry(id, Date.UTC(2000, 0, 1, 12))
    t.ok(entry, id)
    if (!entry) continue
    const gapArcmin = separationDeg(entry, { raHours: parseRa(ra), decDeg: parseDec(dec) }) * 60
    t.ok(gapArcmin < 1, `${id}: ${gapArcmin.toFixed(2)}′`)
    t.equal(entry.constellation, constellation, id)
    t.equal(entry.id, id)
  }
})

t.test('all of Messier is there, and most of NGC and IC', async t => {
  const list = catalogueList()
  const count = (prefix: string) => list.filter(entry => entry.id.startsWith(prefix)).length
  t.equal(count('M '), 110)
  t.same(
    list.slice(0, 110).map(entry => entry.id),
    Array.from({ length: 110 }, (_, index) => `M ${index + 1}`),
    'first and in order',
  )
  t.ok(count('NGC ') > 6600, `${count('NGC ')} of NGC`)
  t.ok(count('IC ') > 3300, `${count('IC ')} of IC`)
})

t.test('every row of the table is a place on the sky, of a known kind, in its constellation', async t => {
  const ids = new Set<string>()
  let wrong = 0
  for (const entry of catalogueList()) {
    const sound =
      entry.type !== undefined &&
      entry.raHours >= 0 &&
      entry.raHours < 24 &&
      Math.abs(entry.decDeg) <= 90 &&
      (entry.magnitude === undefined || (entry.magnitude > -30 && entry.magnitude < 30)) &&
      (entry.sizeArcmin === undefined || (entry.sizeArcmin > 0 && entry.sizeArcmin < 1500)) &&
      entry.name !== '' &&
      /^[A-Z][A-Za-z]{2}$/.test(entry.constellation ?? '') &&
      !ids.has(entry.id)
    ids.add(entry.id)
    if (sound) continue
    wrong++
    t.fail(JSON.stringify(entry))
  }
  t.equal(wrong, 0)
  for (const entry of catalogueList().filter((_, index) => index % 97 === 0))
    t.equal(constellationOf(entry), entry.constellation, entry.id)
})

t.test('every entry is found again by its id', async t => {
  for (const entry of catalogueList()) if (catalogueEntry(entry.id, atMs) !== entry) t.fail(entry.id)
  for (const id of ['moon', 'jupiter', 'HIP 69673']) t.equal(catalogueEntry(id, atMs)?.id, id)
  t.equal(catalogueEntry('NGC 9999', atMs), undefined)
  t.equal(catalogueEntry('', atMs), undefined)
})

t.test('a number is understood however it is spelt', async t => {
  for (const text of [
    'M42',
    'm 42',
    'Messier 42',
    'messier042',
    'M-42',
    'NGC 1976',
    'ngc1976',
    'Orion Nebula',
    'orion nebula ',
  ])
    t.equal(first(text)?.id, 'M 42', text)
  for (const text of ['ngc7000', 'NGC 7000', 'NGC-7000', 'north america', '7000'])
    t.equal(first(text)?.id, 'NGC 7000', text)
  t.equal(first('ic434')?.id, 'IC 434')
  for (const text of ['Sh2-155', 'sh2 155', 'sh 155', 'sharpless 155', 'sh2155', 'cave nebula'])
    t.equal(first(text)?.id, 'Sh2 155', text)
  t.equal(first('barnard 33')?.id, 'B 33')
  t.equal(first('Melotte 20')?.id, 'Cr 39')
  t.equal(first('hip 11767')?.name, 'Polaris')
  t.equal(first('HD 172167')?.name, 'Vega')
  t.equal(designationKey('andromeda'), undefined)
  t.equal(designationKey('Sh 2-101'), 'sh2101')
})

t.test('two numbers of one object lead to it', async t => {
  for (const [text, id] of [
    ['NGC 224', 'M 31'],
    ['NGC 5866', 'M 102'],
    ['NGC 651', 'M 76'],
    ['NGC 5906', 'NGC 5907'],
    ['NGC 3180', 'NGC 3184'],
    ['IC 4703', 'M 16'],
    ['NGC 2239', 'NGC 2244'],
    ['NGC 2372', 'NGC 2371'],
  ])
    t.equal(first(text)?.id, id, text)
})

t.test('a number half typed goes on to the longer ones, the exact one first', async t => {
  const ids = found('ngc 70')
  t.equal(ids[0], 'NGC 70')
  t.ok(ids.includes('NGC 7000') && ids.includes('NGC 7009'))
  t.same(found('42').slice(0, 3), ['M 42', 'NGC 42', 'IC 42'], 'a bare number: Messier, NGC, IC')
})

t.test('names are found whole, by their beginning and by any word of them', async t => {
  t.equal(first('andromeda')?.id, 'M 31')
  t.equal(first('pleiades')?.id, 'M 45')
  t.equal(first('Seven Sisters')?.id, 'M 45')
  t.equal(first('rosette nebula')?.id, 'NGC 2237')
  t.equal(first('horse head nebula')?.id, 'IC 434', 'spaces do not matter')
  t.equal(first('lmc')?.name, 'Large Magellanic Cloud')
  t.equal(first('47 tuc')?.id, 'NGC 104')
  t.equal(first('omega cen')?.id, 'NGC 5139')
  t.equal(first("barnard's star")?.id, 'HIP 87937')
  t.ok(found('veil').includes('NGC 6960') && found('veil').includes('NGC 6992'))
  t.ok(found('crab').includes('M 1'))
  t.same(search('no such thing', atMs), [])
  t.same(search('', atMs), [])
  t.same(search('  .,; ', atMs), [])
})

t.test('stars are found by name, Greek letter and number', async t => {
  for (const text of ['Vega', 'vega', 'α Lyr', 'alpha lyr', 'Alpha Lyrae', '3 Lyr', 'alphalyrae'])
    t.equal(first(text)?.name, 'Vega', text)
  t.equal(first('61 cyg')?.id, 'HIP 104214')
  t.equal(first('alpha cen')?.id, 'HIP 71683', 'the brighter of the two')
  t.equal(first('epsilon boötis')?.name, 'Izar')
  t.equal(foldWords('Boötis’s  «ε»'), 'bootiss epsilon')
  const bright = new Set<string>()
  for (const name of [
    'Sirius',
    'Canopus',
    'Arcturus',
    'Capella',
    'Rigel',
    'Procyon',
    'Achernar',
    'Betelgeuse',
    'Hadar',
    'Altair',
    'Acrux',
    'Aldebaran',
    'Antares',
    'Spica',
    'Pollux',
    'Fomalhaut',
    'Deneb',
    'Mimosa',
    'Regulus',
    'Mizar',
    'Alcor',
    'Albireo',
    'Mirfak',
    'Alpheratz',
    'Dubhe',
  ]) {
    const star = first(name)
    t.equal(star?.type, 'star', name)
    t.equal(star?.name, name)
    bright.add(star?.id as string)
  }
  t.equal(bright.size, 25, 'each its own')
})

t.test('the stars that move have moved', async t => {
  const arcturus = catalogueEntry('HIP 69673', Date.UTC(2026, 6, 1)) as { raHours: number; decDeg: number }
  // astropy 5.2.1, apply_space_motion to 2026-07-01 (sky-reference.py)
  const gapArcsec = separationDeg(arcturus, { raHours: 213.906784 / 15, decDeg: 19.16768 }) * 3600
  t.ok(gapArcsec < 0.5, `${gapArcsec.toFixed(2)}″`)
  const barnard = (year: number) =>
    catalogueEntry('HIP 87937', Date.UTC(year, 0, 1, 12)) as { raHours: number; decDeg: number }
  t.ok(Math.abs(separationDeg(barnard(2000), barnard(2030)) * 3600 - 311) < 2, "Barnard's star: 10.37″ a year")
})

t.test('the Moon and the planets are where they are tonight; the Sun is not offered', async t => {
  const site: Site = { latitudeDeg: 48.1, longitudeDeg: 11.6, elevationMetres: 500 }
  const jupiter = first('jupiter')
  t.match(jupiter, { id: 'jupiter', name: 'Jupiter', type: 'planet' })
  t.ok(separationDeg(jupiter, wandererPlace('jupiter', atMs)) < 1e-9)
  t.equal(jupiter.constellation, constellationOf(jupiter))
  t.ok((jupiter.magnitude as number) < -1.5 && (jupiter.magnitude as number) > -3)
  const [moon] = search('moon', atMs, 1, site)
  t.equal(moon.type, 'moon')
  t.ok(separationDeg(moon, first('moon')) > 0.1, 'the Moon of this site is not that of the centre of the Earth')
  t.ok(search('mars', atMs).some(entry => entry.id === 'mars'))
  t.notOk(search('sun', atMs, 200).some(entry => entry.id === 'sun'))
})

t.test('no more is returned than was asked for, the best first', async t => {
  t.equal(search('nebula', atMs, 7).length, 7)
  t.same(search('nebula', atMs, 0), [])
  const some = search('nebula', atMs, 50)
  t.same(some.slice(0, 10), search('nebula', atMs, 10))
})
