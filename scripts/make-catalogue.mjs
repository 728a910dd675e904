// Makes edge/science/catalogue-deep-sky.data.ts and catalogue-stars.data.ts from the data files of d3-celestial 0.7.35.
// Run it by hand when the source or a correction below changes; see docs/sources/catalogue.md for origin and licence.
//
//   npm pack d3-celestial@0.7.35 && tar xzf d3-celestial-0.7.35.tgz
//   node scripts/make-catalogue.mjs package/data

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Constellation } from 'astronomy-engine'
import {
  added,
  alsoCalled,
  commonNames,
  corrected,
  droppedNames,
  kinds,
  knownAs,
  messierKinds,
  motions,
  withheld,
} from './catalogue-corrections.data.mjs'

const folder = process.argv[2]
if (!folder) {
  console.error('make-catalogue: name the data folder of d3-celestial, e.g. package/data')
  process.exit(2)
}
const read = name => JSON.parse(readFileSync(join(folder, name), 'utf8'))

// Right ascension and declination, J2000, as they are commonly published, in the form "hh mm ss ±dd mm ss".
function position(text) {
  const [h, m, s, d, am, as] = text.split(' ')
  const sign = d.startsWith('-') ? -1 : 1
  return [
    (Number(h) + Number(m) / 60 + Number(s) / 3600) * 15,
    sign * (Math.abs(Number(d)) + Number(am) / 60 + Number(as) / 3600),
  ]
}

