// What the documents say is so: the reference of the configuration is the schema's, and what they point at is there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { configDocs } from '../edge/cli-docs.js'
import { configSchema } from '../edge/main-config.js'
import { readSources } from './support/source-tree.js'

const documents = [...readSources()].filter(([file]) => file.endsWith('.md'))
const words = (file: string) => readFileSync(file, 'utf8')

t.test('docs/config.md says what the agent checks', async t => {
  const made = configDocs(configSchema).trimEnd().split('\n')
  const kept = words('docs/config.md').trimEnd().split('\n')
  const stale = made.filter(line => !kept.includes(line))
  const gone = kept.filter(line => !made.includes(line))
  const fix = 'write it anew: make build && node build/edge/cli.js config docs > docs/config.md'
  t.same({ stale, gone }, { stale: [], gone: [] }, fix)
  t.same(kept, made, fix)
  const silent = made.filter(line => /^\| `[^`]+` \| +\|/.test(line))
  t.same(silent, [], 'every key has a meaning: give it .describe()')
})

t.test('links and pictures of the documents lead somewhere', async t => {
  for (const [file, text] of documents) {
    for (const [, inText, below] of text.matchAll(/\]\(([^)\s#]+)|^\[[^\]]+\]: (\S+)/gm)) {
      const target = inText ?? below
      if (/^https?:/.test(target)) continue
      t.ok(existsSync(path.join(path.dirname(file), target)), `${file} points at ${target}`)
    }
  }
  t.ok([...words('README.md').matchAll(/!\[/g)].length >= 3, 'the front page has pictures')
  const told = documents.map(([, text]) => text).join('\n')
  for (const picture of readdirSync('docs/screens'))
    t.match(told, picture, `docs/screens/${picture} is shown somewhere`)
})

/** Rooms are called by their name alone where a document speaks of the agent. */
const places = ['', 'edge/', 'docs/', 'web/']
const pathLike = /`((?:[\w-]+\/)+(?:[\w.-]+\.(?:tsx?|mjs|md|sh|py|css)|[\w-]+\/)?)`/g

t.test('files that the documents name are there', async t => {
  for (const [file, text] of documents) {
    for (const [, name] of text.matchAll(pathLike)) {
      if (name.indexOf('/') === name.length - 1) continue
      const there = places.some(place => existsSync(place + name))
      t.ok(there, `${file} names ${name}`)
    }
  }
})

t.test('what the documents say to type can be typed', async t => {
  const targets = new Set([...words('Makefile').matchAll(/^([a-z][a-z-]*):/gm)].map(([, name]) => name))
  const typed = words('edge/cli.ts')
  for (const [file, text] of documents) {
    for (const [, target] of text.matchAll(/(?:`|&& |^)make ([a-z-]+)/gm)) {
      t.ok(targets.has(target), `${file}: make ${target} is in the Makefile`)
    }
    for (const [, verb] of text.matchAll(/`pierside ([a-z]+)/g)) {
      t.match(typed, new RegExp(`\\b${verb}\\b`), `${file}: pierside ${verb} is a command`)
    }
  }
})
