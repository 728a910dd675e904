// The rules a single file has to keep, as pure functions from sources to complaints; an empty list means all is well.
import ts from 'typescript'
import { lineOf, type Sources, syntax, visitAll } from './source-tree.js'

/** A test file costs seconds to start, so tests of one thing stand together. */
const mostLines = (file: string) => (file.startsWith('test/') ? 700 : 400)
const mostColumns = 120

const ourCode = /^(edge|test|web)\/.*\.tsx?$|^(scripts|image-build)\/.*\.m[jt]s$/
const agentOrPage = /^(edge|web)\/.*\.tsx?$/
const agent = /^edge\/.*\.ts$/
const isTable = (file: string) => /\.data\.m?[jt]s$/.test(file)

const codeOf = (sources: Sources, which: RegExp) => [...sources].filter(([file]) => which.test(file))

/** Calls every node of the files with a way to complain about it. */
function judge(
  sources: Sources,
  which: RegExp,
  see: (node: ts.Node, complain: (words: string) => void, file: string) => void,
): string[] {
  const complaints: string[] = []
  for (const [file, source] of codeOf(sources, which)) {
    visitAll(syntax(file, source), node =>
      see(node, words => complaints.push(`${file}:${lineOf(node)} ${words}`), file),
    )
  }
  return complaints
}

/** Where time and chance come from; everybody else is handed a Clock and a Random. */
const sourcesOfTime = new Set(['system-clock', 'simulated-clock', 'seeded-random'].map(name => `edge/spine/${name}.ts`))
/** Pairing codes and tokens must not repeat with the seed. */
const sourcesOfSecrets = new Set(['edge/spine/access.ts'])

const strayNames = new Set(['setTimeout', 'setInterval', 'setImmediate', 'hrtime', 'randomUUID'])
const strayMembers = new Set([
  'Date.now',
  'performance.now',
  'Math.random',
  'AbortSignal.timeout',
  'process.hrtime',
  'crypto.randomUUID',
  'globalThis.setTimeout',
  'globalThis.setInterval',
  'globalThis.setImmediate',
])

export function strays(sources: Sources): string[] {
  return judge(sources, agent, (node, complain, file) => {
    if (sourcesOfTime.has(file)) return
    const stray = strayIn(node)
    if (stray === undefined || (stray.endsWith('randomUUID') && sourcesOfSecrets.has(file))) return
    complain(`${stray}: time and chance come through Clock and Random`)
  })
}

function strayIn(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const words = node.getText().replaceAll(/\s|\?/g, '')
    return strayMembers.has(words) ? words : undefined
  }
  if (ts.isIdentifier(node) && strayNames.has(node.text)) {
    const { parent } = node
    // socket.setTimeout(…) and {setTimeout: …} are other things of the same name.
    const member = ts.isPropertyAccessExpression(parent) && parent.name === node
    return member || ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) ? undefined : node.text
  }
  if (ts.isStringLiteral(node) && /^(node:)?timers(\/promises)?$/.test(node.text)) return node.text
  const makesDate = (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'Date'
  return makesDate && !node.arguments?.length ? 'new Date()' : undefined
}

export function sizes(sources: Sources): string[] {
  const complaints: string[] = []
  for (const [file, source] of codeOf(sources, ourCode)) {
    if (isTable(file)) continue
    const lines = source.replace(/\n$/, '').split('\n')
    if (lines.length > mostLines(file)) complaints.push(`${file} has ${lines.length} lines: it holds two ideas`)
    lines.forEach((line, index) => {
      if ([...line].length > mostColumns) complaints.push(`${file}:${index + 1} is wider than ${mostColumns} columns`)
    })
  }
  return complaints
}

const vague = /(^|[-.])(utils?|helpers?|managers?|common|misc)([-.]|$)/

