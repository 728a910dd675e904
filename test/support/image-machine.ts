// A computer of its own for a test of the image: QEMU's arm64 board, started by U-Boot from the card as it was built.
// What it writes is kept for its next start, beside the card and not on it, and is gone when the test is over. Nothing
// on the card is there for the tests: systemd takes further units from whoever runs a virtual machine
// (systemd.system-credentials(7)), and one of them is a root's shell on a port that only such a machine has.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './agent.js'
import { freePort } from './free-port.js'
import { treeUse } from './process-tree.js'

const place = join(root, 'build/image')
/** What `make image` has made. */
export const card = join(place, 'card.img')
/** What its start is measured against: the same card with a bare Debian on it. */
export const bareCard = join(place, 'bare.img')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** The same as owners fetch it. */
export const packed = join(root, `build/pierside-${version}-arm64.img.xz`)
const toolbox = join(place, 'toolbox')
/** From QEMU's start until the page answers, on a machine that has other things to do. */
const bootMs = 900_000

export interface ImageMachine {
  /** Where its page is to be seen from here. */
  readonly url: string
  /** What the kernel, U-Boot and the first programs said, all starts together. */
  console(): string
  /** Runs POSIX sh as root, one at a time; `text` is both its outputs. Rejects when it takes longer than withinMs. */
  sh(script: string, withinMs?: number): Promise<{ code: number; text: string }>
  /** The same, for what has to go well: answers the text, rejects with it otherwise. */
  out(script: string, withinMs?: number): Promise<string>
  /** Waits until the page answers: in ms from power-on. */
  pageAnswers(withinMs?: number): Promise<number>
  /** Processor time of this machine that it has taken since power-on, in s: the same whatever else goes on here. */
  processorSeconds(): number
  /** Pulls the plug. */
  cutPower(): Promise<void>
  /** Plugs it in again. */
  powerOn(): Promise<void>
  /** Settles when it has switched itself off. */
  off(withinMs?: number): Promise<void>
}

export interface ImageMachineOrder {
  /** The card that it is started from. */
  readonly card?: string
  /** Files for the FAT of the card, by name. */
  readonly bootFiles?: Readonly<Record<string, string>>
  /** A file that its card is copied into, raw, when it has switched itself off. */
  readonly keep?: string
  /** A file for the record of all that is written to the card: see write-log.ts. */
  readonly writeLog?: string
  /** Size of the card that the image was flashed on, in MiB. */
  readonly cardMb?: number
  readonly memoryMb?: number
  /**
   * Its clock goes by what it computes, 10⁹ instructions a second, and is never ahead of ours: on a busy computer its
   * seconds become longer, and not what it gets done in them.
   */
  readonly ownClock?: boolean
  /** Further disks (raw files, or qcow2 by their name), which are written to. */
  readonly disks?: readonly string[]
  /** Further words for QEMU, as they stand whenever it is powered on. */
  readonly more?: readonly string[]
  /** Further units for systemd, by name, which may have 9 letters (QEMU's names of files are that short). */
  readonly units?: Readonly<Record<string, string>>
  /** Ports of the guest that are to be reached from here: guest's → ours. 80 is always there. */
  readonly ports?: Readonly<Record<number, number>>
}

interface Test {
  teardown(run: () => unknown): void
}

const shellUnit = `[Unit]
Description=A shell for the tests
DefaultDependencies=no
After=systemd-udevd.service
[Service]
ExecStart=/bin/sh -c 'exec /bin/sh <>/dev/virtio-ports/pierside.test >&0'
Restart=always
`

