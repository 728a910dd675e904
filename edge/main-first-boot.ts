// What root's first-boot script calls when pierside.txt has changed: takes it, puts what it says where the system and
// the agent look for it, and lays out what is to be written back to the card. It loads next to nothing, for it runs
// before everything else.
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sshKey } from './rules/ssh-key.js'
import { type BootFile, type BootWishes, readBootFile, saidOf } from './services/boot-file.js'
import { escaped, keyfileName, keyfileOf } from './services/wifi-keyfile.js'
import { readIfThere, writeWhole } from './spine/whole-file.js'

const mostKeys = 16
/** More than any such file has; a card may hold anything. */
const mostBytes = 300_000

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** What was given before; of a damaged file nothing, so that a new one can take its place. */
async function givenBefore(path: string): Promise<Partial<BootWishes>> {
  try {
    const { wishes } = JSON.parse((await readIfThere(path)) ?? '{}') as { wishes?: BootWishes }
    return wishes ?? {}
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

/** Passwords leave the file with the first reading: they are kept for the agent until it reads others. */
async function withKept(path: string, wishes: BootWishes): Promise<BootWishes> {
  const before = await givenBefore(path)
  const { hotspotPassphrase = before.hotspotPassphrase, pairingCode = before.pairingCode, ...open } = wishes
  // Networks with their passwords are NetworkManager's.
  const networks = wishes.networks.map(({ name }) => ({ name }))
  return { ...open, networks, hotspotPassphrase, pairingCode }
}

/** Keeps what can be joined; a network whose password was taken before is known already, or forgotten since. */
async function keepNetworks(folder: string, { networks }: BootWishes): Promise<void> {
  for (const network of networks) {
    if (network.taken && network.password === undefined) continue
    await writeWhole(join(folder, keyfileName(network)), keyfileOf(network), 0o600)
  }
}

/**
 * @param from pierside.txt
 * @param state folder of root's own that is kept; in it `given.json` is for the agent, `hotspot-psk` for network-start,
 *   `to-card/` for the card
 * @param connections NetworkManager's folder
 */
async function takeBootFile(from: string, state: string, connections: string): Promise<BootFile> {
  const read = readBootFile(await firstBytes(from))
  const { wishes, complaints } = read
  await keepNetworks(connections, wishes)
  await writeWhole(join(state, 'ssh-keys'), wishes.sshKeys.map(line => `${line}\n`).join(''), 0o600)
  await writeWhole(join(state, 'hostname'), wishes.hostname ? `${wishes.hostname}\n` : '')
  const { hotspotPassphrase } = wishes
  if (hotspotPassphrase !== undefined)
    await writeWhole(join(state, 'hotspot-psk'), `${escaped(hotspotPassphrase)}\n`, 0o600)
  const given = join(state, 'given.json')
  await writeWhole(given, `${JSON.stringify({ wishes: await withKept(given, wishes), complaints })}\n`, 0o640)

  const card = join(state, 'to-card')
  await rm(card, { recursive: true, force: true })
  await mkdir(card, { recursive: true })
  // An empty file takes away the one that lies there.
  await writeWhole(join(card, 'pierside-said.txt'), saidOf(read) ?? '')
  if (read.without !== undefined) await writeWhole(join(card, 'pierside.txt'), read.without)
  return read
}

/** @param from the agent's order, `{keys: […]}`; of one that is no key, or is too much, nothing is taken */
async function takeKeys(from: string, to: string): Promise<void> {
  const { keys } = JSON.parse(Buffer.from(await firstBytes(from)).toString()) as { keys: unknown }
  if (!Array.isArray(keys) || keys.length > mostKeys) throw new Error(`the order has to name at most ${mostKeys} keys`)
  const lines = keys.map(one => (typeof one === 'string' ? sshKey(one) : undefined))
  if (lines.includes(undefined)) throw new Error('what the order names is no public SSH key')
  await writeWhole(to, lines.map(line => `${line}\n`).join(''), 0o600)
}

const [verb, ...paths] = process.argv.slice(2)
if (verb === 'boot-file' && paths.length === 3) {
  const { complaints } = await takeBootFile(paths[0], paths[1], paths[2])
  for (const { line, words } of complaints) process.stdout.write(`pierside.txt, line ${line}: ${words}\n`)
} else if (verb === 'ssh-keys' && paths.length === 2) {
  await takeKeys(paths[0], paths[1])
} else {
  throw new Error('main-first-boot.js boot-file FILE STATE CONNECTIONS, or ssh-keys ORDER FILE')
}
