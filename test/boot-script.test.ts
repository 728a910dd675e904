// What U-Boot does at each start, image-build/boot/boot.cmd, by a shell: its language is near enough to U-Boot's, and
// U-Boot's commands are functions here that work on a folder. U-Boot itself runs it in test/image.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'

/** Numbers of U-Boot's are hexadecimal, and its files' sizes too. */
const commands = `
cd "$CARD"
scriptaddr=1000 kernel_addr_r=80000 devtype=mmc devnum=0 fdtcontroladdr=100 board=rpi
setenv() { name=$1; shift; eval "$name=\\$*"; }
setexpr() { eval "$1=$(printf %x $((0x\${2#0x} $3 0x\${4#0x})))"; }
size() { filesize=$(printf %x "$(wc -c <"$1")"); }
load() { [ -f "$4" ] && cp "$4" "../memory-$3" && size "$4"; }
fatwrite() { head -c $((0x$5)) "../memory-$3" >"$4"; }
env() {
  what=$1 at=../memory-$3
  if [ "$what" = export ]; then
    shift 3
    for one; do eval "printf '%s=%s\\n' $one \\"\\$$one\\""; done >"$at"
    printf '\\0' >>"$at"
    size "$at"
  else
    shift 4
    for one; do eval "$one=\\$(sed -n "s/^$one=//p" "$at" | tail -n 1)"; done
  fi
}
run() { eval "eval \\"\\$$1\\""; }
sleep() { :; }
booti() { echo "STARTS $bootargs"; exit; }
reset() { echo STARTS ANEW; exit; }
`

interface Card {
  put(path: string, text: string): void
  read(path: string): string
  /** What is started: the words of the kernel, or ANEW. */
  start(): string | undefined
}

/** Slots that hold a version. */
function card(t: Test, ...slots: readonly string[]): Card {
  const root = mkdtempSync(join(tmpdir(), 'pierside-boot-script-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  const at = (path: string) => join(root, 'card', path)
  const put = (path: string, text: string) => {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), text)
  }
  put('boards/rpi.env', 'board_args=console=ttyS0\n')
  put('slots.env', readFileSync('image-build/boot/slots.env', 'utf8'))
  for (const slot of slots) {
    put(`${slot}/slot.env`, `slot_args=pierside.slot=${slot}\n`)
    for (const file of ['vmlinuz', 'initrd.img']) put(`${slot}/${file}`, file)
  }
  return {
    put,
    read: path => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : ''),
    start() {
      const input = commands + readFileSync('image-build/boot/boot.cmd', 'utf8')
      const env = { ...process.env, CARD: at('') }
      const { stdout, stderr } = spawnSync('sh', { input, encoding: 'utf8', timeout: 20_000, env })
      t.equal(stderr, '')
      return /^STARTS (.*)$/m.exec(stdout)?.[1]
    },
  }
}

const words = (order: string, a: number, b: number) => `BOOT_ORDER=${order}\nBOOT_A_LEFT=${a}\nBOOT_B_LEFT=${b}\n`

t.test('the card as it is flashed starts its only slot, and counts the try', async t => {
  const one = card(t, 'A')
  t.equal(one.start(), 'pierside.slot=A console=ttyS0')
  t.equal(one.read('slots.env'), words('A B', 2, 0))
})

t.test('three tries, then the other slot, and when nothing is left everything again', async t => {
  const one = card(t, 'A', 'B')
  one.put('slots.env', words('B A', 3, 1))
  const started = Array.from({ length: 5 }, () => one.start()?.slice(0, 15))
  t.same(started, ['pierside.slot=B', ...Array(3).fill('pierside.slot=A'), 'ANEW'])
  t.equal(one.read('slots.env'), words('B A', 3, 3))
})

t.test('what is garbled in slots.env gives tries back, and none to a slot in which there is nothing', async t => {
  for (const garbled of ['', 'BOOT_ORDER=C\n', 'BOOT_ORDER=A B\nBOOT_A_LEFT=-7\nBOOT_B_LEFT=99\n', '\u0001\u0002\n']) {
    for (const slots of ['A', 'AB']) {
      const one = card(t, ...slots)
      one.put('slots.env', garbled)
      t.equal(one.start(), 'pierside.slot=A console=ttyS0')
      t.equal(one.read('slots.env'), words('A B', 2, slots === 'AB' ? 3 : 0), JSON.stringify(garbled))
    }
  }
})

t.test('a slot in which there is nothing is no way out either', async t => {
  const one = card(t, 'A')
  one.put('slots.env', words('A B', 0, 0))
  t.equal(one.start(), 'ANEW')
  t.equal(one.read('slots.env'), words('A B', 3, 0))
})

t.test('a slot whose kernel is lost is passed over', async t => {
  const one = card(t, 'B')
  one.put('A/slot.env', 'slot_args=pierside.slot=A\n')
  one.put('slots.env', words('A B', 3, 3))
  t.equal(one.start(), 'pierside.slot=B console=ttyS0')
})
