// RAUC, which judges bundles and puts them into the other slot: its program, as its own user and not as root. What it
// may be asked for over D-Bus stands in image-build/updates.
import type { Clock } from '../../ports/clock.js'
import { Fault, reasonOf } from '../../ports/fault.js'
import type { Log } from '../../ports/log.js'
import { z } from '../../ports/schema.js'
import type { BundleFacts, Updates } from '../../ports/updates.js'
import { findProgram, runProgram } from '../link/program.js'

export interface RaucParts {
  readonly clock: Clock
  readonly log: Log
  /** The program, and a configuration other than the system's. */
  readonly program?: string
  readonly conf?: string
}

/** `rauc info --output-format=json`; our bundles say of the data in their description, see bundle.sh. */
const info = z.object({ version: z.string(), description: z.string().nullish() })

/** All of it is read, from a slow card. */
const infoMs = 120_000
const installMs = 45 * 60_000

export function rauc({ clock, log, program = 'rauc', conf }: RaucParts): Pick<Updates, 'inspect' | 'install'> {
  const run = async (args: readonly string[], deadlineMs: number, signal: AbortSignal, onText: (t: string) => void) => {
    const found = await clock.outside(findProgram(program))
    if (!found) throw new Fault('unsupported', `${program} is not here`, 'Only Pierside’s own image takes updates')
    const limit = clock.deadline(deadlineMs, 'the update', signal)
    const out = new TextDecoder()
    try {
      const order = { program: found, args: conf ? ['--conf', conf, ...args] : args, clock, log }
      const onBytes = (bytes: Uint8Array) => onText(out.decode(bytes, { stream: true }))
      const ending = await clock.outside(runProgram({ ...order, onBytes, onWords: onText }, limit.signal))
      if (limit.signal.aborted) throw reasonOf(limit.signal)
      return ending
    } finally {
      limit.cancel()
    }
  }

  return {
    async inspect(path, signal): Promise<BundleFacts> {
      let text = ''
      const { how } = await run(['info', '--output-format=json', path], infoMs, signal, more => {
        text = (text + more).slice(-mostText)
      })
      const said = jsonIn(text)
      if (how !== 'ended' || !said) throw refused(text, path)
      const { version, description } = said
      const shapes = /data (\d+), from (\d+)/.exec(description ?? '')
      return { version, ...(shapes && { data: Number(shapes[1]), minimumData: Number(shapes[2]) }) }
    },
    async install(path, tell, signal) {
      let text = ''
      let line = ''
      const { how } = await run(['install', path], installMs, signal, more => {
        text = (text + more).slice(-mostText)
        const lines = (line + more).split(/[\r\n]+/)
        line = (lines.pop() as string).slice(-500)
        for (const one of lines) {
          const step = /^\s*(\d{1,3})% (.+?)\.?$/.exec(one)
          if (step) tell(Number(step[1]), step[2])
        }
      })
      if (how === 'ended') return
      const reason = /LastError: (.+)/.exec(text)?.[1] ?? lastLine(text) ?? how
      const fix = 'What runs is untouched. Send the bundle again; the log of the box says more'
      throw new Fault('broken', `the new version could not be put in: ${reason}`, fix)
    },
  }
}

const mostText = 64 * 1024

function jsonIn(text: string): z.output<typeof info> | undefined {
  const line = text.split('\n').find(one => one.startsWith('{'))
  if (!line) return undefined
  try {
    return info.safeParse(JSON.parse(line)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function refused(text: string, path: string): Fault {
  const name = path.split('/').at(-1)
  const fix =
    'Take the bundle for this image, from whoever made it; one you signed yourself needs an image built with your key'
  if (/signature verification failed|verify error|signature is not/i.test(text)) {
    return new Fault('bad-input', `${name} is not signed with the key this box trusts`, fix)
  }
  if (/exclusive bundle access|unsafe bundle/i.test(text)) {
    return new Fault('busy', `${name} is held by an installation that broke off`, 'Send it again')
  }
  return new Fault('bad-input', `${name} is no sound update: ${lastLine(text) ?? 'rauc says nothing'}`, fix)
}

/** Without the program's name and clock in front. */
function lastLine(text: string): string | undefined {
  const line = text
    .split('\n')
    .map(one => one.trim())
    .filter(one => one !== '')
    .at(-1)
  return line?.replace(/^.*?rauc[^:]*: (?:[\d:.]+: )?/i, '').replaceAll(/\/\S*\//g, '')
}
