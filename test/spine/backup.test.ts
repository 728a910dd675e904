// A backup file: whole or refused, secrets beneath a passphrase or not at all; and a restore that is killed anywhere.
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { checkBackup, makeBackup } from '../../edge/main-backup.js'
import { demoConfig } from '../../edge/main-config.js'
import { type BackupContent, readBackup, writeBackup } from '../../edge/spine/backup-file.js'
import { restoreFiles } from '../../edge/spine/restore.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { builtAgent, root } from '../support/agent.js'

const about = { version: '0.2.0', node: 'hill', atMs: Date.UTC(2026, 10, 30, 21, 5) }
const access = (hash: string, name = 'phone') =>
  JSON.stringify({ tokens: [{ name, role: 'administrator', hash: hash.repeat(64), issuedMs: 1 }] })
const content: BackupContent = {
  config: demoConfig,
  access: access('a'),
  kept: { 'dew-heaters/wishes': '{}' },
  secrets: 'mqtt_password: hunter2-and-more # of the NAS\n',
}
const phrase = 'correct horse'

t.test('a backup gives back what was put in, the secrets to whoever knows the passphrase', async t => {
  const text = await writeBackup(content, about, phrase)
  t.notMatch(text, /hunter2/)
  const read = await readBackup(text, '0.2.0', phrase)
  t.same(read.content, content)
  t.match(read, { madeBy: '0.2.0', madeAt: '2026-11-30T21:05:00.000Z', node: 'hill', hasSecrets: true })
  await t.rejects(readBackup(text, '0.2.0', 'wrong horse'), { code: 'bad-input', message: /passphrase is not the one/ })
  const { secrets: _, ...open } = content
  t.match(await readBackup(text, '0.2.0', undefined), { content: open, hasSecrets: true })
  const without = await writeBackup(content, about, undefined)
  t.notMatch(without, /hunter2|"secrets"/)
  t.match(await readBackup(without, '0.2.0', undefined), { hasSecrets: false })
  await t.rejects(writeBackup(content, about, 'short'), { code: 'bad-input' })
  t.not(text, await writeBackup(content, about, phrase), 'no two are hidden alike')
})

t.test('what is cut off, changed, no backup or newer is refused in words', async t => {
  const text = await writeBackup(content, about, phrase)
  const refused = (bad: string, message: RegExp, code = 'bad-input') =>
    t.rejects(readBackup(bad, '0.2.0', undefined), { code, message }, String(message))
  for (const part of [0, 0.3, 0.9, 0.999]) await refused(text.slice(0, text.length * part), /cut off/)
  await refused('{"a": 1}', /does not say that it is one/)
  await refused('null', /does not say that it is one/)
  await refused(text.replace('Demo pier', 'Other pier'), /its sum is not right/)
  await refused(text.replace('"layout": 1', '"layout": 2'), /may hold what this one does not know/, 'unsupported')
  for (const newer of ['0.2.1', '0.10.0', '1.0.0']) {
    const made = await writeBackup(content, { ...about, version: newer }, phrase)
    await refused(made, new RegExp(`made by Pierside ${newer}, and this is 0.2.0`), 'unsupported')
  }
  for (const older of ['0.1.9', '0.2.0']) {
    t.ok(await readBackup(await writeBackup(content, { ...about, version: older }, phrase), '0.2.0', phrase), older)
  }
})

t.test('everything is checked before anything is changed', async t => {
  const all = t.testdir({
    here: { data: { 'access.json': access('b', 'tablet') }, 'secrets.yaml': '# ours\nown: mine\n' },
    there: { 'secrets.yaml': content.secrets! },
  })
  const placesIn = (folder: string) => ({
    config: path.join(all, folder, 'pierside.yaml'),
    data: path.join(all, folder, 'data'),
  })
  const [places, there] = [placesIn('here'), placesIn('there')]
  const broker = `mqtt: {broker: {url: "mqtt://nas:1883", user: pier, password: !secret mqtt_password}}\n`
  const kept = { 'dew-heaters/wishes': '{}', 'live-stack/run': '{}', 'mqtt/cursor': '[]' }
  const make = (config: string, passphrase?: string) => makeBackup(there, config, kept, about, passphrase)

  const hidden = await make(broker, phrase)
  t.equal(hidden.name, 'pierside-hill-2026-11-30-2105.backup.json')
  t.equal(hidden.secrets, 'hidden')
  const check = (text: string, more: object = {}) => checkBackup(places, { text, ...more }, '0.2.0', 5)
  await t.rejects(check(hidden.text), { code: 'bad-input', message: /secrets beneath a passphrase/ })
  const whole = await check(hidden.text, { passphrase: phrase })
  t.match(whole, { restoring: { config: broker, secrets: content.secrets }, told: { missingSecrets: [] } })
  t.same(Object.keys(whole.restoring.kept), ['dew-heaters/wishes'], 'what tells of the other box’s run stays there')
  t.match(JSON.parse(whole.restoring.access!).tokens, [{ name: 'tablet' }], 'whoever restores stays paired')

  const open = await make(broker)
  t.equal(open.secrets, 'left-out')
  const without = await check(open.text)
  t.same(without.told.missingSecrets, ['mqtt_password'])
  t.equal(without.restoring.secrets, '# ours\nown: mine\nmqtt_password: set-me\n')
  t.same((await check(hidden.text, { withoutSecrets: true })).told.missingSecrets, ['mqtt_password'])

  await t.rejects(check((await make('site: {latitude: 95}\n')).text), { code: 'bad-input', message: /line 1: site/ })
  t.same(readdirSync(path.join(all, 'here')).sort(), ['data', 'secrets.yaml'], 'nothing has changed')
})

