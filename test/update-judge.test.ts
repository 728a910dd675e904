// The script that judges a version: what it finds, what it says, and which slot starts next. The programs of the system
// are played; how the agent is asked is in cli-health.test.ts, and all of it in test/image.
import { existsSync, mkdirSync } from 'node:fs'
import t from 'tap'
import { type CardOptions, slotCard } from './support/slot-card.js'

type Test = Pick<typeof t, 'testdir'>
let made = 0

/** A box that has just started, where `pierside health` does as told. */
function started(t: Test, options: CardOptions & { health: string; trial?: 'A' | 'B'; serviceRuns?: boolean }) {
  const root = `${t.testdir({})}/box-${made++}`
  mkdirSync(root)
  const box = slotCard(root, options)
  box.program('setpriv', 'while [ "$1" != pierside ]; do shift; done; exec "$@"')
  box.program('pierside', options.health)
  box.program(
    'systemctl',
    `echo "$*" >>${root}/asked\n[ "$1" != is-active ] || exit ${options.serviceRuns === false ? 3 : 0}`,
  )
  box.program('journalctl', 'echo "pierside: the configuration has a mistake"')
  box.program('sleep', 'exit 0')
  box.put('image.json', '{\n  "version": "0.2.0"\n}')
  if (options.trial) box.put(`fat/${options.trial}/trial`, 'version=0.2.0\nfrom=0.1.0\n')
  return {
    ...box,
    judge: (...args: string[]) => box.run('judge', args, 1e6, { PIERSIDE_IMAGE: box.at('image.json') }),
    result: () => {
      const text = box.read('system/update-result.json')
      return text === undefined ? undefined : JSON.parse(text)
    },
    facts: () => JSON.parse(box.read('run/slots.json') ?? 'null'),
    restarts: () => box.read('asked')?.includes('reboot') ?? false,
  }
}

const trialOfB = { how: 'u-boot', running: 'B', trial: 'B' } as const

t.test('a version on trial that is in order stays', async t => {
  const box = started(t, { ...trialOfB, health: 'grep -q true "$PIERSIDE_RUN/slots.json"' })
  t.equal(box.judge().status, 0, 'and while it is judged the agent knows that it is')
  t.match(box.result(), { ok: true, version: '0.2.0', from: '0.1.0', reason: '' })
  t.equal(box.word('BOOT_B_LEFT'), '3')
  t.notOk(existsSync(box.at('fat/B/trial')))
  t.same(box.facts(), { slot: 'B', other: '', otherState: 'good', onTrial: false })
  t.equal(box.read('system/slot-B.version'), '0.2.0\n')
  t.notOk(box.restarts())
})

t.test('one that is not is given up with the reason, whatever stands in it', async t => {
  const box = started(t, {
    ...trialOfB,
    health: `printf 'pierside: not found again: "main\\\\"\\nThe version …\\n' >&2; exit 1`,
  })
  box.judge()
  t.match(box.result(), { ok: false, version: '0.2.0', reason: /not found again: main.*its last words.*has a mistake/ })
  t.equal(box.word('BOOT_B_LEFT'), '0')
  t.ok(box.restarts())
  t.equal(box.boots(), 'A')
  box.judge()
  t.match(box.result(), { reason: /not found again/ }, 'and the version before leaves the reason as it is')
  t.same(box.facts(), { slot: 'A', other: '0.2.0', otherState: 'bad', onTrial: false })
})

