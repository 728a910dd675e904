// Who may log in by SSH: public keys that an administrator gives on the page. Without one, here or on the card, SSH
// is off.
import { type Action, action } from '../ports/action.js'
import { Fault } from '../ports/fault.js'
import type { Feed } from '../ports/feed.js'
import type { ImageDeed } from '../ports/machine.js'
import { z } from '../ports/schema.js'
import type { Store } from '../ports/store.js'
import { sshKey } from '../rules/ssh-key.js'

export interface SshAccessParts {
  readonly store: Pick<Store, 'keep'>
  readonly feed: Feed
  readonly deed: ImageDeed
  /** Keys that stand in pierside.txt. */
  readonly onCard: number
}

const most = 16
const deedMs = 60_000

export async function sshAccess({ store, feed, deed, onCard }: SshAccessParts): Promise<Action[]> {
  const kept = await store.keep('ssh/keys', z.array(z.string()), [])
  const tell = () => {
    const keys = kept.read()
    feed.set('ssh', { on: keys.length + onCard > 0, keys: keys.map(nameOf), onCard })
  }
  tell()
  return [
    action({
      name: 'ssh-key',
      summary: 'Who may log in by SSH, as root: these public keys in place of those given here before; none is off',
      input: z.strictObject({ keys: z.string().max(40_000).describe('Public keys, one a line') }),
      output: z.object({ keys: z.number() }),
      role: 'administrator',
      claims: () => [{ name: 'ssh' }],
      settles: { kind: 'deed', deadlineMs: deedMs },
      async run({ input, signal }) {
        const keys = linesOf(input.keys)
        await deed('ssh-keys', { keys }, signal)
        await kept.write(keys)
        tell()
        return { keys: keys.length }
      },
    }),
  ]
}

/** @throws Fault `bad-input`, naming the line that is no key */
function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/).filter(line => line.trim() !== '')
  if (lines.length > most) throw new Fault('bad-input', `${lines.length} keys are too many`, `Give ${most} at most`)
  return lines.map((line, at) => {
    const key = sshKey(line)
    if (key) return key
    const fix = 'Paste a whole line of a public key, as in ~/.ssh/id_ed25519.pub'
    throw new Fault('bad-input', `line ${at + 1} is no public SSH key`, fix)
  })
}

/** Enough to tell keys apart. */
function nameOf(key: string): string {
  const [kind, blob, ...comment] = key.split(' ')
  return `${kind.replace(/^ssh-/, '')} …${blob.slice(-8)}${comment.length > 0 ? ` ${comment.join(' ')}` : ''}`
}
