// Updates in the booted image, through U-Boot and the slots of the card: a good version stays, and each that is not
// ends on the version before by itself, with the reason on the page.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import type { AgentClient } from '../support/agent-client.js'
import { setUpImage, simulatedObservatory } from '../support/image-agent.js'
import type { ImageMachine } from '../support/image-machine.js'
import { bundleOf, clearVariants, type Put, slotRoot, type Variant } from '../support/update-variants.js'

interface Update {
  readonly version?: string
  readonly slot?: string
  readonly phase?: string
  readonly progress?: string
  readonly onTrial?: boolean
  readonly pendingReboot?: boolean
  readonly lastOk?: boolean
  readonly lastVersion?: string
  readonly lastReason?: string
  readonly lastAtMs?: number
}

/** A busy build machine starts the emulated one in minutes. */
const bootMs = 15 * 60_000
const installMs = 20 * 60_000
const pieceBytes = 4 * 2 ** 20
const pause = (ms: number) => new Promise(settle => setTimeout(settle, ms))
/** What the versions have that are to be given up: the test does not wait for what an owner would be given. */
const patience = { agent: 240, devices: 60, limit: 1200 }
const program = 'usr/lib/pierside/build/edge'

/** Changes the one of the agent's files, which hold many sources each, where `what` stands. */
function changeAgent(put: Put, read: (file: string) => string, what: RegExp, to: string) {
  const files = readdirSync(`${slotRoot}/${program}`).map(name => `${program}/${name}`)
  const [file, ...others] = files.filter(one => what.test(read(one)))
  if (!file || others.length > 0) throw new Error(`${what} stands in ${[file, ...others].join(', ') || 'no file'}`)
  put(file, read(file).replace(what, to))
}