t.test('an agent that cannot be asked at all, or whose service does not run, is not in order', async t => {
  const none = started(t, { ...trialOfB, health: 'exit 127' })
  none.judge()
  t.match(none.result(), { ok: false, reason: /the agent does not run/ })
  const broken = started(t, {
    ...trialOfB,
    health: 'printf "file:1\\n  throw\\n\\nError: not this one\\n  at x\\n" >&2; exit 1',
  })
  broken.judge()
  t.match(broken.result(), { ok: false, reason: /^the agent cannot be run: Error: not this one \(its last words/ })
  const stray = started(t, { ...trialOfB, health: 'exit 0', serviceRuns: false })
  stray.judge()
  t.match(stray.result(), { ok: false, reason: /its service does not run/ })
})

t.test('what runs and has been judged before gets its tries back and is not judged anew', async t => {
  const box = started(t, { how: 'u-boot', running: 'A', health: 'exit 1' })
  box.put('fat/slots.env', 'BOOT_ORDER=A B\nBOOT_A_LEFT=1\nBOOT_B_LEFT=0\n')
  t.equal(box.judge().status, 0)
  t.equal(box.word('BOOT_A_LEFT'), '3')
  t.equal(box.result(), undefined)
  t.notOk(box.restarts())
})

for (const how of ['u-boot', 'tryboot'] as const) {
  t.test(`${how}: a version whose tries ended without a verdict is told by the one before`, async t => {
    const box = started(t, { how, running: 'A', trial: 'B', health: 'exit 0' })
    if (how === 'tryboot') {
      box.put('fat/tryboot.txt', 'os_prefix=B/\n')
      box.put('update-tried', '')
    } else box.put('fat/slots.env', 'BOOT_ORDER=B A\nBOOT_A_LEFT=2\nBOOT_B_LEFT=0\n')
    t.equal(box.judge().status, 0)
    t.match(box.result(), { ok: false, version: '0.2.0', reason: /did not start/ })
    t.equal(box.boots(), 'A')
  })
}

for (const how of ['u-boot', 'tryboot'] as const) {
  t.test(`${how}: a power cut before it was whole is told as such`, async t => {
    const box = started(t, { how, running: 'A', trial: 'B', health: 'exit 0' })
    box.put('fat/slots.env', 'BOOT_ORDER=A B\nBOOT_A_LEFT=2\nBOOT_B_LEFT=0\n')
    t.equal(box.judge().status, 0)
    t.match(box.result(), { ok: false, version: '0.2.0', reason: /not put in whole: the box went off/ })
    t.equal(box.boots(), 'A')
  })
}

t.test('tryboot: an earlier try is not taken for one of the next version', async t => {
  const box = started(t, { how: 'tryboot', running: 'A', trial: 'B', health: 'exit 0' })
  box.put('fat/tryboot.txt', 'os_prefix=B/\n')
  box.put('update-tried', '')
  t.equal(box.judge().status, 0)
  t.match(box.result(), { reason: /did not start/ })
  box.put('fat/B/trial', 'version=0.3.0\nfrom=0.1.0\n')
  t.equal(box.judge().status, 0)
  t.match(box.result(), { version: '0.3.0', reason: /not put in whole: the box went off/ })
})

t.test('u-boot: what it could not even load is not tried again at each start', async t => {
  const box = started(t, { how: 'u-boot', running: 'A', trial: 'B', health: 'exit 0' })
  box.put('fat/slots.env', 'BOOT_ORDER=B A\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3\n')
  t.equal(box.judge().status, 0)
  t.equal(box.result(), undefined, 'before the restart it has still to be tried')
  box.put('fat/slots.env', 'BOOT_ORDER=B A\nBOOT_A_LEFT=2\nBOOT_B_LEFT=2\n')
  t.equal(box.judge().status, 0)
  t.match(box.result(), { ok: false, version: '0.2.0', reason: /did not start/ })
  t.equal(box.word('BOOT_B_LEFT'), '0')
})

t.test('a version that has still to be tried is not told of', async t => {
  const box = started(t, { how: 'tryboot', running: 'A', trial: 'B', health: 'exit 0' })
  box.put('fat/tryboot.txt', 'os_prefix=B/\n')
  t.equal(box.judge().status, 0)
  t.equal(box.result(), undefined)
  t.equal(box.boots(), 'B', 'and its try is asked for')
})

t.test('a start that nobody judges is ended, on trial only', async t => {
  const hangs = started(t, { ...trialOfB, health: 'exit 1' })
  hangs.judge('limit')
  t.match(hangs.result(), { ok: false, reason: /nobody had found it in order/ })
  t.ok(hangs.restarts())
  t.equal(hangs.boots(), 'A')
  const well = started(t, { how: 'u-boot', running: 'A', health: 'exit 1' })
  t.equal(well.judge('limit').status, 0)
  t.notOk(well.restarts())
})

t.test('where no update can be put in, the page gets the reason', async t => {
  const box = started(t, { how: 'tryboot', running: 'A', mailbox: false, health: 'exit 0' })
  box.judge()
  t.match(box.read('run/no-updates'), /this kernel cannot ask the firmware for a try/)
})