export function names(sources: Sources): string[] {
  const complaints: string[] = []
  for (const file of sources.keys()) {
    if (!/^(edge|test|web|scripts)\//.test(file)) continue
    for (const part of file.split('/')) {
      if (vague.test(part)) complaints.push(`${file} says nothing by "${part}"`)
    }
    const name = file.split('/').at(-1)!
    if (ourCode.test(file) && !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(name)) complaints.push(`${file} is not kebab-case`)
  }
  return complaints
}

export function openings(sources: Sources): string[] {
  const commented = /^\s*(\/\/|\/\*|#|--|""")/
  const which = /^(edge|test|web|scripts)\/.*\.(tsx?|m[jt]s|css|sh|py)$|^\.ci\/|^Makefile$|^test\/support\/[^.]+$/
  return codeOf(sources, which)
    .filter(([, source]) => !commented.test(source.replace(/^#!.*\n/, '')))
    .map(([file]) => `${file} does not open by saying what it holds`)
}

/**
 * Nothing is caught and dropped without a word on why, or on who hears of it: a comment there, or on the line above.
 */
export function swallowed(sources: Sources): string[] {
  return judge(sources, agentOrPage, (node, complain) => {
    if (ts.isCatchClause(node) && node.block.statements.length === 0 && !/\/[/*] *\w/.test(node.block.getText())) {
      complain('an error is dropped, and nothing says why')
    }
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return
    const { name } = node.expression
    const handler = name.text === 'catch' ? node.arguments[0] : undefined
    if (handler && drops(handler) && !saidWhy(name)) complain('a rejection is dropped, and nothing says why')
  })
}

function drops(handler: ts.Node): boolean {
  if (!ts.isArrowFunction(handler)) return false
  const { body } = handler
  if (ts.isBlock(body)) return body.statements.length === 0
  return /^(undefined|null|void 0|\(?\{\}\)?|\[\]|false|'')$/.test(body.getText())
}

function saidWhy(node: ts.Node): boolean {
  const lines = node.getSourceFile().text.split('\n')
  const last = lineOf(node) - 1
  const first = lineOf(statementOf(node)) - 1
  const around = [lines[first - 1] ?? '', ...lines.slice(first, last + 1)]
  return /^\s*(\/\/|\*|\/\*)/.test(around[0]) || around.slice(1).some(line => /\/\/ \w/.test(line))
}

const statementOf = (node: ts.Node): ts.Node => (ts.isStatement(node) ? node : statementOf(node.parent))

/** State that outlives what made it would be shared by two agents in one process, and by two tests. */
const keptOnce: Readonly<Record<string, string>> = {
  'edge/science/catalogue.ts': 'a constant table, read when first asked for',
  'edge/drivers/sensor/kernel-sensor.ts': 'reads that hang: the threads they hold are those of the whole process',
}

export function singletons(sources: Sources): string[] {
  return judge(sources, agent, (node, complain, file) => {
    if (!ts.isVariableStatement(node) || !ts.isSourceFile(node.parent) || keptOnce[file]) return
    const changing = !(node.declarationList.flags & ts.NodeFlags.Const)
    for (const { name, initializer } of node.declarationList.declarations) {
      const emptied =
        initializer !== undefined && /^(new (Weak)?(Map|Set)(<.*>)?\(\)|\[\])$/s.test(initializer.getText())
      if (changing || emptied) complain(`${name.getText()} is shared state of the whole process`)
    }
  })
}

export function inheritance(sources: Sources): string[] {
  return judge(sources, agentOrPage, (node, complain) => {
    if (!ts.isHeritageClause(node) || node.token !== ts.SyntaxKind.ExtendsKeyword || !ts.isClassLike(node.parent))
      return
    const parent = node.types[0].expression.getText()
    if (!/(Error|^Fault)$/.test(parent)) complain(`a class inherits from ${parent}: only errors inherit`)
  })
}

/** A file that only passes on what others export hides where things live. */
export function barrels(sources: Sources): string[] {
  return codeOf(sources, agentOrPage)
    .filter(([file, source]) => {
      const { statements } = syntax(file, source)
      return statements.length > 0 && statements.every(one => ts.isExportDeclaration(one) && one.moduleSpecifier)
    })
    .map(([file]) => `${file} only passes on what others export`)
}

export function loneTests(sources: Sources): string[] {
  return judge(sources, /^test\/.*\.ts$/, (node, complain) => {
    if (!ts.isPropertyAccessExpression(node) || node.name.text !== 'only') return
    if (/^(t|tap|test)$/.test(node.expression.getText())) complain('.only leaves the other tests out')
  })
}

/** What nobody else takes need not be offered. By its name alone: one that is common elsewhere is let pass. */
export function unusedExports(sources: Sources): string[] {
  const filesWith = new Map<string, number>()
  for (const [, source] of codeOf(sources, ourCode)) {
    for (const word of new Set(source.match(/\w+/g))) filesWith.set(word, (filesWith.get(word) ?? 0) + 1)
  }
  return codeOf(sources, agentOrPage).flatMap(([file, source]) =>
    [...source.matchAll(/^export (?:async )?(?:function|const|let|class) (\w+)/gm)]
      .filter(([, name]) => filesWith.get(name) === 1)
      .map(([, name]) => `${file} exports ${name}, and nobody takes it`),
  )
}

/** A code that no test provokes is one that nobody has seen a face answer with. */
export function unprovokedFaults(sources: Sources): string[] {
  const list = /faultCodes = \[(.*?)\]/s.exec(sources.get('edge/ports/fault.ts') ?? '')?.[1] ?? ''
  const codes = [...list.matchAll(/^\s*'([a-z-]+)',/gm)].map(([, code]) => code)
  const tests = codeOf(sources, /^test\/.*\.test\.ts$/).map(([, source]) => source)
  if (codes.length === 0) return ['edge/ports/fault.ts has no list of codes that can be read']
  return codes
    .filter(code => !tests.some(source => source.includes(`code: '${code}'`)))
    .map(code => `no test provokes the fault ${code}: expect { code: '${code}' } in one`)
}

/** Words about the place a file was made in, and the hosts packages came from: neither is here tomorrow. */
const outside: readonly [RegExp, string][] = [
  [new RegExp(`(^|[\\s'"\`(=:])/${'work'}/`), 'a path of the workplace'],
  [
    new RegExp(`${'registry'}\\.[a-z]+js\\.org|${'npm'}js\\.(com|org)|${'registry'}\\.yarnpkg`),
    'the host of a registry',
  ],
  [/\b(deb|security|ftp)\.debian\.org\b|\bfiles\.pythonhosted\b/, 'the host of a registry'],
]

export function outsiders(sources: Sources): string[] {
  const complaints: string[] = []
  for (const [file, source] of sources) {
    source.split('\n').forEach((line, index) => {
      for (const [pattern, words] of outside)
        if (pattern.test(line)) complaints.push(`${file}:${index + 1} names ${words}`)
    })
  }
  return complaints
}
