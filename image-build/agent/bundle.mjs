// Puts the agent, with most of its packages, into as few files as its processes and threads allow, side by side in one
// folder: a small computer opens and compiles a few large files much sooner than a thousand small ones. What loads
// machine code, or looks for another package's own files, stays a package, with all that it needs.
//
//   bundle.mjs BUILT PACKAGES PLACE    build/edge, a node_modules and a folder, which gets build/edge and node_modules
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { build } from 'vite'

const [built, packages, place] = process.argv.slice(2).map(path => resolve(path))
/** What is started by its file's name, which is looked for beside whoever starts it. */
const started = [
  'cli',
  'main-keeper',
  'main-first-boot',
  'store/thread',
  'workers/pixel-thread',
  'workers/crew-thread',
  'drivers/camera/asi/asi-child',
  'drivers/link/simulator/render-thread',
]
const apart = ['better-sqlite3-node22', 'koffi', 'node-hid', 'onoff', 'serialport', 'sharp']

await build({
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  ssr: { noExternal: true, external: [...apart, 'better-sqlite3'] },
  build: {
    ssr: true,
    target: 'node24',
    outDir: join(place, 'build/edge'),
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(started.map(name => [basename(name), `${built}/${name}.js`])),
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
})

const staying = new Set(apart)
for (const name of staying) {
  const described = readdirSync(join(packages, name), { recursive: true }).filter(it => basename(it) === 'package.json')
  for (const file of described) {
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(packages, name, file), 'utf8'))
    for (const need of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (!need.startsWith('@types/') && existsSync(join(packages, need))) staying.add(need)
    }
  }
}
for (const name of staying) cpSync(join(packages, name), join(place, 'node_modules', name), { recursive: true })
