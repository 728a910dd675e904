// Stands where the agent stands, to be stopped and killed: it holds a board through a keeper, as the agent does, and
// switches what it is told to. Started by `ownBoard`.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { BoardReading, OutputWord } from '../../edge/ports/keeper.js'
import { type KeeperOrder, startKeeper } from '../../edge/spine/keeper.js'
import { systemClock } from '../../edge/spine/system-clock.js'

interface Test {
  teardown(run: () => unknown): void
}

export interface Owner {
  readonly pid: number
  /** Settles when the board has done it; rejects with the words of its Fault. */
  set(channel: string, on: boolean): Promise<void>
  /** How the board stands, as last heard. */
  reading(): Promise<BoardReading>
  /** What it said of a keeper or board that it lost. */
  lost(): Promise<string[]>
  kill(signal: NodeJS.Signals): void
}

type Told = { readonly reading?: BoardReading; readonly lost?: string[]; readonly failed?: string }

const limitMs = 60_000

/** Settles when the board is open. */
export async function ownBoard(
  t: Test,
  order: Omit<KeeperOrder, 'device'>,
  loss: Readonly<Record<string, OutputWord>> = order.loss,
): Promise<Owner> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify({ ...order, loss, device: 'relays' })])
  t.teardown(() => child.kill('SIGKILL'))
  await answer(child)
  const ask = async (words: object) => {
    const heard = answer(child)
    child.send(words)
    return heard
  }
  return {
    pid: child.pid!,
    set: async (channel, on) => void (await ask({ channel, on })),
    reading: async () => (await ask({})).reading!,
    lost: async () => (await ask({})).lost!,
    kill: signal => void child.kill(signal),
  }
}

function answer(child: ChildProcess): Promise<Told> {
  return new Promise((settle, reject) => {
    const stop = () => {
      clearTimeout(limit)
      child.off('message', hear)
      child.off('exit', left)
    }
    const hear = (told: Told) => {
      stop()
      if (told.failed === undefined) settle(told)
      else reject(new Error(told.failed))
    }
    const left = () => {
      stop()
      reject(new Error('the owner of the board ended'))
    }
    const limit = setTimeout(() => {
      stop()
      reject(new Error('the owner of the board says nothing'))
    }, limitMs)
    child.on('message', hear)
    child.on('exit', left)
  })
}

async function own(order: KeeperOrder) {
  const lost: string[] = []
  const log = {
    debug() {},
    info() {},
    warn: (words: string) => lost.push(words),
    error: (words: string) => lost.push(words),
  }
  const never = new AbortController().signal
  const parts = {
    clock: systemClock(),
    log: log as never,
    entry: new URL('../../edge/main-keeper.js', import.meta.url),
    lost: ({ message }: { message: string }) => lost.push(message),
  }
  const kept = await startKeeper(order, parts, never)
  process.on('message', async ({ channel, on }: { channel?: string; on?: boolean }) => {
    try {
      if (channel !== undefined) await kept.set(channel, on!, never)
      process.send!({ reading: kept.reading(), lost } satisfies Told)
    } catch (error) {
      process.send!({ failed: (error as Error).message } satisfies Told)
    }
  })
  process.send!({ reading: kept.reading() } satisfies Told)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await own(JSON.parse(process.argv[2])).catch(error => process.send!({ failed: error.message } satisfies Told))
}
