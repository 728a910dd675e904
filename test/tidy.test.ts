// The promises of the source as a whole: who imports whom, where time comes from, sizes, names. Each rule is first
// shown a source that breaks it, so that a rule which has stopped looking is noticed.
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import * as imports from './support/import-rules.js'
import { readSources, type Sources } from './support/source-tree.js'
import * as rules from './support/tidy-rules.js'

type Rule = (sources: Sources) => string[]

const ours = readSources()

/** @param broken  sources of which each must be complained about, and nothing else in them */
function hold(
  sentence: string,
  rule: Rule,
  broken: readonly Record<string, string>[],
  fine: Record<string, string> = {},
) {
  t.test(sentence, async t => {
    for (const files of broken) {
      const complaints = rule(new Map(Object.entries({ ...fine, ...files })))
      t.equal(complaints.length, 1, `it bites: ${complaints.join('; ') || JSON.stringify(files)}`)
    }
    t.same(rule(new Map(Object.entries(fine))), [], 'it lets pass what is right')
    t.same(rule(ours), [])
  })
}

t.test('the source is there to be judged', async t => {
  t.ok([...ours.keys()].filter(file => file.startsWith('edge/')).length > 100)
  t.ok(ours.has('Makefile') && ours.has('edge/cli.ts') && ours.has('web/main.tsx') && ours.has('.ci/run'))
})

const rooms = {
  'edge/science/a.ts': 'export const a = 1',
  'edge/ports/p.ts': "import type { a } from '../science/a.js'",
  'edge/store/s.ts': "import { p } from '../ports/p.js'\nimport fs from 'node:fs'",
  'edge/main.ts': "import { s } from './store/s.js'",
  'edge/main-night.ts': "import { s } from './store/s.js'",
}
hold(
  'imports run one way',
  imports.directions,
  [
    { 'edge/science/b.ts': "import { p } from '../ports/p.js'" },
    { 'edge/science/b.ts': "import type { P } from '../ports/p.js'" },
    { 'edge/ports/q.ts': "export { s } from '../store/s.js'" },
    { 'edge/services/v.ts': "const s = await import('../store/s.js')" },
    { 'edge/services/v.ts': "import '../store/s.js'" },
    { 'edge/services/v.ts': "export type S = import('../store/s.js').S" },
    { 'edge/services/v.ts': "new Worker(new URL('../workers/w.js', import.meta.url))" },
    { 'edge/api/http/h.ts': "import { s } from '../../services/s.js'" },
    { 'edge/api/http/h.ts': "import { m } from '../../main.js'" },
    { 'edge/drivers/d.ts': "import { x } from '../../test/support/x.js'" },
    { 'edge/tools/x.ts': '' },
    { 'edge/stray.ts': '' },
  ],
  rooms,
)

hold(
  'science needs nothing of the machine',
  imports.pureScience,
  [{ 'edge/science/b.ts': "import { readFileSync } from 'node:fs'" }, { 'edge/science/b.ts': "import os from 'os'" }],
  { 'edge/science/b.ts': "import * as engine from 'astronomy-engine'\nimport { a } from './a.js'" },
)

hold('every import leads to a file', imports.missingTargets, [{ 'edge/api/x.ts': "import { y } from './y.js'" }], {
  'web/a.ts': "import { b } from './b'\nimport './c.css'",
  'web/b.tsx': '',
  'web/c.css': '',
})

hold(
  'each package is spoken to in one file',
  imports.onePackageOneFile,
  [
    { 'edge/store/a.ts': "import mqtt from 'mqtt'" },
    { 'edge/store/a.ts': "import { connect, type X } from 'mqtt'" },
    { 'edge/spine/a.ts': "import { Router } from 'express'", 'edge/spine/b.ts': "import express from 'express'" },
  ],
  {
    'edge/api/mqtt/a.ts': "import mqtt from 'mqtt'",
    'edge/api/mqtt/b.ts': "import type { MqttClient } from 'mqtt'\nimport { type IPublishPacket } from 'mqtt'",
    'edge/api/http/a.ts': "import { Router } from 'express'",
    'edge/api/http/b.ts': "import { Router } from 'express'",
  },
)

