// What is checked before any test runs: types of agent, tests and page, and the linter. `check.mjs types|lint` runs one
// kind.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const tsc = ['node_modules/typescript/bin/tsc', '--pretty', 'false', '-p']

/** Every check with the sentence it stands for, and the arguments Node runs it with. */
export const checks = [
  { kind: 'types', name: 'the types of agent and tests agree', args: [...tsc, '.'] },
  { kind: 'types', name: 'the types of the page agree', args: [...tsc, 'web'] },
  {
    kind: 'lint',
    name: 'format and style are as Biome wants them',
    args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--max-diagnostics=50'],
  },
].filter(({ args }) => args.at(-1) !== 'web' || existsSync('web/tsconfig.json'))

/** @returns whether it held, and what it said */
export function check({ args }) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 600_000 })
  return { ok: status === 0, words: [stdout, stderr, error?.message ?? ''].join('').trim() }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const one of checks.filter(({ kind }) => kind === process.argv[2])) {
    const { ok, words } = check(one)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${one.name}${words && !ok ? `\n${words}` : ''}`)
    if (!ok) process.exitCode = 1
  }
}
