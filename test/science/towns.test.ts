// The list of towns: found as people type them, each where it is.
import t from 'tap'
import { towns } from '../../edge/science/towns.data.js'
import { townSearch } from '../../edge/science/towns.js'

const searchTowns = townSearch()
const first = async (text: string) => {
  const [town] = await searchTowns(text, 1)
  return town && `${town.name}, ${town.country}`
}

t.test('accents, other letters, other names', async t => {
  for (const text of ['Zürich', 'zurich', 'ZUERICH', 'Züri', 'zurich, ch'])
    t.equal(await first(text), 'Zürich, CH', text)
  t.equal(await first('tromso'), 'Tromsø, NO')
  t.equal(await first('tromsoe'), 'Tromsø, NO')
  t.equal(await first('lodz'), 'Łódź, PL')
  t.equal(await first('praha'), 'Prague, CZ')
  t.equal(await first('Antofagasta'), 'Antofagasta, CL')
  t.equal(await first("L'Aquila"), "L'Aquila, IT")
  t.equal(await first('angeles'), 'Angeles City, PH', 'the beginning of a name goes before a later word')
  t.ok((await searchTowns('angeles')).some(({ name }) => name === 'Los Angeles'))
})

t.test('towns of one name: the largest first, or of the country named', async t => {
  t.equal(await first('rome'), 'Rome, IT')
  t.equal(await first('rome, us'), 'Rome, US')
  t.equal((await searchTowns('san', 5)).length, 5)
})

t.test('too little, and nothing', async t => {
  t.same(await searchTowns(''), [])
  t.same(await searchTowns('z'), [])
  t.same(await searchTowns('qqqqq'), [])
  t.same(await searchTowns('48.85, 2.35'), [])
})

t.test('every row is whole', async t => {
  const lines = towns.trim().split('\n')
  t.ok(lines.length > 30_000, `${lines.length} towns`)
  const broken = lines.filter(line => {
    const [name, country, latitude, longitude, height] = line.split('|')
    const number = (text: string, most: number) => text !== '' && Math.abs(Number(text)) <= most
    return !(
      name &&
      /^[A-Z]{2}$/.test(country) &&
      number(latitude, 90) &&
      number(longitude, 180) &&
      Number(height) < 6000
    )
  })
  t.same(broken, [])
})
