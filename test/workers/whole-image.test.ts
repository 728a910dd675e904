// Frames read whole by the workers: packed by whatever fpack knows, with kernels and with funpack beside us.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { encodeFits } from '../../edge/science/fits-write.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'
import { readWholeImage } from '../../edge/workers/whole-image.js'

const noFpack = spawnSync('fpack').error ? 'fpack is not installed' : false
const folder = mkdtempSync(path.join(tmpdir(), 'pierside-whole-'))
t.teardown(() => rmSync(folder, { recursive: true }))

t.test('a frame is the same, whatever packed it', { skip: noFpack }, async t => {
  const random = seededRandom(4).next
  const samples = Uint16Array.from({ length: 120 * 80 }, () => 1000 + 30 * (random() + random()))
  const source = path.join(folder, 'sky.fits')
  writeFileSync(source, encodeFits({ width: 120, height: 80, planes: 1, type: 'u16', samples, topDown: true }, []))
  t.same(readWholeImage(source).samples, samples)
  for (const option of ['-r', '-g1', '-g2', '-h', '-p']) {
    const packed = path.join(folder, `sky${option}.fits.fz`)
    spawnSync('fpack', [option, '-O', packed, source])
    t.same(readWholeImage(packed).samples, samples, option)
  }
  const packed = path.join(folder, 'sky-h.fits.fz')
  const { PATH } = process.env
  process.env.PATH = folder
  t.teardown(() => {
    process.env.PATH = PATH
  })
  t.throws(() => readWholeImage(packed), { code: 'bad-input', message: /HCOMPRESS_1.*funpack/ }, 'without funpack')
  writeFileSync(path.join(folder, 'funpack'), '#!/bin/sh\necho no luck >&2\nexit 3\n', { mode: 0o755 })
  t.throws(() => readWholeImage(packed), { code: 'bad-input', message: /it failed: no luck/ }, 'with a broken one')
})
