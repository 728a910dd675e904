// Runs the benchmarks, each in a process of its own and one after the other, for they share the machine's cores and
// disk. A benchmark prints JSON lines {name, value, unit, gate?, pass?, …}: `pass: false`, a bad exit or silence fails
// the run. A line {name, absent} names a yardstick that is not installed here. Lines go to stdout, and with machine and
// commit to bench-results/.
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync } from 'node:fs'
import os from 'node:os'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'

const oneMs = 15 * 60_000
const compiled = 'build/bench/test/bench'
const named = process.argv.slice(2).map(file => basename(file).replace(/\.bench\.[jt]s$/, ''))
const found = readdirSync(compiled)
  .filter(file => file.endsWith('.bench.js'))
  .sort()
const files = found.filter(file => named.length === 0 || named.includes(file.replace('.bench.js', '')))
const { stdout: commit } = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' })
const about = {
  machine: `${os.cpus()[0]?.model.trim() ?? os.arch()} × ${os.cpus().length}`,
  node: process.versions.node,
  commit: commit?.trim() || undefined,
}
mkdirSync('bench-results', { recursive: true })
const kept = `bench-results/${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.jsonl`
const rows = []
const failures = []
const absent = []

if (files.length === 0) failures.push(`there is no benchmark ${named.join(', ')}`)
for (const file of files) await measure(file)

table()
console.error(`\nkept in ${kept}`)
for (const words of absent) console.error(`yardstick absent: ${words}`)
for (const words of failures) console.error(`FAIL ${words}`)
process.exitCode = failures.length > 0 ? 1 : 0

async function measure(file) {
  let lines = 0
  const failedBefore = failures.length
  const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', `${compiled}/${file}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: oneMs,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise(settle => child.once('close', (code, signal) => settle(signal ?? code)))
  for await (const line of createInterface({ input: child.stdout })) {
    let result
    try {
      result = JSON.parse(line)
    } catch {
      console.error(line)
      continue
    }
    lines++
    console.log(line)
    appendFileSync(kept, `${JSON.stringify({ ...result, ...about })}\n`)
    if (result.absent) absent.push(`${result.name}: ${result.absent}`)
    rows.push(result)
    const { name, value, unit = '', pass } = result
    if (pass === false) failures.push(`${name}: ${value} ${unit}, gate ${gateOf(result)}`)
  }
  const end = await ended
  if (lines === 0) failures.push(`${file} printed no result (ended with ${end})`)
  else if (end !== 0 && failures.length === failedBefore) failures.push(`${file} ended with ${end}`)
}

function gateOf({ gate, atLeast }) {
  return gate === undefined ? '' : `${atLeast ? '≥' : '≤'} ${gate}`
}

/** For eyes: what held, what it was and had to be, beside whom. */
function table() {
  if (rows.length === 0) return
  const cells = rows.map(row => [
    row.absent ? '–' : row.pass === false ? 'FAIL' : row.pass ? 'ok' : '',
    row.name,
    row.absent ? 'absent' : String(row.value ?? ''),
    gateOf(row),
    row.absent ?? [row.unit, figuresOf(row)].filter(Boolean).join('; '),
  ])
  const widths = cells[0].map((_, i) => Math.max(...cells.map(cell => [...cell[i]].length)))
  console.error()
  for (const cell of cells) console.error(cell.map((words, i) => (i < 4 ? words.padEnd(widths[i]) : words)).join('  '))
}

function figuresOf({ oursMs, theirsMs, floorMs, siril, theirsWorst, oursStars, theirsStars }) {
  const said = { 'ours ms': oursMs, 'theirs ms': theirsMs, 'floor ms': floorMs, siril, theirsWorst }
  if (theirsStars !== undefined) said.stars = `${oursStars} ours, ${theirsStars} theirs`
  const told = Object.entries(said).filter(([, value]) => value !== undefined)
  return told.map(([name, value]) => `${name} ${value}`).join(', ')
}