const tidy = text => text.replace(/[´’`]/g, "'").trim()
const round = (value, digits) => String(Number(value.toFixed(digits)))
const magnitude = value =>
  value === '' || Number.isNaN(Number(value)) || Number(value) > 90 ? '' : round(Number(value), 1)
function majorAxis(value) {
  const size = Number.parseFloat(String(value))
  return size >= 0.05 ? round(size, size < 10 ? 1 : 0) : ''
}
function row(id, kind, [lon, dec], mag, size, also, names) {
  const ra = (lon + 360) % 360
  const constellation = Constellation(ra / 15, dec).symbol
  return [id, kind, round(ra, 4), round(dec, 4), constellation, mag, size, also.join(';'), names.join(';')].join('\t')
}

function deepSky() {
  const source = new Map(read('dsos.20.json').features.map(feature => [feature.id, feature]))
  const sourceNames = read('dsonames.json')
  const namesOf = (id, ...ids) => {
    const names = [...(commonNames[id] ?? [])]
    for (const other of [id, ...ids]) if (sourceNames[other]?.name) names.push(tidy(sourceNames[other].name))
    const seen = new Set()
    return names.filter(name => {
      const key = name.toLowerCase().replace(/^the /, '')
      return !droppedNames.has(`${id}: ${name}`) && !seen.has(key) && seen.add(key)
    })
  }
  const lines = text =>
    text
      .trim()
      .split('\n')
      .map(line => line.split('|'))
  const fixes = new Map(lines(corrected).map(([id, ...rest]) => [id, rest]))
  const used = new Set()
  const rows = []

  for (const feature of read('messier.json').features) {
    const { desig, alt, type, mag, dim } = feature.properties
    const id = feature.id.replace('M', 'M ')
    const listed = desig.replace(/\/.*/, '')
    const also = alsoCalled[id] ?? (/^(NGC|IC) \d+$/.test(listed) ? [listed] : [])
    for (const other of [id, ...also]) used.add(other)
    const finer = source.get(id) ?? source.get(listed)
    const fix = fixes.get(id)
    const at = fix
      ? position(fix[0])
      : id === 'M 24'
        ? feature.geometry.coordinates
        : (finer ?? feature).geometry.coordinates
    const kind = fix ? fix[1] : (messierKinds[id] ?? kinds[type])
    const names = namesOf(id, ...also)
    const own = tidy(alt)
    if (own && !names.some(name => name.toLowerCase().includes(own.toLowerCase()))) names.push(own)
    rows.push(
      row(id, kind, at, fix ? fix[2] : magnitude(mag), fix ? fix[3] : majorAxis(dim), also, id === 'M 73' ? [] : names),
    )
  }
  for (const line of lines(added)) {
    used.add(line[0])
    for (const other of alsoCalled[line[0]] ?? []) used.add(other)
    rows.push(row(line[0], line[2], position(line[1]), line[3], line[4], alsoCalled[line[0]] ?? [], namesOf(line[0])))
  }
  for (const feature of source.values()) {
    const sourceId = feature.id
    const wanted = /^(NGC|IC|Sh2|B|Cr|VdB|C) \d+$/.test(sourceId) || sourceNames[sourceId]?.name
    if (!wanted || used.has(sourceId) || withheld.has(sourceId)) continue
    const id = knownAs[sourceId] ?? sourceId
    const also = [...(id !== sourceId && /^(NGC|IC|PGC)/.test(sourceId) ? [sourceId] : []), ...(alsoCalled[id] ?? [])]
    const { type, mag, dim } = feature.properties
    const fix = fixes.get(id)
    const kind = fix ? fix[1] : kinds[type]
    if (!kind) throw new Error(`${id} is of a kind this script does not know: ${type}`)
    // The source keeps the opacity class of dark nebulae in the field of the magnitude.
    const bright = kind === 'dn' ? '' : magnitude(mag)
    const at = fix ? position(fix[0]) : feature.geometry.coordinates
    const names = namesOf(id, sourceId, ...also)
    rows.push(row(id, kind, at, fix ? fix[2] : bright, fix ? fix[3] : majorAxis(dim), also, names))
  }
  const order = ['M', 'NGC', 'IC', 'Sh2', 'B', 'Cr', 'Mel', 'VdB']
  const place = line => {
    const [prefix, number] = line.split('\t', 1)[0].split(' ')
    const rank = order.indexOf(prefix)
    return (rank < 0 ? order.length : rank) * 1e8 + (Number.parseInt(number ?? '0', 10) || 0)
  }
  return rows.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
}

function stars() {
  const named = read('starnames.json')
  const moving = new Map(
    motions
      .trim()
      .split('\n')
      .map(line => line.split(' '))
      .map(([hip, ra, dec]) => [hip, [ra, dec]]),
  )
  const rows = []
  const seen = new Set()
  for (const file of ['stars.6.json', 'stars.14.json']) {
    for (const feature of read(file).features) {
      const hip = String(feature.id)
      const words = named[hip] ?? {}
      const mag = Number(feature.properties.mag)
      if (seen.has(hip) || !(mag <= 5 || words.name || moving.has(hip))) continue
      seen.add(hip)
      const [lon, dec] = feature.geometry.coordinates
      const ra = (lon + 360) % 360
      const constellation = words.c || Constellation(ra / 15, dec).symbol
      const hd = (words.hd ?? '').replace(/^HD\s*/, '')
      const motion = moving.get(hip) ?? ['', '']
      rows.push([
        hip,
        round(ra, 4),
        round(dec, 4),
        constellation,
        round(mag, 1),
        words.bayer ?? '',
        words.flam ?? '',
        hd,
        tidy(words.name ?? ''),
        ...motion,
      ])
    }
  }
  for (const hip of moving.keys()) if (!seen.has(hip)) throw new Error(`HIP ${hip} has a proper motion and no place`)
  return rows
    .sort((a, b) => Number(a[4]) - Number(b[4]) || Number(a[0]) - Number(b[0]))
    .map(line => line.join('\t').trimEnd())
}

// The source says "Crux" and "Coronae Austrini" where astronomers say these.
const genitives = { Cru: 'Crucis', CrA: 'Coronae Australis' }
function constellations() {
  const rows = new Map()
  for (const { id, properties } of read('constellations.json').features) {
    const name = id === 'Ser' ? 'Serpens' : properties.name
    rows.set(id, [id, name, genitives[id] ?? properties.gen].join('\t'))
  }
  return [...rows.values()]
}

const origin = [
  'Made by scripts/make-catalogue.mjs from d3-celestial 0.7.35, Copyright (c) 2015, Olaf Frohn, all rights reserved,',
  'under the\n// BSD 3-Clause licence, whose conditions and disclaimer are kept in docs/sources/catalogue.md.',
  'Corrections: the same page.',
].join(' ')
const head = (what, ...columns) => `// ${what}\n// ${origin}\n// Columns, split by tabs: ${columns.join('\n// ')}\n`
const table = (name, rows) => {
  const text = rows.join('\n')
  if (/[`\\]|\$\{/.test(text)) throw new Error(`${name} holds a character that ends or changes a template string`)
  return `export const ${name} = \`${text}\`\n`
}

const sky = deepSky()
const starRows = stars()
const places = constellations()
const skyHead = head(
  'Messier, NGC, IC and other deep-sky objects.',
  'designation, kind, RA and dec J2000 in degrees, constellation,',
  'magnitude, greatest extent in arcmin, further designations (;), names (;). Empty: not known.',
)
writeFileSync('edge/science/catalogue-deep-sky.data.ts', `${skyHead}${table('deepSkyRows', sky)}`)
const motion = 'proper motion in RA·cos dec and dec in mas per year. Empty: not known.'
const starHead = head(
  'Stars down to magnitude 5 and every fainter one with a name; the constellations.',
  'Hipparcos number, RA and dec J2000 in degrees (epoch 2000), constellation,',
  `magnitude, Bayer letter, Flamsteed number, HD number, name, ${motion}`,
)
writeFileSync(
  'edge/science/catalogue-stars.data.ts',
  `${starHead}${table('starRows', starRows)}
// Columns: abbreviation, name, genitive.
${table('constellationRows', places)}`,
)
console.log(`${sky.length} deep-sky objects, ${starRows.length} stars, ${places.length} constellations`)
