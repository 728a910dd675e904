// The agent's side of a camera's process: starts it, asks it one thing at a time, and ends it when it does not answer.
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../../../ports/child-environment.js'
import type { Clock } from '../../../ports/clock.js'
import { Fault } from '../../../ports/fault.js'
import type { AsiAnswer, AsiAsk, AsiWord, AsiWork } from './asi-words.js'

const wordsKept = 2_000
/** Of the 5 s that closing may take. */
const leaveMs = 3_500
/** More than any order and the looks at the temperature beside it. */
const mostWaiting = 8
/** Not in Node's list: a file without a name from the beginning (open(2), the same number on every Linux). */
const withoutName = 0o20000000 | constants.O_DIRECTORY

export interface AsiProcess {
  /** Aborted with the reason when it has died, hangs, or was closed. */
  readonly gone: AbortSignal
  /**
   * Settles with its answer. Rejects with its Fault, `busy` when too much waits, `timeout` after `ms`, which ends it,
   * or the reason it is gone for.
   */
  ask<K extends AsiWord>(word: K, input: Parameters<AsiWork[K]>[0], ms: number): Promise<ReturnType<AsiWork[K]>>
  /** Nothing is asked just now. */
  idle(): boolean
  /** The first bytes of the shared memory, into `bytes`. */
  pixels(bytes: Uint8Array): Promise<void>
  /** It leaves the camera switched off and closed, and ends. Idempotent. */
  close(): Promise<void>
}

export interface AsiProcessParts {
  readonly clock: Clock
  /** For messages: `camera main`. */
  readonly name: string
  /** Called once, when it is gone and nobody asked it to go. */
  lost(fault: Fault): void
}

/** Rejects with `broken` where no memory can be shared or the process cannot be started. */
export async function startAsiProcess(parts: AsiProcessParts): Promise<AsiProcess> {
  let memory: FileHandle
  try {
    memory = await open('/dev/shm', constants.O_RDWR | withoutName, 0o600)
  } catch (error) {
    const words = `${parts.name}: no memory can be shared with its process (${(error as Error).message})`
    throw new Fault('broken', words, 'Mount a tmpfs on /dev/shm', { cause: error })
  }
  const entry = fileURLToPath(new URL('./asi-child.js', import.meta.url))
  // A group of its own: Ctrl-C at the terminal is for the agent.
  const child = spawn(process.execPath, [...process.execArgv, '--max-semi-space-size=1', entry], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', memory.fd],
    detached: true,
    env: childEnvironment(),
  })
  return talkTo(child, memory, parts)
}

function talkTo(child: ChildProcess, memory: FileHandle, { clock, name, lost }: AsiProcessParts): AsiProcess {
  const gone = new AbortController()
  const answers = new Map<number, (answer: AsiAnswer) => void>()
  let words = ''
  let asked = 0
  let waiting = 0
  let tail: Promise<unknown> = Promise.resolve()
  let unwanted = false
  let closing: Promise<void> | undefined

  const lose = (fault: Fault) => {
    if (gone.signal.aborted) return
    gone.abort(fault)
    if (!unwanted) lost(fault)
  }
  const printed = [child.stdout!, child.stderr!].map(stream => {
    stream.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-wordsKept)
    })
    return new Promise<void>(settle => stream.once('close', settle))
  })
  const over = new Promise<void>(settle => {
    const end = (how: string) => {
      const last = words.trim().split('\n').slice(-2).join('; ')
      const said = last === '' ? '' : `: ${last}`
      lose(new Fault('broken', `the process of ${name} ${how}${said}`, 'It is started again by itself'))
      settle()
    }
    child.once('error', error => end(`could not be started (${error.message})`))
    // Node's own 'close' does not come once the pipe to it is closed from here.
    child.once('exit', (code, signal) => {
      void Promise.all(printed).then(() => end(signal ? `was ended by ${signal}` : `ended with code ${code}`))
    })
  })
  child.on('message', message => {
    const answer = message as AsiAnswer
    answers.get(answer.id)?.(answer)
  })

  const askNow = async <K extends AsiWord>(word: K, input: Parameters<AsiWork[K]>[0], ms: number) => {
    gone.signal.throwIfAborted()
    const id = ++asked
    const answered = new Promise<AsiAnswer>(settle => answers.set(id, settle))
    const deadline = clock.deadline(ms, `${name}, asked to ${word},`, gone.signal)
    try {
      const ask: AsiAsk = { id, word, input }
      // What cannot be sent is known by the end of the process.
      child.send(ask, () => undefined)
      const { value, fault } = await deadline.race(clock.outside(answered))
      if (!fault) return value as ReturnType<AsiWork[K]>
      const told = new Fault(fault.code, fault.message.replace('the ASI camera', name), fault.fix)
      if (told.code === 'offline') lose(told)
      throw told
    } catch (error) {
      if (deadline.signal.aborted && !gone.signal.aborted) {
        const late = `${name} has not answered for ${ms / 1000} s (${word}): its process is ended`
        lose(new Fault('timeout', late, 'Look at its cable and power; it is opened again by itself', { cause: error }))
        child.kill('SIGKILL')
        throw gone.signal.reason
      }
      throw error
    } finally {
      answers.delete(id)
      deadline.cancel()
    }
  }
  return {
    gone: gone.signal,
    idle: () => waiting === 0,
    async ask(word, input, ms) {
      if (waiting >= mostWaiting) throw new Fault('busy', `${name} has much to do`, 'Wait a moment')
      waiting++
      const mine = tail.then(() => askNow(word, input, ms)).finally(() => waiting--)
      // Whoever asked hears how it ended; the next one goes on either way.
      tail = mine.catch(() => undefined)
      return mine
    },
    async pixels(bytes) {
      let at = 0
      while (at < bytes.length) {
        const { bytesRead } = await clock.outside(memory.read(bytes, at, bytes.length - at, at))
        if (bytesRead === 0) throw new Fault('broken', `${name} gave half a frame`, 'Take it again')
        at += bytesRead
      }
    },
    close() {
      unwanted = true
      lose(new Fault('offline', `${name} is closed`, 'Open it again'))
      closing ??= (async () => {
        const deadline = clock.deadline(leaveMs, `the process of ${name}`)
        try {
          // Its end of the pipe tells it to leave the camera.
          if (child.connected) child.disconnect()
          await deadline.race(clock.outside(over))
        } catch {
          // It hangs: what it holds is the kernel's to give back.
          child.kill('SIGKILL')
        } finally {
          deadline.cancel()
          await memory.close()
        }
      })()
      return closing
    },
  }
}
