// The project's own files as text, and what TypeScript sources import: what test/tidy.test.ts judges.
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import ts from 'typescript'

/** Paths from the root of the repository, with forward slashes. */
export type Sources = ReadonlyMap<string, string>

const ownFolders = ['.ci', 'docs', 'edge', 'image-build', 'overlays', 'scripts', 'test', 'udev', 'web']
const text = /(\.(ts|tsx|mjs|mts|js|css|html|md|json|yml|yaml|sh|py|rules|dts|service)|^Makefile|\/[^.]+|^\.[a-z]+)$/

export function readSources(): Map<string, string> {
  const found = new Map<string, string>()
  const take = (file: string) => {
    if (text.test(file) && file !== 'package-lock.json') found.set(file, readFileSync(file, 'utf8'))
  }
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = `${folder}/${entry.name}`
      // AssemblyScript looks like TypeScript but is another language, with rules of its own.
      if (file === 'edge/kernels/assembly') continue
      if (file === 'web/dist' || entry.name === 'node_modules' || entry.name === '__pycache__') continue
      if (entry.isDirectory()) walk(file)
      // Links of the image lead to places of the image.
      else if (entry.isFile()) take(file)
    }
  }
  for (const entry of readdirSync('.', { withFileTypes: true })) {
    if (entry.isDirectory() && ownFolders.includes(entry.name)) walk(entry.name)
    else if (entry.isFile() && !ownedByOwner.includes(entry.name)) take(entry.name)
  }
  return found
}

/** What an owner writes at the root is none of ours, nor is what git writes there in a second working tree. */
const ownedByOwner = ['pierside.yaml', 'secrets.yaml', '.git']

export interface Import {
  /** As written: './a.js', 'node:fs', 'mqtt'. */
  readonly specifier: string
  /** The source file meant, when it is one of ours. */
  readonly file?: string
  /** The package's name, when it is a third party's. */
  readonly package?: string
  /** Gone after compiling. */
  readonly typeOnly: boolean
  readonly line: number
}

const parsed = new Map<string, ts.SourceFile>()

/** Parsed once for the same path and text. */
export function syntax(file: string, source: string): ts.SourceFile {
  const known = parsed.get(file)
  if (known?.text === source) return known
  const fresh = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true)
  parsed.set(file, fresh)
  return fresh
}

export const lineOf = (node: ts.Node): number => {
  const source = node.getSourceFile()
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
}

export function visitAll(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  node.forEachChild(child => visitAll(child, see))
}

/** Static, bare, re-exported, dynamic, required, in types, and a thread's `new URL('./x.js', import.meta.url)`. */
export function importsOf(file: string, source: string): Import[] {
  const found: Import[] = []
  visitAll(syntax(file, source), node => {
    const seen = importIn(node)
    if (!seen) return
    const { specifier, typeOnly } = seen
    found.push({ specifier, typeOnly, line: lineOf(node), ...target(file, specifier) })
  })
  return found
}

function importIn(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: onlyTypes(node.importClause) }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true }
  }
  if (ts.isCallExpression(node) && node.arguments[0] && ts.isStringLiteralLike(node.arguments[0])) {
    const { expression } = node
    const imports = expression.kind === ts.SyntaxKind.ImportKeyword
    const requires = ts.isIdentifier(expression) && expression.text === 'require'
    if (imports || requires) return { specifier: node.arguments[0].text, typeOnly: false }
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.length === 2) {
    const [relative, base] = node.arguments
    const ours = ts.isStringLiteralLike(relative) && /^\.\.?\/.*\.js$/.test(relative.text)
    if (ours && base.getText() === 'import.meta.url') return { specifier: relative.text, typeOnly: false }
  }
  return undefined
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false
  if (clause.isTypeOnly) return true
  const { name, namedBindings } = clause
  if (name || !namedBindings || !ts.isNamedImports(namedBindings)) return false
  return namedBindings.elements.length > 0 && namedBindings.elements.every(element => element.isTypeOnly)
}

function target(file: string, specifier: string): { file?: string; package?: string } {
  if (specifier.startsWith('.')) {
    const joined = path.posix.join(path.posix.dirname(file), specifier)
    return { file: joined.replace(/\.js$/, '.ts') }
  }
  if (isBuiltin(specifier)) return {}
  const [scope, name] = specifier.split('/')
  return { package: scope.startsWith('@') ? `${scope}/${name}` : scope }
}
