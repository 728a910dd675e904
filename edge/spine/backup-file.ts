// A backup as one file: the configuration, who is paired, each service's small state, and the secrets only beneath a
// passphrase. JSON, so that an owner can read in ten years what stands in it; its sum tells a damaged one.
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto'
import { Fault } from '../ports/fault.js'
import { complaints, z } from '../ports/schema.js'

/** Only what a later agent could not read any more makes this larger. */
const layout = 1
const magic = 'pierside-backup'
export const leastPassphrase = 8
export const mostBackupBytes = 8 * 2 ** 20

/** RFC 7914: 32 MB and about a tenth of a second on a Pi 4 for each guess. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 }
const keyBytes = 32
const base64 = z.string().regex(/^[A-Za-z0-9+/]*=*$/)

const sealed = z.strictObject({
  how: z.literal('scrypt-32768-8-1 aes-256-gcm'),
  salt: base64,
  nonce: base64,
  tag: base64,
  text: base64,
})

const body = z.strictObject({
  backup: z.literal(magic),
  layout: z.int(),
  /** Version of the agent that made it. */
  madeBy: z.string().regex(/^\d+\.\d+\.\d+/),
  madeAt: z.iso.datetime(),
  node: z.string(),
  config: z.string(),
  /** Text of access.json: hashes of tokens, never a token. */
  access: z.string().optional(),
  kept: z.record(z.string(), z.string()),
  secrets: sealed.optional(),
})
const file = body.extend({ sum: z.string() })

export interface BackupContent {
  /** Text of the configuration that is in force. */
  readonly config: string
  readonly access?: string
  /** Name to JSON text. */
  readonly kept: Readonly<Record<string, string>>
  /** Text of secrets.yaml. */
  readonly secrets?: string
}

export interface BackupFile {
  readonly content: BackupContent
  readonly madeBy: string
  readonly madeAt: string
  readonly node: string
  /** It holds secrets, opened or not. */
  readonly hasSecrets: boolean
}

/** @param passphrase without one the secrets are left out. @throws Fault `bad-input` for a short one */
export async function writeBackup(
  { secrets, ...open }: BackupContent,
  about: { readonly version: string; readonly node: string; readonly atMs: number },
  passphrase: string | undefined,
): Promise<string> {
  if (passphrase !== undefined && passphrase.length < leastPassphrase) {
    const words = `the passphrase has ${passphrase.length} characters`
    throw new Fault('bad-input', words, `Take ${leastPassphrase} or more, or leave it out: then the secrets stay here`)
  }
  const made = {
    ...{ backup: magic, layout, madeBy: about.version, madeAt: new Date(about.atMs).toISOString(), node: about.node },
    ...open,
    ...(passphrase !== undefined && secrets !== undefined && { secrets: await seal(secrets, passphrase) }),
  }
  return `${JSON.stringify({ ...made, sum: sumOf(made) }, null, 1)}\n`
}

/**
 * The whole file, checked; the secrets opened where a passphrase is given.
 * @throws Fault `bad-input` for what is no backup, is damaged, or has another passphrase; `unsupported` for one of a
 * newer agent
 */
export async function readBackup(text: string, version: string, passphrase: string | undefined): Promise<BackupFile> {
  const json = parsed(text)
  const { backup, layout: theirs, madeBy = '?' } = Object(json) as Partial<z.output<typeof body>>
  if (backup !== magic) throw noBackup('it does not say that it is one')
  // Before the schema: what is newer may look otherwise.
  if (Number(theirs) > layout || isNewer(String(madeBy), version)) {
    throw new Fault(
      'unsupported',
      `the backup was made by Pierside ${madeBy}, and this is ${version}: it may hold what this one does not know`,
      'Update this box first, then restore it',
    )
  }
  const whole = file.safeParse(json)
  if (!whole.success) throw noBackup(complaints(whole.error).join('; '))
  const { sum, ...made } = whole.data
  if (sum !== sumOf(made)) throw noBackup('its sum is not right: it was damaged or changed')
  const { config, access, kept, secrets, madeAt, node } = made
  const opened = secrets && passphrase !== undefined ? await unseal(secrets, passphrase) : undefined
  return {
    content: { config, access, kept, secrets: opened },
    madeBy: made.madeBy,
    madeAt,
    node,
    hasSecrets: secrets !== undefined,
  }
}

const noBackup = (why: string) =>
  new Fault('bad-input', `that is no whole backup of Pierside: ${why}`, 'Choose the file as it was downloaded')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw noBackup('it is cut off, or no backup at all')
  }
}

/** Whether `one` is newer than `other`, by their three numbers. */
function isNewer(one: string, other: string): boolean {
  const numbers = (version: string) => version.split(/[.+-]/, 3).map(Number)
  const [left, right] = [numbers(one), numbers(other)]
  const at = left.findIndex((part, place) => part !== right[place])
  return at >= 0 && left[at] > right[at]
}

/** Of the fields in the order of their names, so that whoever writes the file anew changes nothing. */
function sumOf(made: object): string {
  const ordered = JSON.stringify(made, (_key, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(ordered).digest('hex')
}

async function seal(text: string, passphrase: string): Promise<z.output<typeof sealed>> {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)]
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt), nonce)
  const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  const parts = { salt, nonce, tag: cipher.getAuthTag(), text: hidden }
  const written = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes.toString('base64')]))
  return sealed.parse({ how: 'scrypt-32768-8-1 aes-256-gcm', ...written })
}

async function unseal({ salt, nonce, tag, text }: z.output<typeof sealed>, passphrase: string): Promise<string> {
  const bytes = (part: string) => Buffer.from(part, 'base64')
  const key = await keyOf(passphrase, bytes(salt))
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, bytes(nonce), { authTagLength: 16 }).setAuthTag(bytes(tag))
    return Buffer.concat([cipher.update(bytes(text)), cipher.final()]).toString('utf8')
  } catch (cause) {
    throw new Fault('bad-input', 'the passphrase is not the one of this backup', 'Type it as when it was made', {
      cause,
    })
  }
}

function keyOf(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((settle, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, keyBytes, cost, (error, key) => (error ? reject(error) : settle(key)))
  })
}
