// Says by its exit code whether node_modules holds what package-lock.json asks for (`production`, or `all` with the
// packages of development) and whether SQLite opens on this very Node. npm writes its own list last, so a broken
// install is noticed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const root = new URL('../', import.meta.url)
const kind = process.argv[2]

const problem = missingPackage() ?? sqliteProblem()
if (problem !== undefined) {
  console.error(`pierside: ${problem}`)
  process.exit(1)
}

function missingPackage() {
  const wanted = read('package-lock.json')
  const present = read('node_modules/.package-lock.json')
  if (present === undefined) return 'no packages are installed'
  for (const [path, { version, dev, devOptional, optional }] of Object.entries(wanted.packages)) {
    if (path === '' || optional || devOptional || (dev && kind === 'production')) continue
    if (present.packages[path]?.version !== version) return `${path} is not there in version ${version}`
  }
  return undefined
}

/** The same choice as edge/store/sqlite.ts makes; a binary for another Node fails at the first connection only. */
function sqliteProblem() {
  const require = createRequire(root)
  const names = ['better-sqlite3']
  if (Number(process.versions.node.split('.')[0]) >= 22) names.unshift('better-sqlite3-node22')
  const reasons = []
  for (const name of names) {
    try {
      const Database = require(name)
      new Database(':memory:').close()
      return undefined
    } catch (error) {
      reasons.push(`${name}: ${String(error.message).split('\n')[0]}`)
    }
  }
  return `SQLite does not open on Node ${process.versions.node} (${reasons.join('; ')})`
}

function read(path) {
  try {
    return JSON.parse(readFileSync(new URL(path, root), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}
