// What mounts a stick, image-build/care, on mounts of its own: a file system in memory stands in for the stick's.
// Sticks of real file systems are in test/image/care.image.ts.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { noNamespaces } from './support/disk-box.js'

const script = resolve('image-build/care/files/usr/lib/pierside-image/stick')

const inAndOut = `sh ${script} mount sdz1 && ls "$ROOT/media/pierside" && sh ${script} unmount sdz1 &&
    ! findmnt -S /dev/sdz1`

/** Mounts a stick of that label and lets it go. @returns where it was, how, and whether it is still there */
function stick(t: Test, system: string, label: string, whole = inAndOut) {
  const root = mkdtempSync(join(tmpdir(), 'pierside-stick-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'media/pierside'), { recursive: true })
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'label'), label)
  const programs = {
    blkid: `case "$*" in *LABEL*) cat "$ROOT/label" ;; *) echo ${system} ;; esac`,
    lsblk: 'case "$*" in *sdz[12]*) echo sdz ;; *) echo mmcblk0 ;; esac',
    chown: 'echo "$@" >>"$ROOT/owned"',
    // Long enough for another to come between.
    mkdir: 'sleep 0.3; exec /bin/mkdir "$@"',
    // What lies on it leads to what is the box's.
    mount: `for place; do from=\${to:-}; to=$place; done
echo "$@" >"$ROOT/mounted"
/bin/mount -t tmpfs -o nosymfollow "$from" "$to" && ln -s "$ROOT/secret" "$to/pierside"`,
  }
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(root, 'bin', name), 0o755)
  }
  mkdirSync(join(root, 'secret'))
  const { status, stdout, stderr } = spawnSync('unshare', ['-rm', '--propagation', 'private', 'sh', '-c', whole], {
    env: { ROOT: root, PATH: `${join(root, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin` },
    encoding: 'utf8',
    timeout: 20_000,
  })
  const read = (name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined)
  return { ok: status === 0, name: stdout.trim(), stderr, mounted: read('mounted'), owned: read('owned') }
}

t.test('a stick is let go whatever it is called', { skip: noNamespaces }, async t => {
  for (const [label, name] of [
    ['NIGHTS', 'NIGHTS'],
    ['MY STICK', 'MY STICK'],
    ['../../data', '_.._data'],
    ['Höhle #1', 'H__hle _1'],
    ['', 'sdz1'],
  ]) {
    const { ok, stderr, ...seen } = stick(t, 'vfat', label)
    t.ok(ok, `${label}: ${stderr}`)
    t.equal(seen.name, name)
  }
})

t.test('two sticks of one name that come at once each have a place of their own', { skip: noNamespaces }, async t => {
  const both = `sh ${script} mount sdz1 & sh ${script} mount sdz2; wait
findmnt -n -l -o SOURCE,TARGET | grep "$ROOT/media" | sort`
  const { name: seen } = stick(t, 'vfat', 'NIGHTS', both)
  const lines = seen.split('\n').map(line => line.split('/media/pierside/')[1])
  t.match(lines.sort(), ['NIGHTS', /^NIGHTS-sdz[12]$/])
})

t.test('no link on a stick is followed, and nothing on it runs', { skip: noNamespaces }, async t => {
  for (const system of ['vfat', 'exfat', 'ext4']) {
    const { ok, stderr, mounted, owned } = stick(t, system, 'NIGHTS')
    t.ok(ok, stderr)
    for (const word of ['nosuid', 'nodev', 'noexec', 'nosymfollow']) t.match(mounted, new RegExp(`[ ,]${word},`))
    if (system === 'ext4')
      t.match(mounted, /,errors=remount-ro\b/, 'a damaged one does not decide what the kernel does')
    t.equal(owned, undefined, 'what a link names stays its owner’s')
  }
})
