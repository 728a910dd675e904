// A box with a card and disks, as folders: the scripts of image-build/data-disk run on it in a namespace of their own,
// whose mounts are real (a disk's folder bound over the card's) and end with it, as at a power cut. File systems are
// made by mke2fs itself, into files that are only looked at; what lies on them is a folder beside. Whole, or killed at
// the nth program that they start.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** A group of its own: what is killed takes its programs along, and us not. Node's types do not know it. */
const ownGroup = { detached: true }
const asRoot = process.getuid?.() === 0
const unshare = ['unshare', ...(asRoot ? [] : ['-Ur']), '-m', '--propagation', 'private']
const path = '/usr/sbin:/usr/bin:/sbin:/bin'
/** Of every disk. */
export const diskBytes = 512 * 2 ** 20

/** Whether mounts of one's own can be made here. */
export const noNamespaces = spawnSync(unshare[0], [...unshare.slice(1), 'true']).status !== 0 && 'no unshare -m'

/** Both ends of a pipe may count at once: what is appended is not lost. */
const counted = `echo >>"$ROOT/count"; n=0; while read -r _; do n=$((n + 1)); done <"$ROOT/count"
[ $n -lt "$DIES" ] || kill -9 0`

/** What runs as it is, and what stands in for programs that want a real disk. */
const programs: Readonly<Record<string, string>> = {
  ...Object.fromEntries('chmod chown cmp cp e2fsck mkdir rm sed'.split(' ').map(one => [one, `exec ${one} "$@"`])),
  // What it starts is counted as well.
  find: 'exec /usr/bin/find "$@"',
  // What is killed here leaves what was written: the kernel has it. That it is on the disk, power-cut.image.ts shows.
  sync: ':',
  sleep: ':',
  udevadm: ':',
  wipefs: 'for file; do :; done; truncate -s 0 "$file"; truncate -s 512M "$file"',
  sfdisk: `for disk; do :; done; name=\${disk##*/}1
part=$(readlink -f "$ROOT/sys/class/block/\${disk##*/}")/$name
mkdir -p "$part"; echo 1 >"$part/partition"; ln -sfn "../../\${part#"$ROOT/sys/"}" "$ROOT/sys/class/block/$name"
truncate -s 512M "$ROOT/dev/$name"`,
  mke2fs: `for device; do :; done; rm -rf "$ROOT/disks/\${device##*/}"; mkdir -p "$ROOT/disks/\${device##*/}/lost+found"
exec mke2fs "$@"`,
  mount: `case $1 in --bind) exec mount "$@" ;; esac
for place; do before=\${last:-}; last=$place; done
blkid -p -s TYPE -o value "$before" | grep -qx ext4 || exit 32
mount --bind "$ROOT/disks/\${before##*/}" "$place"
case "$*" in *ro,*) mount -o remount,bind,ro "$place" ;; esac`,
  umount: `[ ! -e "$ROOT/busy" ] || exit 32; exec umount "$@"`,
  findmnt: `for place; do :; done
case "$*" in *-S*) [ -e "$ROOT/busy" ]; exit ;; esac
for disk in "$ROOT"/disks/*; do
  [ ! "$disk" -ef "$place" ] || { echo "$ROOT/dev/\${disk##*/}"; exit 0; }
done
[ "$place" != "$ROOT/data" ] || echo /dev/mmcblk0p4`,
  systemctl: 'echo "$@" >>"$ROOT/told"; case "$*" in *is-active*) exit 3 ;; esac',
  // Debian 12's cannot exchange two folders; without -T the newer one means the first within the second.
  mv: `[ "$1" = --exchange ] || exec mv "$@"
[ "$2" = -T ] || exit 1
mv "$4" "$4.away"; mv "$3" "$4"; exec mv "$4.away" "$3"`,
  df: '[ ! -e "$ROOT/free-kb" ] || { printf "a\\na b c %s e f\\n" "$(cat "$ROOT/free-kb")"; exit 0; }; exec df "$@"',
}

interface Test {
  teardown(run: () => unknown): void
}

