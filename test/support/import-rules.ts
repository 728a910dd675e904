// The rules about who may import whom, as pure functions from sources to complaints; an empty list means all is well.
import { type Import, importsOf, type Sources } from './source-tree.js'

/**
 * Which rooms of edge/ a room may look into besides itself. The six that need ports never see each other: main hands
 * them over.
 */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  science: ['kernels'],
  kernels: [],
  rules: ['science', 'kernels'],
  ports: ['rules', 'science', 'kernels'],
  spine: ['ports', 'rules', 'science', 'kernels'],
  drivers: ['ports', 'rules', 'science', 'kernels'],
  store: ['ports', 'rules', 'science', 'kernels'],
  workers: ['ports', 'rules', 'science', 'kernels'],
  services: ['ports', 'rules', 'science', 'kernels'],
  api: ['ports', 'rules', 'science', 'kernels'],
}

/** These put everything together, and are imported by nothing else. */
const assembly = /^edge\/(main|cli)(-[a-z-]+)?\.ts$/

/** The language of its room is imported all over it: Express speaks for api/http as Preact does for the page. */
const languages: Readonly<Record<string, string>> = { express: 'edge/api/http/', preact: 'web/' }

/** Resolved imports of every TypeScript file beneath a folder. */
function importTable(sources: Sources, folder: string): Map<string, Import[]> {
  const table = new Map<string, Import[]>()
  for (const [file, source] of sources) {
    if (!file.startsWith(folder) || !/\.tsx?$/.test(file)) continue
    const imports = importsOf(file, source).map(one => ({ ...one, file: one.file && existing(sources, one.file) }))
    table.set(file, imports)
  }
  return table
}

/** The page's bundler leaves the ending open. */
function existing(sources: Sources, file: string): string {
  return [file, `${file}.ts`, `${file}.tsx`].find(one => sources.has(one)) ?? file
}

export function directions(sources: Sources): string[] {
  const complaints: string[] = []
  for (const [file, imports] of importTable(sources, 'edge/')) {
    if (assembly.test(file)) continue
    const room = file.split('/')[1]
    if (!mayUse[room]) {
      complaints.push(`${file}: edge/${room} is no room of the design`)
      continue
    }
    for (const { file: meant, line } of imports) {
      if (meant === undefined) continue
      const [top, other] = meant.split('/')
      const allowed = top === 'edge' && (other === room || mayUse[room].includes(other))
      if (!allowed) complaints.push(`${file}:${line} ${room} may not import ${meant}`)
    }
  }
  return complaints
}

/** Arithmetic needs nothing of the machine. */
export function pureScience(sources: Sources): string[] {
  return [...importTable(sources, 'edge/science/')].flatMap(([file, imports]) =>
    imports
      .filter(one => one.file === undefined && one.package === undefined)
      .map(({ line, specifier }) => `${file}:${line} science may not import ${specifier}`),
  )
}

export function missingTargets(sources: Sources): string[] {
  return ['edge/', 'web/', 'test/'].flatMap(folder =>
    [...importTable(sources, folder)].flatMap(([file, imports]) =>
      imports
        .filter(({ file: meant }) => meant !== undefined && !sources.has(meant))
        .map(({ line, specifier }) => `${file}:${line} there is no ${specifier}`),
    ),
  )
}

/**
 * A package whose words are spoken in one file can be exchanged there. Types cost nothing and may be named anywhere.
 */
export function onePackageOneFile(sources: Sources): string[] {
  const users = new Map<string, Set<string>>()
  for (const folder of ['edge/', 'web/']) {
    for (const [file, imports] of importTable(sources, folder)) {
      for (const { package: name, typeOnly } of imports) {
        if (name === undefined || typeOnly || (languages[name] && file.startsWith(languages[name]))) continue
        const key = `${folder} ${name}`
        users.set(key, (users.get(key) ?? new Set()).add(file))
      }
    }
  }
  return [...users]
    .filter(([, files]) => files.size > 1)
    .map(([key, files]) => `${key.split(' ')[1]} is imported by ${[...files].sort().join(' and ')}`)
}

export function pageTakesTypesOfPorts(sources: Sources): string[] {
  return [...importTable(sources, 'web/')].flatMap(([file, imports]) =>
    imports
      .filter(({ file: meant, typeOnly }) => {
        if (meant === undefined || meant.startsWith('web/')) return false
        return !(typeOnly && meant.startsWith('edge/ports/'))
      })
      .map(({ line, file: meant }) => `${file}:${line} the page may import types of edge/ports only, not ${meant}`),
  )
}

/** Types are gone when files are loaded, and may name each other. */
export function cycles(sources: Sources): string[] {
  const complaints: string[] = []
  for (const folder of ['edge/', 'web/']) {
    const table = importTable(sources, folder)
    const done = new Set<string>()
    const walk = (file: string, trail: string[]) => {
      const at = trail.indexOf(file)
      if (at >= 0) complaints.push(`${[...trail.slice(at), file].join(' → ')} is a circle`)
      if (at >= 0 || done.has(file)) return
      for (const { file: next, typeOnly } of table.get(file) ?? []) {
        if (next !== undefined && !typeOnly) walk(next, [...trail, file])
      }
      done.add(file)
    }
    for (const file of table.keys()) walk(file, [])
  }
  return complaints
}

/** What no entry reaches is dead; simulated time exists for tests of whole nights, which are entries of their own. */
export function deadFiles(sources: Sources): string[] {
  return [
    ...unreached(sources, 'edge/', file => /^edge\/(cli\.ts|spine\/simulated-clock\.ts|.*\.d\.ts)$/.test(file)),
    ...unreached(sources, 'web/', file => /^web\/(main\.tsx|vite\.config\.ts|.*\.d\.ts)$/.test(file)),
    ...unreached(sources, 'test/', file => /\.(test|bench|guest|image)\.ts$/.test(file)),
  ]
}

function unreached(sources: Sources, folder: string, entry: (file: string) => boolean): string[] {
  const table = importTable(sources, folder)
  const reached = new Set<string>()
  const open = [...table.keys()].filter(entry)
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue
    reached.add(file)
    for (const { file: next } of table.get(file) ?? []) if (next !== undefined) open.push(next)
    // Tests start helpers as processes of their own, by path.
    for (const other of table.keys()) {
      const name = other.split('/').at(-1)!
      const started = [name, name.replace(/\.ts$/, '.js')].some(word => sources.get(file)!.includes(`/${word}`))
      if (folder === 'test/' && started) open.push(other)
    }
  }
  return [...table.keys()].filter(file => !reached.has(file)).map(file => `${file} is used by nothing`)
}
