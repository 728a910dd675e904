// The kernel of the image takes every module that the claimed devices need, those that we compile for it among them:
// each is loaded, with what it needs, where there is no such hardware. That it finds its symbols, and that the kernel
// believes it to be its own, is then shown; that it drives anything is not.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { type Contents, contentsOf } from '../../image-build/boards/contents.mjs'
import { devices } from '../../image-build/boards/devices.data.mjs'
import { bootArm64 } from '../../scripts/arm64-machine.mjs'

const kernel = 'build/image/kernel'
const ours = 'build/image/modules'
const place = 'build/boards/loading'
/** From power-on to power-off; a minute on a machine that has nothing else to do. */
const deadlineMs = 8 * 60_000

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })

const made = readFileSync('image-build/boards/modules', 'utf8')
  .split('\n')
  .map(line => line.replace(/#.*/, '').trim().split(/\s+/)[1])
  .filter(name => name)

/** Modules of claimed devices that this kernel has, ours first; what it has not, the table says. */
function wantedModules(contents: Contents): string[] {
  const named = devices.flatMap(({ ways }) => ways.flatMap(({ modules = [] }) => modules))
  const builtIn = new Set(readFileSync(join(modulesOf(contents), 'modules.builtin'), 'utf8').match(/[^/]+(?=\.ko)/g))
  return [...new Set([...made, ...named])].filter(
    name => contents.hasModule(name) && !builtIn.has(name) && !builtIn.has(name.replaceAll('-', '_')),
  )
}

const modulesOf = ({ release }: Contents) => join(kernel, 'usr/lib/modules', release)

/** The kernel's modules and ours as depmod sees them in the image. */
function layOut(contents: Contents): string {
  const folder = join(place, 'tree/lib/modules', contents.release)
  rmSync(place, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  symlinkSync(join(process.cwd(), modulesOf(contents), 'kernel'), join(folder, 'kernel'))
  cpSync(ours, join(folder, 'updates'), { recursive: true })
  for (const file of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
    cpSync(join(modulesOf(contents), file), join(folder, file))
  run('depmod', '-b', join(place, 'tree'), contents.release)
  return folder
}

t.test('every module that a claimed device needs', { timeout: 2 * deadlineMs }, async t => {
  run('scripts/debian-arm64.sh', '--alone', 'trixie-backports', kernel, 'linux-image-arm64')
  run('scripts/debian-arm64.sh', '--alone', 'trixie', 'build/boards/busybox', 'busybox-static')
  run('image-build/boards/modules.sh', kernel, ours)
  const contents = contentsOf({ roots: [kernel], trees: kernel, made: 'image-build/boards/modules' })
  const wanted = wantedModules(contents)
  t.ok(wanted.length > made.length + 20, `${wanted.length} modules`)
  layOut(contents)

  const stage = join(place, 'initrd')
  for (const folder of ['dev', 'proc', 'sys', 'modules']) mkdirSync(join(stage, folder), { recursive: true })
  cpSync('build/boards/busybox/usr/bin/busybox', join(stage, 'busybox'))
  const order = new Set<string>()
  for (const name of wanted) {
    const needs = run('modprobe', '-d', join(place, 'tree'), '-S', contents.release, '--show-depends', name)
    for (const [, file] of needs.matchAll(/^insmod (\S+)/gm)) order.add(file)
  }
  const files = [...order].map((file, at) => {
    const name = `${String(at).padStart(3, '0')}-${basename(file, '.xz')}`
    writeFileSync(join(stage, 'modules', name), execFileSync('xz', ['-dc', file], { maxBuffer: 2 ** 28 }))
    return name
  })
  writeFileSync(
    join(stage, 'init'),
    `#!/busybox sh
/busybox mount -t devtmpfs dev /dev
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sys /sys
for file in /modules/*; do
  if /busybox insmod "$file"; then echo "took $file"; else echo "refused $file"; fi
done
echo "taint $(/busybox cat /proc/sys/kernel/tainted)"
/busybox poweroff -f
`,
  )
  chmodSync(join(stage, 'init'), 0o755)
  run('bash', '-euc', `cd ${stage} && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1 >../initrd.gz`)

  const log = join(place, 'console.log')
  const machine = bootArm64({
    kernel: join(modulesOf(contents), 'vmlinuz'),
    initrd: join(place, 'initrd.gz'),
    disks: [],
    console: log,
    scratch: place,
    deadlineMs,
    words: 'quiet',
  })
  t.teardown(() => machine.kill())
  machine.output.resume()
  t.equal(await machine.ended, undefined, 'it switched itself off')
  const said = readFileSync(log, 'utf8')
  for (const file of files) t.ok(said.includes(`took /modules/${file}`), file)
  t.notMatch(said, /refused|Unknown symbol|disagrees about|Oops|BUG:|WARNING:/)
  // Proprietary (1), forced (2): none is. Out of tree (4096) and unsigned (8192): ours are.
  const taint = Number(/taint (\d+)/.exec(said)?.[1])
  t.equal(taint & ~(4096 | 8192), 0, `nothing but that some are ours: ${taint}`)
})
