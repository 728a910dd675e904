// The updates service over its real drivers, with real bundles judged by the real rauc; only putting one in is played,
// for there are no slots here.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import express from 'express'
import { lastResort } from '../../edge/api/http/answer.js'
import type { GuardParts } from '../../edge/api/http/guard.js'
import { updateRoutes } from '../../edge/api/http/update-routes.js'
import { rauc } from '../../edge/drivers/own/rauc.js'
import { updateFetch } from '../../edge/drivers/own/update-fetch.js'
import { updateFiles } from '../../edge/drivers/own/update-files.js'
import type { Clock } from '../../edge/ports/clock.js'
import type { FeedEvent } from '../../edge/ports/feed.js'
import { updatesService } from '../../edge/services/updates.js'
import { createActions } from '../../edge/spine/actions.js'
import { createClaims } from '../../edge/spine/claims.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { systemClock } from '../../edge/spine/system-clock.js'
import { openRecords } from './house.js'

interface Test {
  teardown(run: () => unknown): void
}

export const noRauc = existsSync('/usr/bin/rauc') && existsSync('/usr/bin/mksquashfs') ? false : 'rauc is not installed'

/** Bundles of a folder: `good`, and one signed with another key. */
export function makeBundles(folder: string, data = 1) {
  const at = (name: string) => join(folder, name)
  mkdirSync(at('root/usr'), { recursive: true })
  writeFileSync(at('root/usr/x'), 'x'.repeat(5000))
  execFileSync('mksquashfs', [at('root'), at('root.squashfs'), '-quiet', '-no-progress'])
  const make = (name: string, keys: string, minimum: string) =>
    execFileSync(resolve('image-build/updates/bundle.sh'), [at('root.squashfs'), '0.2.0', String(data), at(name)], {
      env: { ...process.env, PIERSIDE_KEYS: at(keys), MINIMUM_DATA: minimum },
      stdio: 'pipe',
    })
  make('good.raucb', 'ours', '1')
  make('foreign.raucb', 'theirs', '1')
  make('leaps.raucb', 'ours', '5')
  return {
    good: at('good.raucb'),
    foreign: at('foreign.raucb'),
    leaps: at('leaps.raucb'),
    key: at('ours/development.cert.pem'),
  }
}

export interface UpdateOrder {
  readonly key?: string
  readonly clock?: Clock
  readonly folder: string
  readonly reserveBytes?: number
}

export async function openUpdateHouse(t: Test, { key = '', clock = systemClock(), folder, reserveBytes }: UpdateOrder) {
  const at = (name: string) => join(folder, name)
  for (const name of ['run', 'media/stick', 'data', 'bin']) mkdirSync(at(name), { recursive: true })
  copyFileSync('test/support/rauc-stand-in.sh', at('bin/rauc'))
  writeFileSync(at('bin/system.conf'), `[system]\ncompatible=pierside-arm64\nbootloader=noop\n[keyring]\npath=${key}\n`)
  const records = await openRecords(clock, { folder: at('data'), reserveBytes })
  const { feed, log, store } = records
  const events: FeedEvent[] = []
  feed.listen({ event: event => events.push(event) })
  const claims = createClaims(clock, log)
  const actions = createActions({ claims, feed, clock, random: seededRandom(1), log })
  const machined: string[] = []
  const places = {
    ...{ folder: at('updates'), run: at('run'), verdict: at('update-result.json'), media: at('media') },
    pending: at('run/update-pending.json'),
  }
  const program = at('bin/rauc')
  const fetching = { folder: at('updates'), clock, pauseMs: 10, silenceMs: 2_000 }
  const open = () => {
    const service = updatesService({
      updates: { ...updateFiles({ ...places, clock }), ...rauc({ clock, log, program }), fetch: updateFetch(fetching) },
      machine: { sync: async () => void machined.push('sync'), restart: async () => void machined.push('restart') },
      ...{ store, feed, clock, log, version: '0.1.0', data: 2 },
    })
    return { service, withdraw: actions.offer(service.actions) }
  }
  let running = open()
  const who = { name: 'owner', role: 'administrator', face: 'inside' } as const
  const guard = {
    access: { whoHas: async token => ({ name: token, role: token }) },
    open: () => false,
  } as Partial<GuardParts>
  const app = express()
  app.use(updateRoutes(running.service.inlet, guard as GuardParts))
  app.use(lastResort(log))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.close()
    running.service.stop()
    await records.close()
  })
  const value = () => feed.get('update')?.value ?? {}
  return {
    ...{ at, feed, actions, claims, events, machined, value, log: records.lines },
    put: (name: string, content: unknown) => writeFileSync(at(name), JSON.stringify(content)),
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deed: async (name: string, input: object = {}) => (await actions.ask(name, input, who)).output,
    activity: async (name: string, input: object) => (await actions.ask(name, input, who)).done,
    /** Waits for the state, at most 10 s. */
    async until(seen: (value: Record<string, unknown>) => boolean) {
      for (let tries = 0; !seen(value()); tries++) {
        if (tries > 100) throw new Error(`not seen within 10 s: ${JSON.stringify(value())}`)
        await new Promise(settle => setTimeout(settle, 100))
      }
      return value()
    },
    /** As after a crash of the agent. */
    again() {
      running.service.stop()
      running.withdraw()
      running = open()
    },
  }
}
