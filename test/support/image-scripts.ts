// The scripts of root that the image brings, side by side as they lie there: each concern keeps its own in
// image-build/<concern>, and they source and start one another.
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Fills the folder with links to them. @returns the folder */
export function imageScripts(to: string): string {
  mkdirSync(to, { recursive: true })
  for (const concern of readdirSync('image-build')) {
    const from = resolve('image-build', concern, 'files/usr/lib/pierside-image')
    if (existsSync(from)) for (const name of readdirSync(from)) symlinkSync(join(from, name), join(to, name))
  }
  return to
}
