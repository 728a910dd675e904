// BASE=raspios takes its kernel, firmware and camera programs from an archive that whoever builds names: shown on an
// archive made here, signed as theirs is. What its real packages hold, no test has seen.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'

const kernel = '6.12.99+rpt-rpi-v8'
const programs = ['dpkg-deb', 'apt-get', 'gpg']
const missing = programs.filter(name => !existsSync(`/usr/bin/${name}`))
const skip = missing.length > 0 ? `no ${missing.join(', ')} here` : false

interface Package {
  readonly name: string
  readonly version?: string
  readonly depends?: string
  readonly files?: Readonly<Record<string, string | Buffer>>
}

// As Raspberry Pi OS lays them out: kernel in /boot and packed, modules in /lib, device trees and overlays with the
// kernel.
const packages: readonly Package[] = [
  { name: 'linux-image-rpi-v8', depends: `linux-image-${kernel}` },
  {
    name: `linux-image-${kernel}`,
    files: {
      [`boot/vmlinuz-${kernel}`]: gzipSync('the kernel'),
      [`lib/modules/${kernel}/modules.dep`]: '',
      [`usr/lib/linux-image-${kernel}/broadcom/bcm2712-rpi-5-b.dtb`]: 'a tree',
      [`usr/lib/linux-image-${kernel}/overlays/imx477.dtbo`]: 'an overlay',
    },
  },
  { name: 'raspi-firmware', version: '2:1.20990101-1', files: { 'usr/lib/raspi-firmware/start4.elf': 'firmware' } },
  { name: 'firmware-brcm80211', files: { 'usr/lib/firmware/brcm/a.bin': 'firmware' } },
]

const run = (program: string, args: readonly string[], env: Record<string, string> = {}) =>
  execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, ...env } })

