// The drivers that INDI's packages have installed, by maker and model, as their own lists say.
import { access, constants, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LinkOffer } from '../../../ports/driver.js'
import { type Attributes, parseTag, unescapeText } from './markup.js'

const listsFolder = '/usr/share/indi'
const programsFolder = '/usr/bin'
const element = /<(devGroup\b[^>]*|device\b[^>]*)>|<driver\b[^>]*>([^<]*)<\/driver>/g

/** Devices whose driver is installed, sorted by maker and model; none where INDI is not. */
export async function installedDrivers(folder = listsFolder, programs = programsFolder): Promise<LinkOffer[]> {
  const files = await readdir(folder).catch(error => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const installed = new Set(await readdir(programs))
  const offers = new Map<string, LinkOffer>()
  for (const file of files.filter(name => name.endsWith('.xml'))) {
    for (const offer of offersIn(await readFile(join(folder, file), 'utf8'))) {
      const [program] = offer.options.drivers
      if (!installed.has(program) || !(await runs(join(programs, program)))) continue
      offers.set(`${offer.maker} ${offer.model} ${program}`, offer)
    }
  }
  return [...offers.values()].sort((a, b) => `${a.maker} ${a.model}`.localeCompare(`${b.maker} ${b.model}`, 'en'))
}

interface DriverOffer extends LinkOffer {
  readonly options: { readonly drivers: readonly [string] }
}

/** @param xml one list; a driver's own skeleton file has no devices in it */
function offersIn(xml: string): DriverOffer[] {
  const offers: DriverOffer[] = []
  let group = ''
  let device: Attributes = new Map()
  for (const [, opening, program] of xml.replaceAll(/<!--[\s\S]*?-->/g, '').matchAll(element)) {
    if (program !== undefined) {
      const model = device.get('label')
      if (!model || !/^indi_\w+$/.test(program.trim())) continue
      const maker = device.get('manufacturer') || 'Other'
      offers.push({ group, maker, model: unescapeText(model), options: { drivers: [program.trim()] } })
      continue
    }
    const { name, attributes } = parseTag(opening)
    if (name === 'devGroup') group = attributes.get('group') ?? ''
    else device = attributes
  }
  return offers
}

function runs(program: string): Promise<boolean> {
  return access(program, constants.X_OK).then(
    () => true,
    () => false,
  )
}