hold(
  'the page takes nothing of the agent but types of its ports',
  imports.pageTakesTypesOfPorts,
  [
    { 'web/a.ts': "import { fields } from '../edge/ports/fields'" },
    { 'web/a.ts': "import type { S } from '../edge/spine/feed'" },
  ],
  { 'web/a.ts': "import type { F } from '../edge/ports/fields'\nimport { b } from './b'" },
)

hold(
  'no files import each other in a circle',
  imports.cycles,
  [
    { 'edge/spine/a.ts': "import { b } from './b.js'", 'edge/spine/b.ts': "import { a } from './a.js'" },
    { 'web/a.ts': "import { b } from './b'", 'web/b.tsx': "export { A } from './a'" },
  ],
  rooms,
)

hold(
  'every file is used',
  imports.deadFiles,
  [{ 'edge/store/left.ts': '' }, { 'web/left.tsx': '' }, { 'test/support/left.ts': '' }],
  {
    'edge/cli.ts': "import './main.js'",
    'edge/main.ts': "new Worker(new URL('./store/thread.js', import.meta.url))",
    'edge/store/thread.ts': '',
    'web/main.tsx': '',
    'test/a.test.ts': "fork('test/support/child.ts')",
    'test/support/child.ts': "import './deep.js'",
    'test/support/deep.ts': '',
  },
)

hold(
  'time and chance come through Clock and Random',
  rules.strays,
  [
    'Date.now()',
    'new Date()',
    'new Date',
    'const now = Date.now',
    'setTimeout(go, 5)',
    'const later = setInterval',
    'setImmediate(go)',
    'globalThis.setTimeout(go, 5)',
    "import { scheduler } from 'node:timers/promises'",
    "import timers from 'timers'",
    'AbortSignal.timeout(5)',
    'performance.now()',
    'process.hrtime.bigint()',
    "import { hrtime } from 'node:process'",
    'Math.random()',
    'crypto.randomUUID()',
    "import { randomUUID } from 'node:crypto'",
  ].map(source => ({ 'edge/services/a.ts': source })),
  {
    'edge/services/a.ts': "new Date(ms)\nsocket.setTimeout(5)\n// Date.now() is not for us\nconst words = 'setTimeout'",
    'edge/spine/system-clock.ts': 'Date.now(); setTimeout(go, 5)',
    'edge/spine/access.ts': "import { randomUUID } from 'node:crypto'",
  },
)

hold(
  'no file holds two ideas, and no line runs off the screen',
  rules.sizes,
  [
    { 'edge/spine/a.ts': '//\n'.repeat(401) },
    { 'edge/spine/a.ts': `// ${'x'.repeat(118)}` },
    { 'scripts/a.mjs': `// ${'x'.repeat(118)}` },
  ],
  { 'edge/spine/a.ts': `// ${'°'.repeat(117)}\n${'//\n'.repeat(399)}`, 'edge/science/b.data.ts': 'x\n'.repeat(5_000) },
)

hold(
  'names say what a file is for',
  rules.names,
  ['edge/spine/utils.ts', 'edge/utils/a.ts', 'web/form-helpers.ts', 'edge/spine/device-manager.ts', 'test/common/a.ts']
    .concat(['edge/spine/misc.data.ts', 'edge/spine/twoWords.ts', 'edge/spine/two_words.ts'])
    .map(file => ({ [file]: '' })),
  { 'edge/science/catalogue-stars.data.ts': '', 'web/vite.config.ts': '', 'edge/spine/commons-licence.ts': '' },
)

