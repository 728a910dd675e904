// Lines of text out of a stream, bounded: what comes without an end is cut.
import type { Readable } from 'node:stream'

export interface LineSink {
  line(text: string): void
  /** The stream has ended or broken; called once. */
  end(): void
}

/** Far longer than any line of ours. */
const longestChars = 1 << 20

/** Calls back for every line that is not empty. */
export function readLines(stream: Readable, { line, end }: LineSink): void {
  let rest = ''
  let over = false
  const finish = () => {
    if (over) return
    over = true
    end()
  }
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!.slice(-longestChars)
    for (const one of lines) if (one !== '') line(one)
  })
  stream.on('end', finish)
  stream.on('error', finish)
  stream.on('close', finish)
}