/** Stages a restore, carries it out, and says where it is; killed by the test somewhere in between. */
const restorer = (folder: string, stages: boolean) => `
import { stageRestore, restoreFiles, finishRestore } from '${root}/build/edge/spine/restore.js'
import { openStore } from '${root}/build/edge/store/open-store.js'
import { systemClock } from '${root}/build/edge/spine/system-clock.js'
import { readFileSync } from 'node:fs'
const places = { config: '${folder}/pierside.yaml', data: '${folder}/data' }
const log = { debug() {}, info() {}, warn() {}, error() {}, named: () => log }
const habits = { template: '{night}/{number}', longitudeDeg: 0, reserveBytes: 0 }
const store = { ...habits, folder: places.data, clock: systemClock(), log, thread: false }
if (${stages}) {
  console.log('begins')
  await stageRestore(places, JSON.parse(readFileSync('${folder}/next.json', 'utf8')))
}
const restoring = await restoreFiles(places)
const opened = await openStore(store)
if (restoring) await finishRestore(places, restoring, opened)
console.log(JSON.stringify(await opened.keptAll()))
await opened.close()
`
const run = (folder: string, stages: boolean) =>
  spawn(process.execPath, ['--input-type=module', '-e', restorer(folder, stages)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
const ended = (child: ChildProcess) => new Promise<void>(settle => child.once('close', () => settle()))

t.test('a decided restore that is damaged is put aside and named, and keeps no box from starting', async t => {
  for (const damaged of ['{"atMs": 5, "fr', '{"atMs": 5}', '']) {
    const data = t.testdir({ 'restore.json': damaged })
    const said: string[] = []
    const places = { config: path.join(data, 'pierside.yaml'), data }
    t.equal(await restoreFiles(places, { warn: words => said.push(words) }), undefined)
    t.match(said, [/is not restored, and what was there before stays: .*restore\.json\.damaged cannot be read/])
    t.equal(readFileSync(path.join(data, 'restore.json.damaged'), 'utf8'), damaged)
    t.equal(await restoreFiles(places), undefined)
  }
})

t.test('killed anywhere on the way, all of it is old or all of it is new', async t => {
  builtAgent()
  const chance = seededRandom(7)
  const outcomes = { old: 0, new: 0 }
  for (let kill = 0; kill < 12; kill++) {
    const folder = t.testdir({
      'pierside.yaml': 'old: config\n',
      'secrets.yaml': 'old: secret\n',
      data: { 'access.json': access('a') },
    })
    const next = { atMs: 5, from: 'hill', config: 'new: config\n', secrets: 'new: secret\n', access: access('c') }
    writeFileSync(path.join(folder, 'next.json'), JSON.stringify({ ...next, kept: { 'some/state': '"new"' } }))
    const child = run(folder, true)
    await new Promise<void>(settle => child.stdout!.once('data', () => settle()))
    const timer = setTimeout(() => child.kill('SIGKILL'), chance.next() * 60)
    await ended(child)
    clearTimeout(timer)

    const start = run(folder, false)
    let said = ''
    start.stdout!.on('data', (part: Buffer) => {
      said += part.toString()
    })
    await ended(start)
    const now = (file: string) => readFileSync(path.join(folder, file), 'utf8')
    const state = [now('pierside.yaml'), now('secrets.yaml'), now('data/access.json'), said.trim()]
    const isNew = state[0] === 'new: config\n'
    const wanted = isNew
      ? ['new: config\n', 'new: secret\n', access('c'), '{"some/state":"\\"new\\""}']
      : ['old: config\n', 'old: secret\n', access('a'), '{}']
    t.same(state, wanted, `kill ${kill}: all of it is ${isNew ? 'new' : 'old'}`)
    outcomes[isNew ? 'new' : 'old']++
    if (!isNew) continue
    const aside = readdirSync(path.join(folder, 'data')).filter(name => name.startsWith('before-restore-'))
    t.equal(aside.length, 1)
    const before = (file: string) => now(`data/${aside[0]}/${file}`)
    t.same(
      [before('pierside.yaml'), before('secrets.yaml'), before('access.json'), before('kept.json')],
      ['old: config\n', 'old: secret\n', access('a'), '{}'],
      'what was there before lies aside',
    )
    t.notOk(readdirSync(path.join(folder, 'data')).includes('restore.json'), 'and nothing is left to be done')
  }
  t.comment(`${outcomes.old} times all was old, ${outcomes.new} times all was new`)
  t.ok(outcomes.new > 0)
})