/** A program of the toolbox, without its being this machine's root. */
function ofToolbox(program: string): [string, string[]] {
  const loader = join(toolbox, 'lib64/ld-linux-x86-64.so.2')
  const libraries = join(toolbox, 'usr/lib/x86_64-linux-gnu')
  if (!existsSync(loader)) return [program.replace(/.*\//, ''), []]
  return [loader, ['--library-path', libraries, join(toolbox, program)]]
}

/** Boots it, and waits for nothing but QEMU. It is killed when the test is over. */
export async function bootImage(t: Test, order: ImageMachineOrder = {}): Promise<ImageMachine> {
  if (!existsSync(order.card ?? card)) throw new Error(`there is no ${order.card ?? card}: run make image`)
  const folder = await mkdtemp(join(tmpdir(), 'pierside-image-'))
  const port = await freePort()
  const written = join(folder, 'card.qcow2')
  const consoleFile = join(folder, 'console')
  const shellFile = join(folder, 'shell')
  const flashed = order.bootFiles ? join(folder, 'flashed.img') : (order.card ?? card)
  if (order.bootFiles) {
    execFileSync('cp', ['--sparse=always', order.card ?? card, flashed])
    putOnCard(flashed, order.bootFiles)
  }
  execFileSync('qemu-img', [
    ...['create', '-q', '-f', 'qcow2', '-b', flashed, '-F', 'raw', written, `${order.cardMb ?? 4096}M`],
  ])
  await writeFile(consoleFile, '')
  if (order.writeLog) await writeFile(order.writeLog, '')
  const words = await hardware()
  const shell = shellOn(shellFile)
  let qemu: ChildProcess | undefined
  let startedMs = 0

  async function hardware(): Promise<string[]> {
    const forwards = Object.entries({ 80: port, ...order.ports }).map(
      ([to, from]) => `hostfwd=tcp:127.0.0.1:${from}-:${to}`,
    )
    const disks = [written, ...(order.disks ?? [])].flatMap((file, at) => [
      ...['-blockdev', JSON.stringify(blockdev(file, at))],
      ...['-device', `virtio-blk-pci,drive=disk${at}`],
    ])
    return [
      ...['-L', join(toolbox, 'usr/share/qemu'), '-bios', join(toolbox, 'usr/lib/u-boot/qemu_arm64/u-boot.bin')],
      ...['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', String(order.memoryMb ?? 1536)],
      ...(order.ownClock ? ['-accel', 'tcg', '-icount', 'shift=0'] : ['-accel', 'tcg,thread=multi']),
      ...['-display', 'none', '-monitor', 'none'],
      ...['-chardev', `file,id=console,path=${consoleFile},append=on`, '-serial', 'chardev:console'],
      ...disks,
      ...['-device', 'virtio-rng-pci', '-netdev', `user,id=net,${forwards.join(',')}`],
      ...['-device', 'virtio-net-pci,netdev=net,romfile='],
      ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=shell,path=${shellFile},server=on,wait=off`],
      ...['-device', 'virtserialport,chardev=shell,name=pierside.test'],
      ...(await credentials({ 't.service': shellUnit, ...order.units })),
    ]
  }

  function blockdev(file: string, at: number) {
    const own = {
      driver: file.endsWith('.qcow2') ? 'qcow2' : 'raw',
      file: { driver: 'file', filename: file },
    }
    if (at > 0 || !order.writeLog) return { 'node-name': `disk${at}`, ...own }
    return {
      'node-name': 'disk0',
      driver: 'blklogwrites',
      file: own,
      log: { driver: 'file', filename: order.writeLog },
      'log-sector-size': 512,
    }
  }

  /** Units, and that they are wanted, as QEMU's own files. */
  async function credentials(units: Readonly<Record<string, string>>) {
    const all = Object.entries(units).map(([name, text]) => [`systemd.extra-unit.${name}`, text])
    // What nobody wants is not started: the shell's port does.
    const wants = `ENV{SYSTEMD_WANTS}="${Object.keys(units).join(' ')}"`
    const rule = `SUBSYSTEM=="virtio-ports", ATTR{name}=="pierside.test", TAG+="systemd", ${wants}\n`
    const given: string[] = []
    for (const [name, text] of [...all, ['udev.rules.t', rule]]) {
      const file = join(folder, name)
      await writeFile(file, text)
      given.push('-fw_cfg', `name=opt/io.systemd.credentials/${name},file=${file}`)
    }
    return given
  }

  async function powerOn() {
    const [program, before] = ofToolbox('usr/bin/qemu-system-aarch64')
    const env = { ...process.env, QEMU_MODULE_DIR: join(toolbox, 'usr/lib/x86_64-linux-gnu/qemu') }
    const said: string[] = []
    startedMs = performance.now()
    const child = spawn(program, [...before, ...words, ...(order.more ?? [])], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    })
    child.stderr.setEncoding('utf8').on('data', text => said.push(text))
    child.once('exit', code => {
      if (qemu === child) qemu = undefined
      if (code) said.push(`QEMU ended with ${code}`)
    })
    qemu = child
    await shell.open(() => (qemu === child ? undefined : said.join('')))
  }

  async function cutPower() {
    const child = qemu
    if (!child) return
    const gone = new Promise(settle => child.once('exit', settle))
    child.kill('SIGKILL')
    await gone
  }

  t.teardown(async () => {
    await cutPower()
    await rm(folder, { recursive: true, force: true })
  })
  await powerOn()

  const lastWords = () => readFileSync(consoleFile, 'utf8').slice(-3_000)
  return {
    url: `http://127.0.0.1:${port}`,
    console: () => readFileSync(consoleFile, 'utf8'),
    sh: (script, withinMs = 60_000) => shell.run(script, withinMs),
    async out(script, withinMs = 60_000) {
      const { code, text } = await shell.run(script, withinMs)
      if (code !== 0) throw new Error(`${script} ended with ${code}: ${text}`)
      return text
    },
    async pageAnswers(withinMs = bootMs) {
      for (const endMs = performance.now() + withinMs; performance.now() < endMs; await pause(500)) {
        if (await answers(`http://127.0.0.1:${port}/`)) return performance.now() - startedMs
      }
      throw new Error(`the page did not answer within ${withinMs / 1000} s:\n${lastWords()}`)
    },
    processorSeconds: () => (qemu?.pid === undefined ? 0 : treeUse(qemu.pid).cpuSeconds),
    cutPower,
    powerOn,
    async off(withinMs = 60_000) {
      for (const endMs = performance.now() + withinMs; performance.now() < endMs; await pause(100)) {
        if (qemu) continue
        if (order.keep) execFileSync('qemu-img', ['convert', '-O', 'raw', written, order.keep])
        return
      }
      throw new Error(`it was not off within ${withinMs / 1000} s:\n${lastWords()}`)
    },
  }
}

/** Lays files onto the FAT, whose partition begins at 4 MiB. */
function putOnCard(file: string, files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files))
    execFileSync('mcopy', ['-o', '-i', `${file}@@4M`, '-', `::${name}`], { input: text })
}

const pause = (ms: number) => new Promise(settle => setTimeout(settle, ms))

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok
  } catch {
    // Not yet: nobody listens, or QEMU does for a guest that does not.
    return false
  }
}

