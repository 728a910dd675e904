// Which USB socket a HID device is plugged into: for boards that all call themselves alike.
import { realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'

const socket = /^\d+-\d+(\.\d+)*$/

/** `1-1.3`, of a node such as `/dev/hidraw0`; undefined when it hangs on no socket, or not any more. */
export async function hidSocket(node: string, sys = '/sys'): Promise<string | undefined> {
  // What is gone meanwhile is in no socket.
  const real = await realpath(join(sys, 'class/hidraw', basename(node), 'device')).catch(() => '')
  return real.split('/').findLast(part => socket.test(part))
}
