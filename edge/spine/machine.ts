// The computer we run on, as far as it is switched off.
import { spawn } from 'node:child_process'
import { Fault } from '../ports/fault.js'
import type { Machine } from '../ports/machine.js'

export function thisMachine(): Machine {
  return {
    sync: () => run('sync', []),
    shutDown: () => run('systemctl', ['poweroff']),
  }
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((settle, reject) => {
    const child = spawn(program, [...args], { stdio: 'ignore' })
    const failed = (how: string) =>
      reject(new Fault('broken', `${program} ${how}`, 'Shut the computer down by hand, before its supply ends'))
    child.once('error', error => failed(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => (code === 0 ? settle() : failed(`ended with ${code ?? signal}`)))
  })
}
