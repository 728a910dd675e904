// Who may act: one-time pairing codes, tokens kept as hashes, roles. Looking needs nothing.
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Role, roles, type Who } from '../ports/action.js'
import type { Clock } from '../ports/clock.js'
import { Fault } from '../ports/fault.js'
import type { Log } from '../ports/log.js'
import { complaints, z } from '../ports/schema.js'
import { alone, changedMs, readIfThere, writeWhole } from './whole-file.js'

const ticket = z.strictObject({
  name: z.string(),
  role: z.enum(roles),
  /** SHA-256 of the token, hex: the token itself is told once and kept nowhere. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
  issuedMs: z.number(),
})
const ledger = z.strictObject({ tokens: z.array(ticket) })
type Ticket = z.infer<typeof ticket>

/** A code lives this long, and this many wrong guesses end it. */
export const codeMs = 10 * 60_000
const guesses = 5
const mostTokens = 200
/** For a page to come up under another name. */
const passMs = 30_000
const mostPasses = 32
const localName = 'this machine'

/** What hangs on a pairing code. */
export interface Invitation {
  /** Somebody has paired with it; their token is valid already, and told when this settles. */
  used(): Promise<void>
  /** It was guessed at too often, or another one has taken its place. Not called when its time is over. */
  lost(): void
}

interface Code {
  readonly digits: string
  readonly role: Role
  readonly invitation: Invitation | undefined
  readonly untilMs: number
  left: number
}

export interface Access {
  /** Whom a token belongs to; undefined when nobody. */
  whoHas(token: string): Promise<Pick<Who, 'name' | 'role'> | undefined>
  /** A fresh one-time code of eight digits for ten minutes; the one before it is void. */
  pairingCode(role: Role, invitation?: Invitation): string
  /** A one-time code that its owner has chosen; it lasts as long as this process. */
  expect(digits: string, role: Role, invitation?: Invitation): void
  /** A one-time code, for half a minute, by which whoever has the token gets it under another name of the box. */
  passOn(token: string, at: string): string
  /** The token behind such a code, for who asked for it at the same address; undefined for anything else. */
  takeOver(code: string, at: string): Promise<{ token: string; role: Role; name: string } | undefined>
  /** A token for whoever knows the code. Throws `unpaired` for a wrong, used or old one. */
  pair(code: string, name: string): Promise<{ token: string; role: Role; name: string }>
  issue(name: string, role: Role): Promise<string>
  forget(token: string): Promise<void>
  /**
   * An administrator's token for the command line of this machine, in `<folder>/cli.token`, 0600; anew at each start.
   */
  issueLocal(): Promise<void>
  names(): { name: string; role: Role; issuedMs: number }[]
}

/**
 * Tokens live in `<folder>/access.json`, 0600. Of a damaged file nothing is known: it is kept beside its place,
 * everybody pairs again, and the page is there to do so.
 */
export async function openAccess(folder: string, clock: Clock, log?: Pick<Log, 'warn'>): Promise<Access> {
  const path = join(folder, 'access.json')
  let tickets: Ticket[] = await readTickets(path).catch(async error => {
    if (!(error instanceof Fault)) throw error
    await rename(path, `${path}.damaged`)
    log?.warn(`who was paired is not known any more: ${error.message}; the file is kept as ${path}.damaged`)
    return []
  })
  let readMs = await changedMs(path)
  const codes = new Map<'asked' | 'expected', Code>()
  const passes = new Map<string, { readonly token: string; readonly at: string; readonly untilMs: number }>()
  let changing: Promise<unknown> = Promise.resolve()

  /** One change after another, each upon what is in the file: two phones that pair at once both get in. */
  const change = (edit: (known: Ticket[]) => Ticket[]): Promise<void> => {
    const write = () =>
      alone(`${path}.lock`, clock, async () => {
        const next = edit(await readTickets(path))
        await writeWhole(path, `${JSON.stringify({ tokens: next }, null, 1)}\n`, 0o600)
        tickets = next
      })
    const mine = changing.then(write)
    // Whoever asked for a change hears that it failed; the next one is made all the same.
    changing = Promise.allSettled([mine])
    return mine
  }
  const issue = async (name: string, role: Role) => {
    const token = randomBytes(24).toString('base64url')
    await change(known => {
      const others = known.filter(one => one.name !== localName || name !== localName)
      if (others.length >= mostTokens) {
        throw new Fault('bad-input', `${mostTokens} tokens are out`, 'Unpair what is no longer used')
      }
      return [...others, { name, role, hash: hashOf(token), issuedMs: clock.now() }]
    })
    return token
  }

  const whoHas = async (token: string) => {
    const hash = Buffer.from(hashOf(token))
    const known = () => tickets.find(one => timingSafeEqual(Buffer.from(one.hash), hash))
    let found = known()
    // Another process (`pierside token new`) may have issued it since we read the file.
    if (!found && (await changedMs(path)) !== readMs) {
      readMs = await changedMs(path)
      tickets = await readTickets(path)
      found = known()
    }
    return found && { name: found.name, role: found.role }
  }

  return {
    whoHas,
    passOn(token, at) {
      const code = randomBytes(15).toString('base64url')
      passes.set(code, { token, at, untilMs: clock.monotonicMs() + passMs })
      for (const oldest of passes.keys()) if (passes.size > mostPasses) passes.delete(oldest)
      return code
    },
    async takeOver(code, at) {
      const pass = passes.get(code)
      if (!pass || pass.at !== at || clock.monotonicMs() > pass.untilMs) return undefined
      passes.delete(code)
      const who = await whoHas(pass.token)
      return who && { token: pass.token, ...who }
    },
    pairingCode(role, invitation) {
      const digits = String(randomInt(100_000_000)).padStart(8, '0')
      codes.get('asked')?.invitation?.lost()
      codes.set('asked', { digits, role, invitation, untilMs: clock.monotonicMs() + codeMs, left: guesses })
      return digits
    },
    expect(digits, role, invitation) {
      codes.set('expected', { digits, role, invitation, untilMs: Number.POSITIVE_INFINITY, left: guesses })
    },
    async pair(given, name) {
      const digits = given.replace(/\D/g, '')
      // Of a link that is too old, and no guess at a code.
      if (/[a-z]/i.test(given)) {
        throw new Fault('unpaired', 'this link has been used, or is too old', 'Pair with a code, or open the box anew')
      }
      for (const [kind, { untilMs }] of codes) if (clock.monotonicMs() > untilMs) codes.delete(kind)
      if (codes.size === 0) {
        throw new Fault(
          'unpaired',
          'there is no pairing code now',
          'Run `pierside token new` or press enter in its terminal for a new code',
        )
      }
      const right = [...codes].find(([, one]) => one.digits === digits)
      if (!right) {
        for (const [kind, one] of codes) {
          if (--one.left > 0) continue
          codes.delete(kind)
          one.invitation?.lost()
        }
        throw new Fault('unpaired', 'the pairing code is not right', 'Type the eight digits that the terminal shows')
      }
      const [kind, { role, invitation }] = right
      codes.delete(kind)
      const token = await issue(name, role)
      await invitation?.used()
      return { token, role, name }
    },
    issue,
    async issueLocal() {
      await writeWhole(join(folder, 'cli.token'), `${await issue(localName, 'administrator')}\n`, 0o600)
    },
    async forget(token) {
      const hash = hashOf(token)
      await change(known => known.filter(one => one.hash !== hash))
    },
    names: () => tickets.map(({ name, role, issuedMs }) => ({ name, role, issuedMs })),
  }
}

/**
 * The tickets of two ledgers in one, as a restored backup wants them: whoever restores it stays paired. Without this
 * machine's own, whose token is made anew at each start.
 * @throws Fault `bad-input` for what is no ledger
 */
export function joinedLedgers(...texts: readonly (string | undefined)[]): string {
  const all = texts.flatMap(text => (text === undefined ? [] : ticketsIn(text, 'the list of pairings')))
  const byHash = new Map(all.filter(({ name }) => name !== localName).map(one => [one.hash, one]))
  return `${JSON.stringify({ tokens: [...byHash.values()].slice(-mostTokens) }, null, 1)}\n`
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

async function readTickets(path: string): Promise<Ticket[]> {
  const text = await readIfThere(path)
  return text === undefined ? [] : ticketsIn(text, path)
}

function ticketsIn(text: string, path: string): Ticket[] {
  const fix = 'Remove the file; everybody pairs again'
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new Fault('bad-input', `${path} is no JSON`, fix, { cause })
  }
  const parsed = ledger.safeParse(json)
  if (parsed.success) return parsed.data.tokens
  throw new Fault('bad-input', `${path}: ${complaints(parsed.error).join('; ')}`, fix)
}
