// Each program that the image brings does one real job in it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { imageAgent, lendClock, pairWithImage, setUpBeforehand } from '../support/image-agent.js'
import { bootImage } from '../support/image-machine.js'
import { sharedData } from '../support/shared-data.js'

/** A real field of 56' × 43', at RA 31.2485° Dec +46.7411°, 5.163 arcseconds a pixel. */
const frame = 'hatp32/HATP-32171220013343.FITS'

/** A disk that holds files as a tar archive. */
function diskWith(t: Test, folder: string, files: readonly string[]): string {
  const place = mkdtempSync(path.join(tmpdir(), 'pierside-disk-'))
  t.teardown(() => rmSync(place, { recursive: true, force: true }))
  const disk = path.join(place, 'files.tar')
  execFileSync('tar', ['-b', '2048', '-cf', disk, '-C', folder, ...files])
  return disk
}

t.test('programs of the image', async t => {
  const disks = sharedData ? [diskWith(t, sharedData, [frame])] : []
  const machine = await bootImage(t, { bootFiles: { 'pierside.txt': setUpBeforehand }, disks })
  const token = await pairWithImage(machine)
  const agent = await imageAgent(machine, token)

  await t.test(
    'a field is solved, and its stars are measured',
    { skip: !sharedData && 'the real frames are not there' },
    async t => {
      const words =
        '--no-plots --no-remove-lines --uniformize 0 --fits-image -u app -L 4.5 -H 6 --ra 31 --dec 47 --radius 5'
      const said = await machine.out(
        `mkdir -p /run/job; cd /run/job; tar -xf /dev/vdb --strip-components=1
solve-field ${words} -D /run/job /run/job/*.FITS`,
        300_000,
      )
      const [, ra, dec] = /Field center: \(RA,Dec\) = \(([\d.]+), ([\d.]+)\) deg/.exec(said)!.map(Number)
      t.ok(Math.abs(ra - 31.2485) < 0.01 && Math.abs(dec - 46.7411) < 0.01, `astrometry.net: ${ra}, ${dec}`)
      const measured = await machine.out('cd /run/job; astap_cli -f *.FITS -analyse 10', 300_000)
      const stars = Number(/STARS=(\d+)/.exec(measured)?.[1])
      t.ok(stars > 20, `astap_cli: ${stars} stars`)
    },
  )

  await t.test('an INDI mount slews, and ffmpeg gives a picture of the pier', async t => {
    const config = `site: {latitude: 47, longitude: 15, elevation: 400}
links: {indi: {driver: indi, drivers: [indi_simulator_telescope]}}
devices:
  mount: {driver: indi, link: indi, device: Telescope Simulator, ports: [mount]}
  pier: {driver: ffmpeg, source: test}
use: {mount: mount, pier_cam: pier}
pier_cam: {enabled: true}
`
    await lendClock(machine, agent)
    await agent.post('/api/actions/config-save', { text: config })
    await agent.until('mount/mount', ({ condition }) => condition === 'ready', 180_000)
    await agent.do('mount-unpark', {}, true).catch(error => t.comment(error.message))
    await agent.do('mount-slew', { altDeg: 60, azDeg: 150 }, true)
    const { altDeg } = await agent.state<{ altDeg: number }>('mount/mount')
    t.ok(Math.abs(altDeg - 60) < 1, `${altDeg}° high`)
    for (let tries = 0; ; tries++) {
      const picture = await agent.raw('GET', '/api/pier-cam/snapshot')
      const bytes = Buffer.from(await picture.arrayBuffer())
      if (picture.ok) return t.equal(bytes.readUInt16BE(0), 0xffd8, `a JPEG of ${bytes.length} bytes`)
      if (tries === 60) throw new Error(`no picture: ${bytes}`)
      await new Promise(settle => setTimeout(settle, 1_000))
    }
  })

  await t.test('every INDI driver that is there starts', async t => {
    const said = await machine.out(
      `cd /usr/bin; for driver in indi_*; do
  case $driver in indi_getprop | indi_setprop | indi_eval | indi_astrotrac_telescope*) continue ;; esac
  missing=$(ldd $driver 2>&1 | grep 'not found') && echo "$driver: $missing"
done; ls indi_* | wc -l`,
      300_000,
    )
    t.match(said, /^\d+$/, 'no library is missing to any')
    t.ok(Number(said) > 100, `${said} drivers`)
  })

  await t.test('and the small ones', async t => {
    t.match(await machine.out('gphoto2 --auto-detect'), /Model/)
    t.match(await machine.out('chronyc -n sources'), /^MS Name|Number of sources|=====/m)
    t.match(await machine.out('i2cdetect -V 2>&1'), /i2cdetect version/)
    t.match(await machine.out('uhubctl -v'), /\d/)
    t.match(await machine.out('mmc --version 2>&1 || mmc help 2>&1 | head -3'), /mmc/)
    t.match(
      await machine.out(
        `cd /usr/lib/pierside && node -e '
const koffi = require("koffi"); const { globSync } = require("node:fs")
const asi = koffi.load(globSync("/usr/lib/aarch64-linux-gnu/libASICamera2.so*")[0])
console.log("cameras", asi.func("int ASIGetNumOfConnectedCameras()")())'`,
        120_000,
      ),
      /^cameras 0$/m,
    )
    const status = JSON.parse(await machine.out('rauc status --output-format=json'))
    t.equal(status.booted, 'A')
  })
})
