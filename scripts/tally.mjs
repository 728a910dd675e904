// Runs tap over every test file, or those named, and ends with the line `N passed, N failed, N skipped`.
// Types and linter count as tests too, so that the line says everything.
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { check, checks } from './check.mjs'
import { readTap } from './count-tests.mjs'
import { testReport } from './test-report.mjs'

const wholeRunMs = 40 * 60_000
const named = process.argv.slice(2)
const report = testReport()
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
report.conclude(interrupted)

function runChecks() {
  for (const one of checks) {
    const { ok, words } = check(one)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${one.name}`)
    if (ok) report.addPass()
    else report.addFailure('', { test: one.name, words })
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
      if (missing.delete(file.name)) report.addFile(file)
    })
  } while (missing.size > 0 && missing.size < before && !interrupted && performance.now() < deadlineMs)
  for (const file of missing) report.addFailure(file, { test: '', words: 'the file did not finish' })
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

function stop(words) {
  console.error(`pierside: ${words}`)
  process.exit(2)
}
