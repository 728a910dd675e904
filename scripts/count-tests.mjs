// Reads what `tap run --reporter=tap` printed and counts tests: one per innermost t.test, or per file that has none.
// See tally.mjs.
import { Parser } from 'tap-parser'

/**
 * Follows TAP as it comes. Each point of the outermost level is a test file.
 * @param onFile  called with every file as soon as it has ended: {name, ok, ms, diag, points}, points nested like the
 *   tests
 * @returns write(chunk) and end(), which resolves when the last line has been read
 */
export function readTap(onFile) {
  const root = new Parser()
  follow(root, point => {
    // After a hang tap adds a point of its own, which is no file.
    if (/\.(test|guest|image)\.[mc]?tsx?$/.test(point.name)) onFile(point)
  })
  return {
    write: chunk => root.write(chunk),
    end: () => new Promise(resolve => root.on('complete', resolve).end()),
  }
}

function follow(parser, onPoint) {
  let inner
  parser.on('child', child => {
    inner = []
    const points = inner
    follow(child, point => points.push(point))
  })
  parser.on('assert', ({ ok, name, skip, todo, diag, time }) => {
    onPoint({ name: name.replace(/\\#/g, '#'), ok, skip, todo, diag, ms: time ?? 0, points: inner })
    inner = undefined
  })
}

/**
 * @param file  as readTap gives it
 * @returns {passed, failures: [{test, words, diag}], skips: [{test, reason}]}; `test` is the path of names within the
 *   file
 *
 * A skip is never a pass. A test in which nothing was asserted and a file without tests are failures: they hold
 * nothing.
 */
export function countFile(file) {
  const count = { passed: 0, failures: [], skips: [] }
  if (typeof file.skip === 'string' && file.skip !== 'no tests found') {
    count.skips.push({ test: '', reason: file.skip })
  } else if (!file.points?.length && file.ok) {
    fail(count, '', 'the file ran no tests')
  } else {
    visit(file, [], count)
  }
  return count
}

function visit(node, path, count) {
  const points = node.points ?? []
  const test = path.join(' › ')
  const failedBefore = count.failures.length
  const inner = points.filter(point => point.points !== undefined)
  const own = points.filter(point => point.points === undefined)
  let asserted = 0
  for (const { name, ok, skip, todo, diag } of own) {
    if (skip || todo) {
      const words = [skip, todo && 'to do', todo].filter(word => typeof word === 'string').join(' ')
      count.skips.push({ test: [...path, name].join(' › '), reason: words })
    } else {
      asserted++
      if (!ok) fail(count, test, name, diag)
    }
  }
  for (const point of inner) visit(point, [...path, point.name], count)

  if (!node.ok && count.failures.length === failedBefore) fail(count, test, ending(node), node.diag)
  if (inner.length === 0 && count.failures.length === failedBefore) {
    if (asserted > 0) count.passed++
    else if (own.length === 0) fail(count, test, 'the test asserts nothing')
  }
  // However many of its assertions failed, it is one test.
  if (inner.length === 0 && count.failures.length > failedBefore + 1) {
    const all = count.failures.splice(failedBefore)
    count.failures.push({ ...all[0], words: all.map(({ words }) => words).join('; ') })
  }
}

function ending({ diag }) {
  if (diag?.signal) return `ended by ${diag.signal}`
  if (diag?.exitCode) return `ended with exit code ${diag.exitCode}`
  return 'failed as a whole'
}

function fail(count, test, words, diag) {
  count.failures.push({ test, words, diag })
}

/**
 * The skips that are agreed to, out of a Markdown table | file | words | why |.
 * @returns a function telling whether a skip is listed: its file's row has words that its test or its reason contains
 */
export function listedSkips(markdown) {
  const rows = markdown
    .split('\n')
    .map(line => line.split('|').map(cell => cell.trim().replaceAll('`', '')))
    .filter(([, file, words, why]) => file?.endsWith('.test.ts') && words && why)
  return (file, { test, reason }) =>
    rows.some(([, listed, words]) => listed === file && (test.includes(words) || reason.includes(words)))
}