hold(
  'a file opens by saying what it holds',
  rules.openings,
  [{ 'edge/spine/a.ts': 'export const a = 1' }, { 'scripts/a.sh': '#!/bin/sh\nset -e' }, { 'web/a.css': 'a {}' }],
  { 'edge/spine/a.ts': '// Says it.\n', 'scripts/a.sh': '#!/bin/sh\n# Says it.', 'web/a.css': '/* Says it. */' },
)

hold(
  'no error is dropped in silence',
  rules.swallowed,
  [
    'try { a() } catch {}',
    'try { a() } catch (error) {\n}',
    'void a().catch(() => {})',
    'await a().catch(() => undefined)',
    'await a()\n  .then(b)\n  .catch(() => null)',
    'const x = await a().catch(() => ({}))',
  ].map(source => ({ 'edge/services/a.ts': source })),
  {
    'edge/services/a.ts': [
      'await a().catch(error => log.warn(error))',
      'a().catch(() => {}) // awaited below',
      'try {\n  a()\n} catch {\n  // Remembered for this page only.\n}',
      '// Whoever started it hears how it ended.\nawait a()\n  .catch(() => undefined)',
    ].join('\n'),
  },
)

hold(
  'nothing that changes belongs to the whole process',
  rules.singletons,
  [
    'let count = 0',
    'export const known = new Map<string, number>()',
    'const open: string[] = []',
    'const seen = new WeakSet()',
  ].map(source => ({ 'edge/services/a.ts': source })),
  { 'edge/services/a.ts': "const fixed = new Set(['a'])\nfunction f() {\n  let a = 0\n}\nconst names = ['a']" },
)

hold('only errors inherit', rules.inheritance, [{ 'edge/spine/a.ts': 'class A extends EventEmitter {}' }], {
  'edge/spine/a.ts': 'class A extends Error {}\ninterface B extends C {}\nclass D extends ScienceError {}',
})

hold(
  'no file only passes on what others export',
  rules.barrels,
  [{ 'edge/spine/index.ts': "export * from './a.js'" }],
  {
    'edge/drivers/index.ts': "export * from './a.js'\nexport const drivers = []",
  },
)

hold(
  'nothing is exported that nobody takes',
  rules.unusedExports,
  [{ 'edge/spine/a.ts': 'export function lonely() {}' }, { 'web/a.tsx': 'export const Lonely = () => null' }],
  { 'edge/spine/a.ts': 'export async function taken() {}', 'edge/spine/b.ts': "import { taken } from './a.js'" },
)

hold(
  'every fault is provoked by a test',
  rules.unprovokedFaults,
  [
    { 'edge/ports/fault.ts': "const faultCodes = [\n  'busy', // held\n  'limit',\n] as const" },
    { 'edge/ports/fault.ts': '' },
  ],
  {
    'edge/ports/fault.ts': "const faultCodes = [\n  'busy', // held by somebody\n] as const",
    'test/a.test.ts': "await t.rejects(ask(), { code: 'busy' })",
  },
)

hold('no test is run alone', rules.loneTests, [{ 'test/a.test.ts': "t.only('x', go)" }], {
  'test/a.test.ts': "// t.only('x')\nt.test('x', go)",
})

hold(
  'files speak of the product alone',
  rules.outsiders,
  [
    { 'docs/a.md': `see /${'work'}/main` },
    { Makefile: `curl https://${['registry', 'npmjs', 'org'].join('.')}/x` },
    { 'scripts/a.sh': `http://${['deb', 'debian', 'org'].join('.')}/debian` },
  ],
  { 'docs/a.md': '../shared/data, a network/work/group' },
)

t.test('every skip that is agreed to names a test file', async t => {
  const rows = readFileSync('test/skips.md', 'utf8').matchAll(/^\|\s*`?([^|`]*\.test\.ts)`?\s*\|/gm)
  for (const [, file] of rows) t.ok(existsSync(file), `${file} is there`)
  t.ok(true, 'the table can be read')
})
