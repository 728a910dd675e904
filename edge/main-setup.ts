// The first set-up of Pierside's own image: what root's first boot has left for us, and what becomes of it. The
// script of that is image-build/first-boot/files/usr/lib/pierside-image/first-boot.
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { SetUpRouteParts } from './api/http/setup-routes.js'
import type { HeldConfig } from './main-settings.js'
import type { Clock } from './ports/clock.js'
import { Fault } from './ports/fault.js'
import type { Feed } from './ports/feed.js'
import type { Log } from './ports/log.js'
import type { ImageDeed } from './ports/machine.js'
import { z } from './ports/schema.js'
import type { SetUpRadio } from './ports/setup.js'
import type { Kept, Store } from './ports/store.js'
import { showOnLamp } from './services/box-lamp.js'
import {
  fresh,
  type Given,
  givenSchema,
  nothingSetUp,
  type SetUpRecord,
  type SetUpService,
  setUpRecord,
  setUpService,
  takenWith,
} from './services/setup.js'
import { sshAccess } from './services/ssh-access.js'
import { type Access, codeMs } from './spine/access.js'
import type { ActionTable } from './spine/actions.js'
import { qrAsSvg } from './spine/qr-code.js'
import { readIfThere, writeWhole } from './spine/whole-file.js'

const places = z.object({ system: z.string().default('/data/system') })
const cardKeys = z.object({ wishes: z.object({ sshKeys: z.array(z.string()).default([]) }) })
const identitySchema = z.object({
  node: z.string().regex(/^[a-z0-9_-]{1,40}$/),
  suffix: z.string().regex(/^[0-9A-Za-z]{0,8}$/),
})
/** Where the first boot could not give it one: it is said on the page, and the night goes on. */
const nameless: Identity = { node: 'pierside', suffix: '' }
const nothingGiven: Given = { wishes: {}, complaints: [] }
const damagedWords = 'what the box took from this file is damaged: change something in it, and restart the box'
const damaged: Given = { wishes: {}, complaints: [{ line: 1, words: damagedWords }] }
/** Of a damaged record: a box that had one is not opened to whoever comes first; resetting the network does that. */
const lostRecord: SetUpRecord = { done: true, passphrase: true, administrator: true, taken: {} }
type Identity = z.output<typeof identitySchema>

export interface FirstBoot {
  readonly identity: Identity
  readonly given: Given
  /** How many there are in pierside.txt. */
  readonly sshKeys: number
  readonly record: Kept<SetUpRecord>
}

/**
 * Reads it before anything starts, and puts the box's name and the card's site into the configuration, each once:
 * what the owner changes on the page afterwards stays so.
 * @param image PIERSIDE_IMAGE; undefined anywhere else, and then there is no first boot
 */
export async function readFirstBoot(
  image: string | undefined,
  data: string,
  held: HeldConfig,
): Promise<FirstBoot | undefined> {
  if (image === undefined) return undefined
  const { system } = places.parse(JSON.parse(await readFile(image, 'utf8')))
  const identity = soundOr(nameless, identitySchema, await readIfThere(join(system, 'identity.json')))
  const text = await readIfThere(join(system, 'first-boot/given.json'))
  const given = soundOr(text === undefined ? nothingGiven : damaged, givenSchema, text)
  const { sshKeys } = soundOr({ wishes: { sshKeys: [] } }, cardKeys, text).wishes
  const record = await keptFile(join(data, 'setup.json'))
  if (!Object.hasOwn(Object(held.loose().mqtt), 'node')) await held.merge({ mqtt: { node: identity.node } })
  const { siteName, latitudeDeg, longitudeDeg, elevationMetres } = fresh(given.wishes, record.read().taken)
  const site = { name: siteName, latitude: latitudeDeg, longitude: longitudeDeg, elevation: elevationMetres }
  const wished = Object.fromEntries(Object.entries(site).filter(([, value]) => value !== undefined))
  const first = { identity, sshKeys: sshKeys.length, record }
  if (Object.keys(wished).length === 0) return { ...first, given }
  try {
    await held.merge({ site: wished })
  } catch (error) {
    // The box starts all the same: its page is where its owner is told.
    if (!(error instanceof Fault && error.code === 'bad-input')) throw error
    const words = `the site is not taken: ${error.message}`
    return { ...first, given: { ...given, complaints: [...given.complaints, { line: 1, words }] } }
  }
  const place = { siteName, latitudeDeg, longitudeDeg, elevationMetres }
  await record.write({ ...record.read(), taken: takenWith(record.read().taken, place) })
  return { ...first, given }
}

/** What stands there, or the other where nothing does or nothing that can be read: the box starts all the same. */
function soundOr<T>(other: T, schema: { safeParse(value: unknown): { data?: T } }, text: string | undefined): T {
  try {
    return (text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data) ?? other
  } catch (error) {
    if (error instanceof SyntaxError) return other
    throw error
  }
}

/** A file, since root's reset has to be able to take it away. */
async function keptFile(path: string): Promise<Kept<SetUpRecord>> {
  const text = await readIfThere(path)
  let value = text === undefined ? nothingSetUp : soundOr(lostRecord, setUpRecord, text)
  return {
    read: () => value,
    async write(next) {
      await writeWhole(path, `${JSON.stringify(next)}\n`, 0o600)
      value = next
    },
  }
}

/** What else the first boot has brought: SSH by keys, and the lamp. */
export async function bringOwnBox(
  { sshKeys }: FirstBoot,
  { actions, deed, ...ground }: OwnBoxGround,
): Promise<() => void> {
  actions.offer(await sshAccess({ ...ground, deed, onCard: sshKeys }))
  return showOnLamp({ ...ground, log: ground.log.named('lamp'), deed })
}

export interface OwnBoxGround {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly actions: ActionTable
  readonly deed: ImageDeed
}

export interface SetUpGround {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  readonly access: Access
  readonly held: HeldConfig
  readonly radio?: SetUpRadio
  setZone?(zone: string, signal: AbortSignal): Promise<void>
}

export function startSetUp({ identity, given, record }: FirstBoot, ground: SetUpGround): SetUpService {
  const { access, held } = ground
  return setUpService({
    ...ground,
    log: ground.log.named('set-up'),
    ...{ given, record, codeMs, ssid: ['Pierside', identity.suffix].filter(Boolean).join('-') },
    invite: invitation => access.pairingCode('administrator', invitation),
    expect: (digits, invitation) => access.expect(digits, 'administrator', invitation),
    nameSite: name => held.merge({ site: { name } }),
  })
}

/** @param feed says at `network` what the box is called, once that is known */
export const setUpFace = (setUp: SetUpService, feed: Pick<Feed, 'get'>): SetUpRouteParts => ({
  ...{ setUp, qr: qrAsSvg },
  name: () => String(feed.get('network')?.value.name ?? `${hostname().toLowerCase().split('.')[0]}.local`),
})
