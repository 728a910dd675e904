// Prints what the image is made of, as a CycloneDX list of components: Debian's packages by dpkg's own record, those
// that are unpacked without it (kernel, firmware, boot loader), npm's packages by their lock, and Node.
//
//   contents.mjs FOLDER VERSION    FOLDER: build/image
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

const [folder, version] = process.argv.slice(2)
const text = file => readFileSync(`${folder}/${file}`, 'utf8')

const debian = (name, is, architecture) => ({
  type: 'library',
  name,
  version: is,
  purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(is)}?arch=${architecture}`,
})

/** What dpkg has installed: paragraphs of `Field: value`. */
const installed = text('root/var/lib/dpkg/status')
  .split('\n\n')
  .map(paragraph =>
    Object.fromEntries([...paragraph.matchAll(/^(\w[\w-]*): (.*)$/gm)].map(([, key, value]) => [key, value])),
  )
  .filter(({ Status }) => Status === 'install ok installed')
  .map(({ Package, Version, Architecture }) => debian(Package, Version, Architecture))

/** name_version_architecture.deb, the version percent-encoded; the first line says what was asked for. */
const unpacked = ['kernel.packages', 'firmware.packages'].flatMap(file =>
  text(file)
    .trim()
    .split('\n')
    .slice(1)
    .map(deb => deb.replace(/\.deb$/, '').split('_'))
    .map(([name, is, architecture]) => debian(name, decodeURIComponent(is), architecture)),
)

/** The lock also names what is for other computers, and what holds types alone is not in the image. */
const npm = Object.entries(JSON.parse(text('npm/package-lock.json')).packages)
  .filter(([path]) => path !== '' && !path.includes('/@types/') && existsSync(`${folder}/npm/${path}`))
  .map(([path, { version: is, license, integrity }]) => {
    const name = path.replace(/^.*node_modules\//, '')
    const [algorithm, base64] = integrity?.split('-') ?? []
    return {
      type: 'library',
      name,
      version: is,
      purl: `pkg:npm/${name.replace('@', '%40')}@${is}`,
      ...(license && { licenses: [{ license: { name: license } }] }),
      ...(algorithm === 'sha512' && {
        hashes: [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }],
      }),
    }
  })

const node = text('npm/node.version').trim().replace(/^v/, '')
const parts = [
  ...installed,
  ...unpacked,
  ...npm,
  { type: 'platform', name: 'node', version: node, purl: `pkg:generic/node@${node}` },
]
/** What two packages bring in the same version is there once. */
const different = new Map(parts.map(part => [part.purl, part]))
const components = [...different.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1))

// The same contents have the same number.
const digest = createHash('sha256').update(JSON.stringify(components)).digest('hex')
const serial = [8, 4, 4, 4, 12].map((length, at, all) =>
  digest.substr(
    all.slice(0, at).reduce((sum, one) => sum + one, 0),
    length,
  ),
)
console.log(
  JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      serialNumber: `urn:uuid:${serial.join('-')}`,
      version: 1,
      metadata: { component: { type: 'operating-system', name: 'pierside', version } },
      components,
    },
    undefined,
    1,
  ),
)
