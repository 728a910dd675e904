// Runs tap over every test file, or those named, and ends with the line `N passed, N failed, N skipped`.
// Types and linter count as tests too, so that the line says everything. Where nothing excuses it (under CI, or beside
// the real frames in ../shared/data) a skip that test/skips.md does not list is a failure.
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { check, checks } from './check.mjs'
import { countFile, listedSkips, readTap } from './count-tests.mjs'

const wholeRunMs = 40 * 60_000
const named = process.argv.slice(2)
const strict = !['', '0', 'false', undefined].includes(process.env.CI) || existsSync('../shared/data')
const listed = listedSkips(readFileSync('test/skips.md', 'utf8'))
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []
let child
let interrupted = false

const absent = named.filter(file => !existsSync(file))
if (absent.length > 0) stop(`there is no ${absent.join(', ')}`)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true
    endRun()
  })
}

if (named.length === 0) runChecks()
await runTests(named.length > 0 ? named : testFiles())
conclude()

function runChecks() {
  for (const one of checks) {
    const { ok, words } = check(one)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${one.name}`)
    if (ok) total.passed++
    else addFailure('', { test: one.name, words })
  }
}

function testFiles(folder = 'test') {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap(entry => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return testFiles(path)
      return entry.name.endsWith('.test.ts') ? [path] : []
    })
    .sort()
}

/**
 * When one file hangs, tap may end without having run the rest: they get another round as long as each brings
 * something.
 */
async function runTests(files) {
  const deadlineMs = performance.now() + wholeRunMs
  const missing = new Set(files)
  let before
  do {
    before = missing.size
    await runTap([...missing], deadlineMs, file => {
      if (missing.delete(file.name)) addFile(file)
    })
  } while (missing.size > 0 && missing.size < before && !interrupted && performance.now() < deadlineMs)
  for (const file of missing) addFailure(file, { test: '', words: 'the file did not finish' })
}

async function runTap(files, deadlineMs, onFile) {
  mkdirSync('build', { recursive: true })
  const raw = createWriteStream('build/test.tap')
  const tap = readTap(onFile)
  // A process group of its own: whatever the tests started ends with it.
  child = spawn(process.execPath, ['node_modules/.bin/tap', 'run', '--reporter=tap', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const hang = setTimeout(() => {
    console.log(`FAIL the tests took longer than ${wholeRunMs / 60_000} minutes; running: ${running(files).join(', ')}`)
    endRun()
  }, deadlineMs - performance.now())
  child.stdout.setEncoding('utf8')
  for await (const chunk of child.stdout) {
    raw.write(chunk)
    tap.write(chunk)
  }
  clearTimeout(hang)
  await tap.end()
  raw.end()
  endRun('SIGKILL')
}

function endRun(signal = 'SIGTERM') {
  if (child?.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
  if (signal === 'SIGTERM') setTimeout(() => endRun('SIGKILL'), 5_000).unref()
}

/** Which of the files are being run: Linux tells the command line of every process. */
function running(files) {
  const lines = readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .map(id => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
      } catch (error) {
        if (error.code === 'ENOENT' || error.code === 'ESRCH') return []
        throw error
      }
    })
  return files.filter(file => lines.some(words => words.at(-2) === `${process.cwd()}/${file}`))
}

function addFile(file) {
  const { passed, failures: failed, skips } = countFile(file)
  const refused = strict ? skips.filter(skip => !listed(file.name, skip)) : []
  total.passed += passed
  total.skipped += skips.length - refused.length
  const parts = [`${passed} passed`]
  if (failed.length + refused.length > 0) parts.push(`${failed.length + refused.length} failed`)
  if (skips.length > refused.length) parts.push(`${skips.length - refused.length} skipped`)
  const ok = failed.length + refused.length === 0
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${file.name}: ${parts.join(', ')} (${(file.ms / 1000).toFixed(1)} s)`)
  for (const failure of failed) addFailure(file.name, failure)
  for (const { test, reason } of refused) {
    const words = `skipped (${reason || 'no reason given'}), and test/skips.md does not list it`
    addFailure(file.name, { test, words })
  }
  for (const skip of skips) {
    if (!refused.includes(skip)) console.log(`     skipped ${[skip.test, skip.reason].filter(Boolean).join(': ')}`)
  }
}

function addFailure(file, failure) {
  total.failed++
  failures.push([file, failure])
}

function conclude() {
  for (const [file, { test, words, diag }] of failures) {
    console.log(`\nFAIL ${[file, test].filter(Boolean).join(' › ')}\n  ${indented(words)}`)
    if (diag?.at?.fileName) console.log(`  at ${diag.at.fileName}:${diag.at.lineNumber}`)
    for (const key of ['diff', 'stack']) if (diag?.[key]) console.log(`  ${indented(diag[key].trimEnd())}`)
    for (const key of ['found', 'wanted', 'error', 'signal', 'exitCode']) {
      if (diag?.[key] != null && !diag.diff) console.log(`  ${key}: ${JSON.stringify(diag[key])}`)
    }
  }
  process.exitCode = interrupted ? 130 : total.failed > 0 || total.passed === 0 ? 1 : 0
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
}

function indented(words) {
  return words.replaceAll('\n', '\n  ')
}

function stop(words) {
  console.error(`pierside: ${words}`)
  process.exit(2)
}
