// Says how each test file went, and at the end what failed and the line `N passed, N failed, N skipped`. Where nothing
// excuses it (under CI, or beside the real frames in ../shared/data) a skip that test/skips.md does not list is a
// failure.
import { existsSync, readFileSync } from 'node:fs'
import { countFile, listedSkips } from './count-tests.mjs'

const strict = !['', '0', 'false', undefined].includes(process.env.CI) || existsSync('../shared/data')

/**
 * @param atHome  whether a file, by its name, has no excuse for a skip here
 * @returns what takes files as readTap of count-tests.mjs gives them, and single failures
 */
export function testReport(atHome = () => true) {
  const listed = listedSkips(readFileSync('test/skips.md', 'utf8'))
  const total = { passed: 0, failed: 0, skipped: 0 }
  const failures = []

  function addFailure(file, failure) {
    total.failed++
    failures.push([file, failure])
  }

  return {
    addFailure,

    addPass() {
      total.passed++
    },

    addFile(file) {
      const { passed, failures: failed, skips } = countFile(file)
      const refused = strict && atHome(file.name) ? skips.filter(skip => !listed(file.name, skip)) : []
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
    },

    /** Prints all that failed, then the count; sets the exit code. */
    conclude(interrupted = false) {
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
    },
  }
}

function indented(words) {
  return words.replaceAll('\n', '\n  ')
}
