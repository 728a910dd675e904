// What mounts a stick, image-build/care, on mounts of its own: a file system in memory stands in for the stick's.
// Sticks of real file systems are in test/image/care.image.ts.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { noNamespaces } from './support/disk-box.js'

const script = resolve('image-build/care/files/usr/lib/pierside-image/stick')

/** Mounts a stick of that label and lets it go. @returns where it was, how, and whether it is still there */
function stick(t: Test, system: string, label: string) {
  const root = mkdtempSync(join(tmpdir(), 'pierside-stick-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'media/pierside'), { recursive: true })
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'label'), label)
  const programs = {
    blkid: `case "$*" in *LABEL*) cat "$ROOT/label" ;; *) echo ${system} ;; esac`,
    lsblk: 'case "$*" in *sdz1*) echo sdz ;; *) echo mmcblk0 ;; esac',
    chown: 'echo "$@" >>"$ROOT/owned"',
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
  const whole = `sh ${script} mount sdz1 && ls "$ROOT/media/pierside" && sh ${script} unmount sdz1 &&
    ! findmnt -S /dev/sdz1`
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

t.test('no link on a stick is followed, and nothing on it runs', { skip: noNamespaces }, async t => {
  for (const system of ['vfat', 'exfat', 'ext4']) {
    const { ok, stderr, mounted, owned } = stick(t, system, 'NIGHTS')
    t.ok(ok, stderr)
    for (const word of ['nosuid', 'nodev', 'noexec', 'nosymfollow']) t.match(mounted, new RegExp(`[ ,]${word},`))
    t.equal(owned, undefined, 'what a link names stays its owner’s')
  }
})
