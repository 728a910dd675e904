// The last line of `make test` is what everybody believes: what counts as passed, failed and skipped, shown on TAP as
// tap prints it.
import t from 'tap'
import { type Count, countFile, listedSkips, readTap } from '../scripts/count-tests.mjs'

const indent = (lines: string[]) => lines.map(line => `    ${line}`)

function subtest(name: string, lines: string[], result = `ok 1 - ${name}`): string[] {
  return [`# Subtest: ${name}`, ...indent(lines), result]
}

async function counted(...lines: string[]): Promise<Count[]> {
  const counts: Count[] = []
  const tap = readTap(file => counts.push(countFile(file)))
  tap.write(['TAP version 14', ...lines, ''].join('\n'))
  await tap.end()
  return counts
}

const brief = ({ passed, failures, skips }: Count) => [passed, failures.length, skips.length]

t.test('an innermost test counts once, however much it asserts', async t => {
  const two = [
    ...subtest('sky', ['ok 1 - blue', 'ok 2 - dark', '1..2']),
    ...subtest('sea', ['ok 1', '1..1'], 'ok 2 - sea'),
  ]
  const [nested] = await counted(...subtest('test/a.test.ts', [...subtest('both', [...two, '1..2']), '1..1']), '1..1')
  t.same(brief(nested), [2, 0, 0])

  const [bare] = await counted(...subtest('test/a.test.ts', ['ok 1 - blue', 'ok 2 - dark', '1..2']), '1..1')
  t.same(brief(bare), [1, 0, 0], 'a file without tests is one')

  const [failed] = await counted(
    ...subtest(
      'test/a.test.ts',
      subtest('sky', ['not ok 1 - blue', 'not ok 2 - dark', '1..2'], 'not ok 1 - sky'),
      'not ok 1 - test/a.test.ts',
    ),
    '1..1',
  )
  t.same(brief(failed), [0, 1, 0])
  t.same(failed.failures[0], { test: 'sky', words: 'blue; dark', diag: undefined })
})

t.test('what holds nothing is a failure', async t => {
  const [empty] = await counted(
    ...subtest('test/a.test.ts', ['1..0 # no tests found'], 'ok 1 - test/a.test.ts # SKIP no tests found'),
    '1..1',
  )
  t.match(empty.failures, [{ test: '', words: 'the file ran no tests' }])

  const [idle] = await counted(...subtest('test/a.test.ts', [...subtest('sky', ['1..0']), '1..1']), '1..1')
  t.match(idle.failures, [{ test: 'sky', words: 'the test asserts nothing' }])
})

t.test('a file that breaks off is a failure, whatever it had passed', async t => {
  const diag = ['  ---', '  exitCode: 3', '  signal: null', '  ...']
  const file = subtest('test/a.test.ts', [...subtest('sky', ['ok 1', '1..1']), '1..1'], 'not ok 1 - test/a.test.ts')
  const [broken] = await counted(...file, ...diag, '1..1')
  t.same(brief(broken), [1, 1, 0])
  t.match(broken.failures, [{ test: '', words: 'ended with exit code 3' }])
})

t.test('a skip is never a pass, and keeps its reason', async t => {
  const lines = [
    'ok 1 - real frames # SKIP no such folder',
    ...subtest('sky', ['ok 1 - no clouds today # SKIP', '1..1'], 'ok 2 - sky'),
    'ok 3 - dome # TODO next year',
    '1..3',
  ]
  const [count] = await counted(...subtest('test/a.test.ts', lines), '1..1')
  t.equal(count.passed, 0)
  t.same(count.failures, [])
  t.same(
    count.skips.toSorted((a, b) => a.test.localeCompare(b.test)),
    [
      { test: 'dome', reason: 'to do next year' },
      { test: 'real frames', reason: 'no such folder' },
      { test: 'sky › no clouds today', reason: '' },
    ],
  )

  const [whole] = await counted(
    ...subtest('test/a.test.ts', ['1..0 # no broker'], 'ok 1 - test/a.test.ts # SKIP no broker'),
    '1..1',
  )
  t.same(whole, { passed: 0, failures: [], skips: [{ test: '', reason: 'no broker' }] })
})

t.test('a skip is agreed to by its file and by words of its name or reason', async t => {
  const listed = listedSkips(
    '| File | Words | Why |\n|---|---|---|\n| `test/a.test.ts` | no camera | needs hardware |\n',
  )
  t.ok(listed('test/a.test.ts', { test: 'sky', reason: 'no camera here' }))
  t.ok(listed('test/a.test.ts', { test: 'no camera › sky', reason: '' }))
  t.notOk(listed('test/b.test.ts', { test: 'sky', reason: 'no camera here' }))
  t.notOk(listed('test/a.test.ts', { test: 'sky', reason: 'no mount' }))
  t.notOk(
    listedSkips('| `test/a.test.ts` | sky | |')('test/a.test.ts', { test: 'sky', reason: '' }),
    'the why is asked for',
  )
})
