// An arm64 computer in QEMU, for what is to be proved on the kernel that the Pi gets: as slow as emulation is, and gone
// when its time is over.
import { spawn } from 'node:child_process'

/**
 * Boots it. Its disks are read only to us: what it writes is forgotten. Kernel and programs speak to `console`, a file;
 * what it writes to /dev/vport* comes out of `output`.
 * @param kernel, initrd  files
 * @param disks  files: /dev/vda and so on
 * @param scratch  folder for what it writes to its disks
 * @returns {output, ended, kill}: `ended` settles with the words of what went wrong, or undefined when it was switched
 *   off by itself within deadlineMs
 */
export function bootArm64({ kernel, initrd, disks, console: consoleFile, scratch, deadlineMs, words = '' }) {
  const drives = disks.flatMap((file, at) => [
    ...['-drive', `file=${file},format=raw,if=none,id=disk${at},snapshot=on`],
    ...['-device', `virtio-blk-pci,drive=disk${at}`],
  ])
  // Its clock counts instructions, 2 ns each, while it works: it is as fast as ever on a machine that is busy, and what
  // is promised within seconds can be held against it.
  const machine = ['-M', 'virt', '-cpu', 'cortex-a72', '-m', '1536', '-accel', 'tcg', '-icount', 'shift=1']
  const ports = ['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=out,signal=off']
  const child = spawn(
    'qemu-system-aarch64',
    [
      ...machine,
      ...['-display', 'none', '-monitor', 'none', '-nic', 'none', '-no-reboot', '-device', 'virtio-rng-pci'],
      ...['-serial', `file:${consoleFile}`, ...ports, '-device', 'virtserialport,chardev=out'],
      ...['-kernel', kernel, '-initrd', initrd, '-append', `console=ttyAMA0 panic=-1 ${words}`.trim()],
      ...drives,
    ],
    // Its input stays open: an end of it would count as a plug that is pulled, and the guest would wait to write.
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: scratch } },
  )
  const ended = new Promise(settle => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      settle(`the guest was not done after ${deadlineMs / 60_000} minutes`)
    }, deadlineMs)
    child.on('error', error => settle(`QEMU could not be started: ${error.message}`))
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      settle(code === 0 ? undefined : `QEMU ended with ${signal ?? code}`)
    })
  })
  return { output: child.stdout, ended, kill: () => child.kill('SIGKILL') }
}
