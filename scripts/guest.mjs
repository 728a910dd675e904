// Boots the guest that scripts/guest.sh has made, with the agent and the compiled tests on a disk of their own, and
// reports its tests as those of `make test` are reported.
import { execFileSync } from 'node:child_process'
import { createWriteStream, readdirSync, writeFileSync } from 'node:fs'
import { bootArm64 } from './arm64-machine.mjs'
import { readTap } from './count-tests.mjs'
import { testReport } from './test-report.mjs'

const place = 'build/guest'
const wholeRunMs = 20 * 60_000
const consoleFile = `${place}/console.log`

const compiled = readdirSync(`${place}/tests/test`, { recursive: true, encoding: 'utf8' })
  .filter(name => /\.(guest|test)\.js$/.test(name))
  .map(name => `test/${name.replace(/\.js$/, '.ts')}`)
  .sort()
const named = process.argv.slice(2)
const absent = named.filter(file => !compiled.includes(file))
if (absent.length > 0) {
  console.error(`pierside: ${absent.join(', ')} is no test of the guest; it has ${compiled.join(', ')}`)
  process.exit(2)
}
const files = named.length > 0 ? named : compiled

writeFileSync(`${place}/tests.list`, `${files.join('\n')}\n`)
const carried = ['package.json', 'udev', `${place}/tests`, `${place}/tests.list`]
execFileSync('tar', ['-cf', `${place}/tests.tar`, '--exclude=*.map', ...carried])

const began = performance.now()
const [release] = readdirSync(`${place}/kernel/usr/lib/modules`)
const guest = bootArm64({
  kernel: `${place}/kernel/usr/lib/modules/${release}/vmlinuz`,
  initrd: `${place}/initrd.gz`,
  disks: [`${place}/root.ext4`, `${place}/tests.tar`],
  console: consoleFile,
  scratch: place,
  deadlineMs: wholeRunMs,
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, guest.kill)

// The others have tests that need what only the machine outside has.
const report = testReport(file => file.endsWith('.guest.ts'))
const missing = new Set(files)
const tap = readTap(file => {
  if (missing.delete(file.name)) report.addFile(file)
})
guest.output.setEncoding('utf8')
const raw = createWriteStream(`${place}/test.tap`)
for await (const chunk of guest.output) {
  raw.write(chunk)
  tap.write(chunk)
}
raw.end()
const trouble = await guest.ended
await tap.end()
if (trouble) report.addFailure('', { test: 'the guest', words: `${trouble}: see ${consoleFile}` })
for (const file of missing) report.addFailure(file, { test: '', words: `the file did not finish: see ${consoleFile}` })
console.log(`Linux ${release} on arm64, ${Math.round((performance.now() - began) / 1000)} s from power-on to power-off`)
report.conclude()
