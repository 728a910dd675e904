// Update bundles, made by bundle.sh and judged by the real rauc as a box judges them: by its own certificate.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'

const skip = existsSync('/usr/bin/rauc') && existsSync('/usr/bin/mksquashfs') ? false : 'rauc or mksquashfs is missing'
const updates = resolve('image-build/updates')
const folder = t.testdir({ root: { usr: { lib: { 'pierside-image': { boot: { vmlinuz: 'kernel' } } } } } })
const at = (name: string) => join(folder, name)

function bundle(name: string, environment: Record<string, string>): string {
  const env = { ...process.env, ...environment }
  const args = [at('root.squashfs'), '0.2.0', '3', at(name)]
  execFileSync(join(updates, 'bundle.sh'), args, { env, stdio: 'pipe' })
  return at(name)
}

/** What a box says whose image was built with that certificate. */
function asked(certificate: string, file: string) {
  writeFileSync(
    at('system.conf'),
    `[system]\ncompatible=pierside-arm64\nbootloader=noop\n[keyring]\npath=${certificate}\n`,
  )
  const args = ['--conf', at('system.conf'), 'info', '--output-format=json', file]
  return spawnSync('rauc', args, { encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C' } })
}

t.test('a bundle is what a box takes, if it was signed with the key its image was built with', { skip }, async t => {
  execFileSync('mksquashfs', [at('root'), at('root.squashfs'), '-quiet', '-no-progress', '-comp', 'zstd'])
  const ours = { PIERSIDE_KEYS: at('ours') }
  const good = bundle('good.raucb', ours)
  const certificate = at('ours/development.cert.pem')

  const { status, stdout } = asked(certificate, good)
  t.equal(status, 0)
  const said = JSON.parse(stdout)
  t.match(said, { compatible: 'pierside-arm64', version: '0.2.0', description: 'data 3, from 1' })
  t.match(said.images, [{ rootfs: { filename: 'root.squashfs', hooks: ['post-install'] } }])

  t.test('the key is made once', async t => {
    const key = readFileSync(at('ours/development.key.pem'))
    bundle('again.raucb', ours)
    t.same(readFileSync(at('ours/development.key.pem')), key)
    t.equal(execFileSync('stat', ['-c', '%a', at('ours/development.key.pem')], { encoding: 'utf8' }), '600\n')
  })
  t.test("an owner's own key signs instead, and the image built with it takes nothing else", async t => {
    bundle('theirs.raucb', { PIERSIDE_KEYS: at('theirs') })
    const owner = { RAUC_KEY: at('theirs/development.key.pem'), RAUC_CERT: at('theirs/development.cert.pem') }
    const own = bundle('own.raucb', owner)
    t.equal(asked(owner.RAUC_CERT, own).status, 0)
    t.equal(asked(owner.RAUC_CERT, good).status, 1)
    mkdirSync(at('image'))
    execFileSync(join(updates, 'keys.sh'), [at('image')], { env: { ...process.env, ...owner }, stdio: 'pipe' })
    t.same(readFileSync(at('image/etc/rauc/keyring.pem')), readFileSync(owner.RAUC_CERT))
    const half = spawnSync(join(updates, 'keys.sh'), [], { env: { ...process.env, RAUC_KEY: owner.RAUC_KEY } })
    t.equal(half.status, 1)
  })
  t.test('the wrong key', async t => {
    const { status, stderr } = asked(certificate, at('theirs.raucb'))
    t.equal(status, 1)
    t.match(stderr, /signature verification failed/i)
  })
  t.test('a bundle that is cut short', async t => {
    copyFileSync(good, at('short.raucb'))
    truncateSync(at('short.raucb'), readFileSync(good).length - 700)
    t.equal(asked(certificate, at('short.raucb')).status, 1)
  })
  t.test('no signature at all', async t => {
    t.equal(asked(certificate, at('root.squashfs')).status, 1)
  })
})

t.test('the certificate is judged by when the bundle was signed: a box without a clock takes it', async t => {
  const conf = readFileSync(join(updates, 'files/etc/rauc/system.conf'), 'utf8')
  t.match(conf, /^use-bundle-signing-time=true$/m)
  t.match(conf, /^bundle-formats=plain$/m)
})

t.test('the hook refuses what it was not made for', async t => {
  t.equal(spawnSync(join(updates, 'bundle-hook'), ['slot-install']).status, 1)
})