/** The shell's far end: each script goes as one line, and its end is told by a word that it cannot know. */
function shellOn(file: string) {
  let socket: Socket | undefined
  let heard = ''
  let turn: Promise<unknown> = Promise.resolve()
  let number = 0

  async function open(trouble: () => string | undefined) {
    socket?.destroy()
    heard = ''
    for (const endMs = performance.now() + 20_000; performance.now() < endMs; await pause(100)) {
      const words = trouble()
      if (words !== undefined) throw new Error(`QEMU did not start: ${words}`)
      const next = connect(file)
      const there = await new Promise<boolean>(settle => {
        next.once('connect', () => settle(true)).once('error', () => settle(false))
      })
      if (!there) continue
      // A plug that is pulled ends it without a word.
      next.on('error', () => next.destroy())
      next.setEncoding('utf8').on('data', text => {
        heard += text
      })
      socket = next
      return
    }
    throw new Error('QEMU does not listen')
  }

  async function once(script: string, withinMs: number) {
    const mark = `pierside-${process.pid}-${++number}`
    const packed = Buffer.from(script).toString('base64')
    heard = ''
    const line = `sh -c "$(echo ${packed} | base64 -d)" </dev/null 2>&1; printf '\\n%s %d\\n' ${mark} $?\n`
    const end = new RegExp(`\\n${mark} (\\d+)\\n`)
    // Before the shell is there, what is said to it is lost: the same question is asked until it begins to answer.
    for (const endMs = performance.now() + withinMs; performance.now() < endMs; await pause(50)) {
      if (heard === '' && Math.floor((endMs - performance.now()) / 50) % 20 === 0)
        socket?.write(`\necho ${mark} here\n`)
      if (heard.includes(`${mark} here`)) break
    }
    heard = ''
    socket?.write(line)
    for (const endMs = performance.now() + withinMs; performance.now() < endMs; await pause(50)) {
      const found = end.exec(heard)
      if (found)
        return {
          code: Number(found[1]),
          text: heard
            .slice(0, found.index)
            .replace(/^(.* here\n)+/, '')
            .trim(),
        }
    }
    throw new Error(`${script} was not done after ${withinMs / 1000} s: ${heard}`)
  }

  return {
    open,
    run(script: string, withinMs: number): Promise<{ code: number; text: string }> {
      const mine = turn.then(() => once(script, withinMs))
      turn = mine.catch(() => undefined)
      return mine
    },
  }
}
