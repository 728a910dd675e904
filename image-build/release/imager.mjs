// Prints what Raspberry Pi Imager is told of the image: a list of one, which it opens as a file or from an address
// (--repo). Its own questions for Wi-Fi, name and user are not asked, since nothing on the card reads its answers
// (init_format none): pierside.txt on the card is where they are given.
//
//   imager.mjs CARD PACKED ADDRESS VERSION
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'

const [card, packed, url, version] = process.argv.slice(2)
/** Imager's first question is for the computer, and only what the list itself names can be chosen. */
const devices = readFileSync(new URL('../boards/imager-devices', import.meta.url), 'utf8')
  .split('\n')
  .filter(line => line !== '' && !line.startsWith('#'))
  .map(line => line.split(/ {2,}/))
  .map(([tag, name, description]) => ({ name, tags: [tag], icon: '', description, matching_type: 'exclusive' }))

async function sha256(file) {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece)
  return hash.digest('hex')
}

const image = {
  name: `Pierside ${version}`,
  description: 'Turns a telescope pier into an observatory that runs itself',
  // One that Imager brings along: whoever has no internet sees it too.
  icon: '../icons/use_custom.png',
  url,
  release_date: statSync(card).mtime.toISOString().slice(0, 10),
  extract_size: statSync(card).size,
  extract_sha256: await sha256(card),
  image_download_size: statSync(packed).size,
  image_download_sha256: await sha256(packed),
  init_format: 'none',
  devices: devices.flatMap(({ tags }) => tags),
}
console.log(JSON.stringify({ imager: { devices }, os_list: [image] }, undefined, 2))
