// One run of a program outside: what it gives, its last words, and its end, which comes within seconds of being asked.
import { type ChildProcess, spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'

export interface Run {
  /** Full path, see findProgram. */
  readonly program: string
  readonly args: readonly string[]
  readonly clock: Clock
  readonly log: Log
  /** What it is told on stdin; nothing when absent. */
  readonly input?: string
  onBytes(bytes: Uint8Array): void
  /** What it says on stderr, as it comes. */
  onWords?(text: string): void
}

/** How it ended, in its own words: at most the last two lines of stderr, without what an address may hide. */
export interface Ending {
  readonly how: string
  /** What ended it, where a signal did: SIGSEGV when it crashed. */
  readonly signal?: NodeJS.Signals
  readonly words: string
}

/** Asked nicely, it may say goodbye to a network camera; after that it is made to go. */
const politeMs = 1_000
/** A program that even SIGKILL does not end hangs in the kernel, on a device; it is left behind and said so. */
const stuckMs = 2_000
const wordsKept = 4_096

/** The path of a program named in PATH or by its own path; undefined when there is none that may be run. */
export async function findProgram(name: string): Promise<string | undefined> {
  const places = name.includes('/')
    ? [name]
    : (process.env.PATH ?? '/usr/bin:/bin').split(':').map(folder => path.join(folder || '.', name))
  for (const place of places) {
    const there = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return place
  }
  return undefined
}

/**
 * Runs until it ends by itself or `signal` ends it; settles only when it is gone, at most 3 s after the signal.
 * Where util-linux has setpriv, the kernel kills it with the agent; elsewhere it ends at its next write to the closed
 * pipe.
 */
export async function runProgram(
  { program, args, clock, log, input, onBytes, onWords }: Run,
  signal: AbortSignal,
): Promise<Ending> {
  const leash = await findProgram('setpriv')
  if (signal.aborted) return { how: 'was not started', words: '' }
  const child = leash
    ? spawn(leash, ['--pdeathsig', 'KILL', '--', program, ...args], spawning)
    : spawn(program, [...args], spawning)
  // One that ends without having heard it all says itself why.
  child.stdin.on('error', () => child.stdin.destroy()).end(input)
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-wordsKept)
    onWords?.(text)
  })
  child.stdout.on('data', (bytes: Buffer) => {
    if (!signal.aborted) onBytes(bytes)
  })
  const over = endOf(child)
  const ask = () => {
    child.kill('SIGTERM')
    harder = clock.after(politeMs, () => child.kill('SIGKILL'))
    last = clock.after(politeMs + stuckMs, () => {
      log.warn(`${program} (process ${child.pid}) does not end; it is left behind`)
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
      leave.abort()
    })
  }
  let harder: { cancel(): void } | undefined
  let last: { cancel(): void } | undefined
  const leave = new AbortController()
  signal.addEventListener('abort', ask, { once: true })
  try {
    const left = new Promise<End>(settle => {
      leave.signal.addEventListener('abort', () => settle({ how: 'was left behind' }), { once: true })
    })
    return { ...(await Promise.race([over, left])), words: lastWords(words) }
  } finally {
    signal.removeEventListener('abort', ask)
    harder?.cancel()
    last?.cancel()
  }
}

const spawning = {
  stdio: 'pipe' as const,
  shell: false,
  // Nothing of the agent's own environment (passwords may stand there) but where programs are.
  env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', AV_LOG_FORCE_NOCOLOR: '1' },
}

type End = Omit<Ending, 'words'>

function endOf(child: ChildProcess): Promise<End> {
  return new Promise(settle => {
    child.once('error', error => settle({ how: `could not be started (${error.message})` }))
    child.once('close', (code, signal) =>
      settle(
        signal ? { how: `was ended by ${signal}`, signal } : { how: `ended${code === 0 ? '' : ` with code ${code}`}` },
      ),
    )
  })
}

function lastWords(text: string): string {
  // What was cut off at its front may begin in the middle of an address.
  const whole = text.length < wordsKept ? text : text.slice(text.search(/[\r\n]/) + 1)
  const lines = whole
    .split(/[\r\n]+/)
    .map(line => line.replace(/^\[[^\]]*\]\s*/, '').trim())
    .filter(line => line !== '')
  return [...new Set(lines)].slice(-2).map(withoutSecrets).join('; ')
}

/** Of addresses only the host: cameras want their password before it, in the path or behind the question mark. */
const withoutSecrets = (line: string) => line.replace(/([a-z]+:\/\/)(?:\S*@)?([^\s/?#@]*)\S*?(:?)(?=\s|$)/gi, '$1$2$3')
