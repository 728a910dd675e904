// What the operating system's file errors mean to a person.
import { Fault } from '../ports/fault.js'
import { freeBytesOf } from './space.js'

/** `error` as a Fault about `thing`; bytes wanted and free are in a `disk-full` one's words and detail. */
export function diskFault(error: unknown, thing: string, folder: string, neededBytes: number): Fault {
  if (error instanceof Fault) return error
  const code = codeOf(error)
  const cause = { cause: error }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const freeBytes = freeBytesOf(folder)
    return diskFull(`${thing} needs ${neededBytes} bytes and ${freeBytes} are free`, neededBytes, freeBytes, error)
  }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    const fix = 'Make the data folder writable for the agent; a card that turned read-only is usually worn out'
    return new Fault('broken', `${thing} cannot be written: ${words(error)}`, fix, cause)
  }
  if (code === 'EXDEV') {
    const fix = 'Put the whole data folder on that disk instead of linking a folder of the archive to it'
    return new Fault('broken', `${thing} cannot be moved into its folder, which lies on another disk`, fix, cause)
  }
  return new Fault('broken', `${thing}: ${words(error)}`, 'Check the disk', cause)
}

export function diskFull(message: string, neededBytes: number, freeBytes: number, cause?: unknown): Fault {
  const fix = 'Remove frames you have copied elsewhere, or use a larger disk'
  return new Fault('disk-full', message, fix, { cause, detail: { neededBytes, freeBytes } })
}

export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