function owner(machine: ImageMachine, agent: AgentClient, token: string) {
  // While it restarts there is nobody to answer.
  const update = (): Promise<Update> => agent.state<Update>('update').catch(() => ({}))
  const until = async (what: string, withinMs: number, seen: (update: Update) => boolean): Promise<Update> => {
    let last: Update = {}
    for (const endMs = performance.now() + withinMs; performance.now() < endMs; await pause(2_000)) {
      last = await update()
      if (seen(last)) return last
    }
    throw new Error(
      `${what} was not seen within ${withinMs / 1000} s: ${JSON.stringify(last)}\n${machine.console().slice(-2000)}`,
    )
  }
  const send = async (bundle: string) => {
    const bytes = readFileSync(bundle)
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      const answer = await fetch(`${machine.url}/api/update/piece?from=${from}&total=${bytes.length}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
        body: bytes.subarray(from, from + pieceBytes),
      })
      if (!answer.ok) throw new Error(`piece from ${from}: ${answer.status} ${await answer.text()}`)
    }
  }
  return {
    ...{ until, send },
    /** Sends it, puts it in and restarts; settles when the other version has been judged. */
    async bring(bundle: string, version: string): Promise<Update> {
      await send(bundle)
      const { lastAtMs: beganMs = 0 } = await update()
      const { id } = await agent.do<{ id: string }>('update-install', { from: 'sent' })
      const ended = (one: { status?: string }) => one.status !== undefined && one.status !== 'running'
      const end = await agent.until<{ status: string }>(`activity/${id}`, ended, installMs)
      if (end.status !== 'done') throw new Error(`${version} was not put in: ${JSON.stringify(end)}`)
      await agent.do('update-restart')
      const judged = ({ lastAtMs = 0, onTrial, slot }: Update) =>
        lastAtMs > beganMs && onTrial === false && slot !== undefined
      return until(`a verdict on ${version}`, 4 * bootMs, judged)
    },
  }
}

t.test('updates of an image that has been flashed', async t => {
  t.teardown(clearVariants)
  const { machine, agent, token } = await setUpImage(t)
  await simulatedObservatory(agent)
  const box = owner(machine, agent, token)
  await box.until('the first judgement', bootMs, ({ slot }) => slot === 'A')
  t.match(await machine.out('cat /boot/firmware/slots.env'), /^BOOT_A_LEFT=3$/m, 'what runs has its tries back')
  /** The version that runs, and what it has of the database. */
  const before = '0.1.1'
  const good = { version: before, patience: { agent: 900, devices: 120, limit: 1500 } }

  t.test('the plug is pulled while it is put in: what ran runs on', async t => {
    await box.send(await bundleOf('good', good))
    await agent.do('update-install', { from: 'sent' })
    await box.until('the writing', installMs, ({ phase }) => phase === 'installing')
    await pause(15_000)
    await machine.cutPower()
    await machine.powerOn()
    const after = await box.until('what ran before', bootMs, ({ slot }) => slot !== undefined)
    t.match(after, { slot: 'A', phase: 'idle', onTrial: false })
    t.match(await machine.out('cat /boot/firmware/slots.env'), /BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0$/)
    t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '')
  })

  t.test('a signed one is put in while observing goes on, starts, is found good and stays', async t => {
    const after = await box.bring(await bundleOf('good', good), before)
    t.match(after, { version: before, slot: 'B', lastOk: true, lastVersion: before, onTrial: false })
    t.match(await machine.out('cat /proc/cmdline'), /pierside\.slot=B/)
    t.match(await machine.out('cat /boot/firmware/slots.env'), /BOOT_ORDER=B A\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3$/)
    t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '')
    t.match(await machine.sh('touch /boot/firmware/x'), { code: 1 }, 'nobody writes to the FAT any more')
    await machine.cutPower()
    await machine.powerOn()
    await box.until(
      'the same version after a power cut',
      bootMs,
      ({ slot, version }) => slot === 'B' && version === before,
    )
  })

  t.test('one that is signed by somebody else is not put in', async t => {
    await box.send(await bundleOf('foreign', { version: '0.1.2', foreign: true }))
    await t.rejects(agent.do('update-look', { from: 'sent' }), { message: /not signed with the key this box trusts/ })
    const forced = await machine.sh('rauc install /data/pierside/updates/sent.raucb', 120_000)
    t.match(forced, { code: 1, text: /signature/i }, 'nor by root')
  })

  const rows: readonly { what: string; reason: RegExp; variant: Omit<Variant, 'version'> }[] = [
    {
      what: 'a broken agent',
      reason: /the agent cannot be run: .*not this one/,
      variant: {
        patience,
        change: put => put(`${program}/cli.js`, '#!/usr/bin/env node\nthrow new Error("not this one")'),
      },
    },
    {
      what: 'a broken kernel',
      reason: /did not start/,
      variant: { change: put => put('usr/lib/pierside-image/boot/vmlinuz', 'no kernel') },
    },
    {
      what: 'a first file system that lets the kernel panic',
      reason: /did not start/,
      variant: { change: put => put('usr/lib/pierside-image/boot/initrd.img', 'no file system') },
    },
    {
      what: 'a page without a camera, and a database that is migrated already',
      reason: /not found again: .*main/,
      variant: {
        patience,
        change(put, read) {
          changeAgent(put, read, /(function openSimulatedCamera\(.*\) \{)/, '$1 throw new Error("gone");')
          changeAgent(put, read, /(\w migrations = \[[^\]]*)\]/, "$1, 'CREATE TABLE later (x TEXT) STRICT']")
        },
      },
    },
    {
      what: 'a hang before the agent',
      reason: /nobody had found it in order|did not start/,
      variant: {
        patience: { ...patience, limit: 400 },
        change(put) {
          const unit =
            '[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n' +
            '[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n'
          put('usr/lib/systemd/system/hang.service', unit)
          put(
            'usr/lib/systemd/system/sysinit.target.d/hang.conf',
            '[Unit]\nRequires=hang.service\nAfter=hang.service\n',
          )
        },
      },
    },
  ]
  for (const [at, { what, reason, variant }] of rows.entries()) {
    t.test(`${what} ends on the version before, with the reason on the page`, async t => {
      const version = `0.2.${at}`
      const after = await box.bring(await bundleOf(`bad-${at}`, { version, ...variant }), version)
      t.match(after, { version: before, slot: 'B', lastOk: false, lastVersion: version, lastReason: reason })
      t.match(await machine.out('cat /proc/cmdline'), /pierside\.slot=B/)
      t.match(await machine.out('cat /boot/firmware/slots.env'), /^BOOT_A_LEFT=0$/m)
      if (!what.includes('database')) return
      t.match(
        await machine.out('ls /data/pierside /data/pierside/backups'),
        /pierside\.sqlite\.newer-1[\s\S]*before-0\.2/,
      )
    })
  }
})