function put(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

/** An archive of apt's with those packages, and the key it is signed by. */
function makeArchive(folder: string) {
  const archive = join(folder, 'archive')
  const entries = packages.map(({ name, version = '1.0', depends, files = {} }) => {
    const stage = join(folder, 'stage', name)
    const control = [
      `Package: ${name}`,
      `Version: ${version}`,
      'Architecture: arm64',
      'Maintainer: A Test <test@example.org>',
      ...(depends ? [`Depends: ${depends}`] : []),
      'Description: made for a test',
    ].join('\n')
    put(join(stage, 'DEBIAN/control'), `${control}\n`)
    for (const [file, content] of Object.entries(files)) put(join(stage, file), content)
    const place = `pool/${name}_${version.replace(/^\d+:/, '')}_arm64.deb`
    mkdirSync(join(archive, 'pool'), { recursive: true })
    run('dpkg-deb', ['--root-owner-group', '-b', stage, join(archive, place)])
    return `${control}\nFilename: ${place}\n${sums(join(archive, place))}`
  })
  const index = 'main/binary-arm64/Packages'
  put(join(archive, 'dists/trixie', index), `${entries.join('\n')}\n`)
  const list = join(archive, 'dists/trixie', index)
  const digest = createHash('sha256').update(readFileSync(list)).digest('hex')
  const release = [
    ...['Suite: trixie', 'Codename: trixie', 'Components: main', 'Architectures: arm64'],
    `Date: ${new Date(Date.now()).toUTCString().replace('GMT', 'UTC')}`,
    'SHA256:',
    ` ${digest} ${statSync(list).size} ${index}`,
    '',
  ].join('\n')
  put(join(archive, 'dists/trixie/Release'), release)
  const home = join(folder, 'gpg')
  mkdirSync(home, { mode: 0o700 })
  const gpg = (...args: string[]) => run('gpg', ['--homedir', home, '--batch', '--passphrase', '', ...args])
  gpg('--quick-generate-key', 'A Test <test@example.org>', 'rsa3072', 'sign')
  gpg('--output', join(folder, 'keyring.gpg'), '--export')
  gpg('--clearsign', '--output', join(archive, 'dists/trixie/InRelease'), join(archive, 'dists/trixie/Release'))
  run('gpgconf', ['--homedir', home, '--kill', 'all'])
  return { mirror: `file://${archive}`, keyring: join(folder, 'keyring.gpg'), archive }
}

const sums = (file: string) =>
  `Size: ${statSync(file).size}\nSHA256: ${createHash('sha256').update(readFileSync(file)).digest('hex')}\n`

const inBases = (call: string, env: Record<string, string>) =>
  run('bash', ['-euc', `. scripts/node.sh; . image-build/bases/bases.sh; ${call}`], env)

function refused(call: string, env: Record<string, string>): string {
  try {
    return `not refused: ${inBases(call, env)}`
  } catch (error) {
    return String((error as { stderr?: string }).stderr)
  }
}

t.test('a base', { skip }, async t => {
  const folder = t.testdir()
  const { mirror, keyring, archive } = makeArchive(folder)
  const raspios = { BASE: 'raspios', RASPIOS_MIRROR: mirror, RASPIOS_KEYRING: keyring }
  const state = 'build/debian-arm64-raspios'
  rmSync(state, { recursive: true, force: true })
  t.teardown(() => rmSync(state, { recursive: true, force: true }))

  t.match(inBases('base_plan', raspios).split('\n'), [
    'Raspberry Pi OS: kernel and firmware',
    /linux-image-6\.12\.99\+rpt-rpi-v8_1\.0_arm64\.deb/,
    /raspi-firmware_2%3a1\.20990101-1_arm64\.deb/,
    /firmware-brcm80211_1\.0_arm64\.deb/,
    'in the root, with what they need:',
    '  rpicam-apps-lite',
  ])
  const keys = `${process.cwd()}/build/image/raspios-keys.gpg`
  t.equal(inBases('base_sources arm64', raspios), `deb [arch=arm64 signed-by=${keys}] ${mirror} trixie main\n`)
  t.ok(readFileSync(keys).equals(readFileSync(keyring)), 'the keys lie where the toolbox sees them')

  const taken = join(folder, 'kernel')
  inBases(`take_base ${taken} $base_kernel`, raspios)
  const unpacked = (place: string) => readFileSync(join(taken, place), 'utf8')
  t.equal(unpacked(`usr/lib/modules/${kernel}/vmlinuz`), 'the kernel', 'where Debian’s lies, and not packed')
  t.equal(unpacked(`usr/lib/modules/${kernel}/modules.dep`), '')
  t.equal(unpacked(`usr/lib/linux-image-${kernel}/overlays/imx477.dtbo`), 'an overlay')

  const boards = '. image-build/boards/boards.sh'
  const fromDebian = inBases(`${boards}; boards_packages`, raspios).trim().split('\n')
  t.notOk(
    fromDebian.includes('raspi-firmware') || fromDebian.includes('firmware-brcm80211'),
    'what is theirs is theirs',
  )
  t.ok(fromDebian.includes('u-boot-rpi'))
  inBases(`mkdir ${folder}/firmware; take_base_firmware ${folder}/firmware`, raspios)
  t.equal(readFileSync(`${folder}/firmware/usr/lib/raspi-firmware/start4.elf`, 'utf8'), 'firmware')
  const config = inBases(`${boards}; config_txt`, raspios)
  t.match(config, /\[pi5\]\nos_prefix=A\/\n.*\n.*\ndtparam=i2c_arm=on\n/, 'its own overlays, so its own words for them')
  t.notMatch(config, /overlay_prefix|dtoverlay/)
  inBases(
    `here=${folder}; kernel=${kernel}; ${boards}; mkdir ${folder}/A; put_boards_slot ${folder}/A root=here`,
    raspios,
  )
  for (const file of ['bcm2712-rpi-5-b.dtb', 'overlays/imx477.dtbo', 'overlays/README', 'cmdline.txt'])
    t.ok(existsSync(join(folder, 'A', file)), file)

  await t.test('from nowhere but where it was told', async t => {
    t.match(refused('base_plan', { BASE: 'raspios' }), /RASPIOS_MIRROR=/)
    t.match(refused('base_plan', { BASE: 'raspios', RASPIOS_MIRROR: mirror }), /RASPIOS_KEYRING=/)
    t.match(refused('true', { BASE: 'arch' }), /BASE=arch is none of: debian raspios/)
    t.equal(inBases('base_sources arm64', { BASE: 'debian' }), '', 'Debian itself needs no other archive')
  })

  await t.test('and nothing that is not signed', async t => {
    rmSync(state, { recursive: true, force: true })
    put(join(archive, 'dists/trixie/InRelease'), readFileSync(join(archive, 'dists/trixie/Release')))
    t.match(refused('base_plan', raspios), /could not be had, or are not signed/)
  })
})