export interface DiskBoxRun {
  readonly status: number | null
  readonly cut: boolean
  /** What was said. */
  readonly text: string
  /** What systemctl was told. */
  readonly told: string
  /** What the agent is told of where its data is. */
  readonly state: { readonly on?: string; readonly name?: string; readonly trouble?: string }
  /** What the page is told of an order that is refused. */
  readonly refusal: string
}

export interface DiskBox {
  readonly root: string
  put(path: string, text: string): void
  read(path: string): string
  has(path: string): boolean
  /** Every file beneath a folder with what is in it. */
  files(folder: string): Record<string, string>
  /** Plugs a disk in; what was on it is still there. */
  plugIn(name: string): void
  pullOut(name: string): void
  /**
   * One run of the box, from power-on to the plug that is pulled: `data-disk start`, then the script, in which $DATA is
   * the agent's folder, `order JSON` is the page's and `work` does what was accepted.
   * @param dies the number of the program at which the plug is pulled, counted from the beginning of the script
   */
  run(script: string, dies?: number): DiskBoxRun
  copy(): DiskBox
}

/** A box in use: settings, a database and frames on its card; no disk is plugged in. */
export function diskBox(t: Test): DiskBox {
  const root = mkdtempSync(join(tmpdir(), 'pierside-disk-box-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  for (const concern of ['base', 'data-disk', 'first-boot'])
    cpSync(resolve('image-build', concern, 'files'), root, { recursive: true })
  for (const folder of [
    'proc/device-tree',
    'sys/class/block',
    'sys/dev/block',
    'dev',
    'disks',
    'run',
    'shims',
    'data/system',
  ]) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(
      join(root, 'shims', name),
      `#!/bin/sh\n${counted}\n${name === 'find' ? '' : `PATH=${path}`}\n${script}\n`,
    )
    chmodSync(join(root, 'shims', name), 0o755)
  }
  const box = boxAt(t, root)
  box.put('proc/device-tree/compatible', 'acme,board\0')
  box.put('etc/NetworkManager/system-connections/home', 'psk=secret')
  for (const name of [
    'pierside.yaml',
    'access.json',
    'setup.json',
    'pierside.sqlite',
    'pierside.sqlite-wal',
    'backups/x/old.yaml',
  ]) {
    box.put(`data/pierside/${name}`, `${name} of the card`)
  }
  for (const name of ['2026-11-29/a b.fits', '2026-11-29/c.fits.fz', 'stacks/2026-11-29/m31.jpg']) {
    box.put(`data/pierside/archive/${name}`, `the frame ${name}`)
  }
  symlinkSync('a b.fits', join(root, 'data/pierside/archive/2026-11-29/latest'))
  execFileSync('mkfifo', [join(root, 'data/pierside/orders')])
  return box
}

function boxAt(t: Test, root: string): DiskBox {
  const at = (name: string) => join(root, name)
  const read = (name: string) => readFileSync(at(name), 'utf8')
  const files = (folder: string) =>
    Object.fromEntries(
      readdirSync(at(folder), { recursive: true, encoding: 'utf8' })
        .filter(name => lstatSync(at(join(folder, name))).isFile())
        .sort()
        .map(name => [name, read(join(folder, name))]),
    )
  const put = (name: string, text: string) => {
    mkdirSync(dirname(at(name)), { recursive: true })
    writeFileSync(at(name), text)
  }
  /** Of the file system that stands for all disks, as mountpoint -d tells it. */
  const { dev } = statSync(root)
  const number = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`
  return {
    ...{ root, put, read, files },
    has: name => existsSync(at(name)),
    plugIn(name) {
      // Links that lead from a copy of the box into that copy.
      const block = `../../devices/pci0/usb1/1-1/block/${name}`
      put(`sys/devices/pci0/usb1/1-1/block/${name}/size`, `${diskBytes / 512}\n`)
      put(`sys/devices/pci0/usb1/1-1/block/${name}/device/vendor`, 'Acme    \n')
      put(`sys/devices/pci0/usb1/1-1/block/${name}/device/model`, '"SSD" 9\n')
      if (!existsSync(at(`sys/class/block/${name}`))) symlinkSync(block, at(`sys/class/block/${name}`))
      if (!existsSync(at(`dev/${name}`))) put(`dev/${name}`, '')
      if (existsSync(at(`pulled/${name}1`))) {
        execFileSync('mv', [at(`pulled/${name}1`), at(`dev/${name}1`)])
        put(`sys/devices/pci0/usb1/1-1/block/${name}/${name}1/partition`, '1\n')
        symlinkSync(join(block, `${name}1`), at(`sys/class/block/${name}1`))
      }
      mkdirSync(at(`sys/dev/block/${number}`), { recursive: true })
    },
    pullOut(name) {
      mkdirSync(at('pulled'), { recursive: true })
      if (existsSync(at(`dev/${name}1`))) execFileSync('mv', [at(`dev/${name}1`), at(`pulled/${name}1`)])
      for (const gone of [
        `sys/class/block/${name}1`,
        `sys/class/block/${name}`,
        `sys/devices/pci0/usb1/1-1/block/${name}`,
      ]) {
        rmSync(at(gone), { recursive: true, force: true })
      }
      rmSync(at(`sys/dev/block/${number}`), { recursive: true, force: true })
    },
    run(script, dies = 1e6) {
      rmSync(at('told'), { force: true })
      const whole = `ours=$ROOT/usr/lib/pierside-image DATA=$ROOT/data/pierside
export DIES=1000000
: >"$ROOT/count"
"$ours/data-disk" start || exit 99
: >"$ROOT/count"
export DIES=${dies}
order() { mkdir -p "$ROOT/run/pierside"; echo "$1" >"$ROOT/run/pierside/data-move.json"; "$ours/data-move" accept; }
work() { "$ours/data-move" now; ended=$?; "$ours/data-move" end; return $ended; }
${script}`
      const { status, signal, stdout, stderr } = spawnSync(unshare[0], [...unshare.slice(1), '/bin/sh', '-c', whole], {
        ...ownGroup,
        encoding: 'utf8',
        timeout: 120_000,
        env: { ROOT: root, PATH: `${at('shims')}:${path}`, DATA_DISK_WAIT_S: '2' },
      })
      const left = (name: string) => (existsSync(at(name)) ? read(name) : '')
      const state = JSON.parse(left('run/pierside-do/data-disk.json') || '{}')
      const [told, refusal] = ['told', 'run/pierside-do/data-move'].map(left)
      rmSync(at('run'), { recursive: true, force: true })
      const text = `${stdout}${stderr}${signal ?? ''}`
      return { status, cut: signal === 'SIGKILL', text, told, state, refusal }
    },
    copy() {
      const other = mkdtempSync(join(tmpdir(), 'pierside-disk-box-'))
      t.teardown(() => rmSync(other, { recursive: true, force: true }))
      execFileSync('cp', ['-a', `${root}/.`, other])
      return boxAt(t, other)
    },
  }
}

/** Scripts for DiskBox.run. */
export const toDisk = (name: string) => `order '{"how":"erase","device":"${name}","bytes":${diskBytes}}' && work`
export const toCard = `order '{"how":"card"}' && work`
/** The file that decides where the data is. */
export const bound = 'data/system/data-disk/bound'

/** What the agent sees in its folder in a run of its own, a line for each file: of its sum eight digits, its name. */
export function sights(box: DiskBox): DiskBoxRun['state'] & { readonly seen: readonly string[] } {
  const { state, text } = box.run(`cd "$DATA"; echo "<<"
  find . -path ./lost+found -prune -o -type f ! -path "*/.incoming/*" -exec sha256sum {} + | cut -c 1-8,67-; echo ">>"`)
  const list = text.slice(text.indexOf('<<\n') + 3, text.indexOf('>>')).trim()
  return { ...state, seen: list.split('\n').sort() }
}

/** A box whose data has moved to the disk sdb, and that has not started from there yet. */
export function moved(t: Test): DiskBox {
  const box = diskBox(t)
  box.plugIn('sdb')
  const { status, told, text } = box.run(toDisk('sdb'))
  const asked = /^stop pierside-share\.socket .* pierside\.service$[\s\S]*^--no-block reboot$/m.test(told)
  if (status !== 0 || !asked) throw new Error(`the move ended with ${status}, having told systemctl ${told}: ${text}`)
  return box
}
