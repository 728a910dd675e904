// Any JSON that a web address gives: a weather station, another computer's sensors, a home-made board.
import { driver } from '../../ports/driver.js'
import { asFault, Fault, reasonOf } from '../../ports/fault.js'
import { z } from '../../ports/schema.js'
import { checkedFields, picked, pickedFields } from './picked-fields.js'
import { polledStation, pollOption, stationOptions } from './station-box.js'

const options = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'must look like http://host/path')
    .describe('Address that answers JSON'),
  fields: pickedFields,
  ...stationOptions('weather'),
  ...pollOption(30),
})

const answerMs = 10_000
/** A larger answer is no sensor's, bytes. */
const mostBytes = 1_000_000

export const jsonSensorDriver = driver<typeof options>({
  id: 'json-sensor',
  summary: 'Any JSON over HTTP as a sensor or weather station',
  options,
  ports: () => ['station'],
  async open({ url, fields, kind, every_s }, tools, signal) {
    const wanted = checkedFields(fields, kind)
    const look = async (until: AbortSignal) => picked(documentOf(await textOf(url, until), url), wanted)
    return polledStation({ kind, everyMs: every_s * 1000, what: url, lookMs: answerMs, look }, tools, signal)
  },
})

function documentOf(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const words = `${url} answers ${JSON.stringify(text.slice(0, 40))}, which is no JSON`
    throw new Fault('broken', words, 'Check the address, and what stands behind it', { cause: error })
  }
}

async function textOf(url: string, signal: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(url, { signal, headers: { accept: 'application/json' } })
    if (!answer.ok) {
      await answer.body?.cancel()
      throw new Fault('broken', `${url} answers ${answer.status} ${answer.statusText}`, 'Check the address')
    }
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > mostBytes) throw new Fault('limit', `${url} answers more than 1 MB`, 'Name a smaller document')
    }
    return text + decoder.decode()
  } catch (error) {
    if (signal.aborted) throw reasonOf(signal)
    if (error instanceof Fault) throw error
    const why = (error as Error & { cause?: Error }).cause?.message ?? asFault(error, url).message
    throw new Fault('offline', `${url} does not answer: ${why}`, 'Check its power, network and address', {
      cause: error,
    })
  }
}
