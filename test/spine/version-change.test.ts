// The configuration across versions: kept before a newer one, taken back by an older one that does not understand it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { z } from '../../edge/ports/schema.js'
import { parseConfig } from '../../edge/spine/config.js'
import { changeVersion, compareVersions } from '../../edge/spine/version-change.js'

const today = z.strictObject({ site: z.string() })
const tomorrow = z.strictObject({ site: z.string(), moon: z.string().optional() })

function box(t: Test) {
  const folder = t.testdir({ data: {} })
  const [config, data] = [join(folder, 'pierside.yaml'), join(folder, 'data')]
  return {
    data,
    folder,
    read: () => readFileSync(config, 'utf8'),
    write: (text: string) => writeFileSync(config, text),
    starts: (version: string, schema: z.ZodType = today) =>
      changeVersion({ config, data, version, check: async text => parseConfig(text, schema, new Map()) }),
  }
}

t.test('what a newer version wrote and the older one does not know is put aside, and its own comes back', async t => {
  const { starts, write, read, folder } = box(t)
  write('site: here # where I stand\n')
  t.same(await starts('0.9.0'), { from: undefined, configAside: undefined }, 'the first start')
  t.same(await starts('0.9.0'), {})
  t.same(await starts('0.10.0', tomorrow), { from: '0.9.0', configAside: undefined })
  write('site: here\nmoon: full\n')
  const { configAside } = await starts('0.9.0')
  t.equal(configAside, join(folder, 'pierside.yaml.newer-1'))
  t.equal(read(), 'site: here # where I stand\n')
  t.equal(readFileSync(configAside as string, 'utf8'), 'site: here\nmoon: full\n')
  t.same(await starts('0.9.0'), {})
})

t.test('what both understand stays as the owner left it in the newer one', async t => {
  const { starts, write, read } = box(t)
  write('site: here\n')
  await starts('0.1.0')
  await starts('0.2.0', tomorrow)
  write('site: there\n')
  t.same(await starts('0.1.0'), { from: '0.2.0', configAside: undefined })
  t.equal(read(), 'site: there\n')
})

t.test('a mistake of the owner is no affair of versions', async t => {
  const { starts, write, read } = box(t)
  write('site: here\n')
  await starts('0.1.0')
  write('sit: here\n')
  t.same(await starts('0.1.0'), {})
  t.same(await starts('0.2.0', tomorrow), { from: '0.1.0', configAside: undefined }, 'nor when it is newer')
  t.equal(read(), 'sit: here\n')
})

t.test('of several copies the one from when this version was left is taken', async t => {
  const { starts, write, read, data } = box(t)
  write('site: first\n')
  await starts('0.1.0')
  await starts('0.2.0')
  write('site: second\n')
  await starts('0.3.0', tomorrow)
  write('moon: full\nsite: third\n')
  await starts('0.2.0')
  t.equal(read(), 'site: second\n')
  // A copy that does not fit either is passed over, and without any nothing is touched.
  write('moon: full\nsite: third\n')
  for (const name of readdirSync(join(data, 'backups')))
    writeFileSync(join(data, 'backups', name, 'pierside.yaml'), '- no')
  mkdirSync(join(data, 'backups/before-9.0.0'))
  writeFileSync(join(data, 'version.json'), '{"version":"9.9.9"}')
  t.same(await starts('0.1.0'), { from: '9.9.9', configAside: undefined })
  t.equal(read(), 'moon: full\nsite: third\n')
})

t.test('a version file that is none counts as the first start', async t => {
  const { starts, data } = box(t)
  writeFileSync(join(data, 'version.json'), '{"vers')
  t.same(await starts('0.1.0'), { from: undefined, configAside: undefined })
})

t.test('versions are compared by their numbers', async t => {
  const sorted = ['0.1.0', '0.2.0-rc.1', '0.2.0', '0.9.1', '0.10.0', '1.0', '1.0.1+build']
  t.same([...sorted].reverse().sort(compareVersions), sorted)
  t.equal(compareVersions('1.0', '1.0.0+x'), 0)
})
