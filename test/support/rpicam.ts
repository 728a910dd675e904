// A folder with programs that behave as rpicam-apps do: see rpicam-stand-in.sh beside this file. Their DNGs are written
// by libtiff, as the real ones are.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Teardown } from './bench-devices.js'
import { testPictures } from './network-camera.js'

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const header = ['/usr/include/x86_64-linux-gnu/tiffio.h', '/usr/include/aarch64-linux-gnu/tiffio.h']

export const noRpicam: string | false =
  existsSync('/usr/bin/gcc') && header.some(existsSync) && existsSync('/usr/bin/ffmpeg')
    ? false
    : 'gcc, libtiff-dev or ffmpeg is not installed'

export type Mood =
  | 'well'
  | 'none'
  | 'old'
  | 'gone'
  | 'busy'
  | 'crash-nopreview'
  | 'crash-at-end'
  | 'hangs-immediate'
  | 'stubborn'
  | 'timeouts'
  | 'clips'
  | 'no-dng'
  | 'short'

/** @param family as the programs were called before 2023, or since */
export function rpicam(test: Teardown, family: 'rpicam' | 'libcamera' = 'rpicam') {
  const folder = mkdtempSync(join(tmpdir(), 'pierside-rpicam-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const kind of ['still', 'vid']) copyFileSync(beside('rpicam-stand-in.sh'), join(folder, `${family}-${kind}`))
  const writer = join(folder, 'dng-writer')
  execFileSync('gcc', ['-O1', '-o', writer, beside('dng-writer.c'), '-ltiff'])
  execFileSync('mkfifo', [join(folder, 'never')])
  mkdirSync(join(folder, 'pictures'))
  const pictures = testPictures(5, '320x240', 5)
  for (const [at, jpeg] of pictures.entries()) writeFileSync(join(folder, 'pictures', `${at}.jpg`), jpeg)
  const set = (mood: Mood) => writeFileSync(join(folder, 'mood'), mood)
  set('well')
  writeFileSync(join(folder, 'words'), '')
  return {
    folder,
    pictures,
    writer,
    set,
    /** What the programs were told, one line a call. */
    told: () => readFileSync(join(folder, 'words'), 'utf8').trim().split('\n'),
  }
}
