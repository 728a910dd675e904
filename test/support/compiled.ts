// Our sources as plain JavaScript, for tests that start many processes: the test runner's loader costs a second each.
import { execFileSync } from 'node:child_process'
import path from 'node:path'

/**
 * Compiles without checking types.
 * @param folder inside the repository, so that packages are found
 * @returns the folder that stands for the repository's root
 */
export function compiled(folder: string, ...sources: string[]): string {
  const compiler = path.resolve('node_modules/typescript/bin/tsc')
  const options = ['--module', 'NodeNext', '--moduleResolution', 'NodeNext', '--target', 'ES2022', '--types', 'node']
  execFileSync(process.execPath, [
    ...[compiler, '--ignoreConfig', '--noCheck', '--skipLibCheck', '--rootDir', '.', '--outDir', folder],
    ...options,
    ...sources,
  ])
  return folder
}
