// Asking the computer we run on: short programs and small files, whose absence is an answer.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { reasonOf } from '../../ports/fault.js'
import { textOf } from '../found/tree.js'

/** What a program says, or undefined when there is none or it fails. Rejects only with the signal's reason. */
export function wordsOf(program: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((settle, reject) => {
    execFile(program, [...args], { signal, env: { ...process.env, LC_ALL: 'C' } }, (error, stdout) => {
      if (signal.aborted) reject(reasonOf(signal))
      else settle(error ? undefined : stdout)
    })
  })
}

/** Which start of the computer this is, and how long ago it was. @param root above proc */
export async function bootOf(root: string): Promise<{ bootId?: string; uptimeSeconds?: number }> {
  const [bootId, uptime] = await Promise.all([
    textOf(path.join(root, 'proc/sys/kernel/random/boot_id')),
    textOf(path.join(root, 'proc/uptime')),
  ])
  const uptimeSeconds = Number.parseFloat(uptime ?? '')
  return { bootId, ...(Number.isFinite(uptimeSeconds) ? { uptimeSeconds } : {}) }
}
