// In the keeper's place: says everything but what it should, before each thing that it should.
import { createInterface } from 'node:readline'

const say = line => process.stdout.write(`${line}\n`)
const reading = { on: { lamp: true } }
const odd = [
  ...['', 'null', '5', '"open"', '[]', '{}', 'true', 'Segmentation fault', '\u0000\u00ff\u2028'],
  ...['{"say":"failed"}', '{"say":"failed","fault":{}}', '{"say":"failed","fault":null,"id":1}'],
  ...['{"say":"reading"}', '{"say":"reading","reading":null}', '{"say":"reading","reading":{}}'],
  ...['{"say":"open","reading":{"on":{}}}', '{"say":"open","astray":[]}', '{"say":"safe"}', '{"say":"done"}'],
  ...['{"reading":{"on":{"lamp":false}}}', '{"say":"else","reading":{"on":{"lamp":false}}}'],
]

/** The line broken off at each of its bytes, then whole. */
function brokenOff(line) {
  const text = JSON.stringify(line)
  for (let end = 1; end < text.length; end++) say(text.slice(0, end))
  say(text)
}

createInterface({ input: process.stdin }).on('line', text => {
  const line = JSON.parse(text)
  if (line.do === 'close') process.exit(0)
  for (const one of odd) say(one)
  if (line.do === 'open') {
    // A line without an end, too long for anybody to keep.
    for (let piece = 0; piece < 64; piece++) process.stdout.write('x'.repeat(64 * 1024))
    say('')
    brokenOff({ say: 'open', reading, astray: [] })
  } else if (line.do === 'set') brokenOff({ say: 'done', id: line.id, reading: { on: { lamp: line.to } } })
  else say(JSON.stringify({ say: 'beat', reading }))
})
