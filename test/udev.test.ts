// The rules for udev: each line is one that udev understands, gives a right to one group and to nobody else, and no two
// lines are about the same device.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const files = readdirSync('udev').map(name => `udev/${name}`)
const rules = files.flatMap(file =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, at) => (line === '' || line.startsWith('#') ? [] : [{ place: `${file}:${at + 1}`, line }])),
)
const part = /^(ACTION|SUBSYSTEM|KERNEL|MODE|GROUP|RUN|ATTRS?\{[\w/]+\}|ENV\{\w+\})(==|=|\+=)"([^"]*)"$/

/** Keys that are matched, and those that are set. */
const matched = /^(ACTION|SUBSYSTEM|KERNEL|ATTRS?\{(idVendor|idProduct|bDeviceClass)\}|ENV\{DEVTYPE\})$/

const parsed = rules.map(({ place, line }) => {
  const parts = line.split(/,\s+(?=[A-Z]+[{=+])/).map(text => part.exec(text))
  return { place, line, parts: parts.map(found => found && { key: found[1], by: found[2], value: found[3] }) }
})

t.test('each line reads as udev reads it', async t => {
  t.ok(rules.length >= 8)
  for (const { place, parts } of parsed) {
    for (const one of parts) {
      if (!one) t.fail(`${place} has a part that is none`)
      else if ((one.by === '==') !== matched.test(one.key)) t.fail(`${place}: ${one.key}${one.by}`)
    }
  }
})

t.test('rights go to one group, for devices that are named', async t => {
  const groups = new Set(['plugdev', 'dialout', 'i2c', 'gpio'])
  const vendors: string[] = []
  for (const { place, parts } of parsed) {
    const of = (key: string) => parts.find(one => one?.key === key)?.value
    const mode = of('MODE')
    if (mode !== undefined) {
      t.ok(['0660', '0664'].includes(mode), `${place}: ${mode}`)
      t.ok(groups.has(of('GROUP') ?? ''), `${place}: ${of('GROUP')}`)
    }
    if (of('SUBSYSTEM') !== 'usb') continue
    const named = of('ATTR{idVendor}') ?? of('ATTR{bDeviceClass}')
    t.ok(named, `${place} is about some devices, not about all`)
    vendors.push(...(of('ATTR{idVendor}')?.split('|') ?? []))
  }
  t.equal(new Set(vendors).size, vendors.length, 'no maker is named twice')
  for (const vendor of vendors) t.match(vendor, /^[0-9a-f]{4}$/)
})

t.test('and udev itself finds nothing, where it can be asked', async t => {
  // The command came with systemd 254.
  const version = Number(/\d+/.exec(execFileSync('udevadm', ['--version'], { encoding: 'utf8' }))![0])
  if (version < 254) return t.pass(`udev ${version} cannot verify`)
  execFileSync('udevadm', ['verify', '--no-style', '--resolve-names=never', ...files], { stdio: 'pipe' })
})
