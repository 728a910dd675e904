// Every shell script of the repository, by the checker that knows the shells' traps. Pieces that another script sources
// share its variables; what is alone is judged alone.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const skip = existsSync('/usr/bin/shellcheck') ? false : 'shellcheck is not installed'
const shebang = /^#!(?:\/usr\/bin\/env |\/bin\/|\/busybox )(bash|sh)\b/

const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\0')
  .filter(file => file !== '' && !/\.(ts|tsx|mjs|json|css|md|dts|png|svg|c|py|rules|service)$/.test(file))
  .filter(file => existsSync(file))

/** Scripts with the shell that runs them. What is sourced has no first line of its own and is bash. */
const scripts = tracked.flatMap(file => {
  const found = shebang.exec(readFileSync(file, 'utf8').slice(0, 80))
  if (found) return [{ file, shell: found[1] === 'sh' ? 'dash' : 'bash', alone: true }]
  return file.endsWith('.sh') ? [{ file, shell: 'bash', alone: false }] : []
})

/** SC2016: what a shell inside another root is given; of a piece also what it shares with whoever sources it. */
function complaints(file: string, shell: string, alone: boolean): string {
  const off = ['SC1091', 'SC2016', ...(alone ? [] : ['SC2034', 'SC2154', 'SC2164'])]
  const args = ['-x', '-P', 'SCRIPTDIR:.', '-s', shell, '-f', 'gcc', '-e', off.join(','), file]
  const { stdout, stderr } = spawnSync('shellcheck', args, { encoding: 'utf8' })
  return `${stdout}${stderr}`.trim()
}

t.test('shellcheck has nothing to say', { skip }, async t => {
  t.ok(scripts.length > 20)
  for (const { file, shell, alone } of scripts) t.equal(complaints(file, shell, alone), '', file)
})

t.test('it bites', { skip }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'pierside-shell-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'x.sh')
  writeFileSync(file, '#!/bin/sh\nrm -rf $1/*\n[[ a = b ]]\n')
  const said = complaints(file, 'dash', true)
  for (const code of ['SC2086', 'SC3010']) t.match(said, code)
})
