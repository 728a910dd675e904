// An INDI camera that does, on order, what real drivers do only now and then: send an aborted image late, lie about
// sizes, cut images short, say nothing. Speaks the protocol over a real socket.
import { Buffer } from 'node:buffer'
import { createServer, type Socket } from 'node:net'
import { type Element, indiTokenizer } from '../../edge/drivers/link/indi/tokenizer.js'
import { type Card, formatCards } from '../../edge/science/fits-header.js'
import type { Dslr } from './dslr-properties.js'

export interface OddCamera {
  readonly port: number
  /** What it does when told to expose; nothing by itself. */
  onExposure: (seconds: number) => void
  onAbort: () => void
  /** Sets CCD_EXPOSURE, stamped with this moment of the driver's clock. */
  exposure(state: string, seconds: number, driverMs: number): void
  abort(state: string): void
  message(text: string): void
  image(what: OddImage): void
  close(): Promise<void>
}

export interface OddImage {
  readonly startedMs: number
  /** Every pixel. */
  readonly value: number
  readonly len?: string
  readonly format?: string
  /** How many of the base64 characters are sent. */
  readonly characters?: number
  readonly fits?: Uint8Array
}

const width = 40
const height = 30

/** @param dslr  with the properties of indi-gphoto, and its ways with them */
export async function startOddCamera(dslr?: Dslr): Promise<OddCamera> {
  const lines = new Map<Socket, { images: boolean }>()
  const told = (message: Element) => Object.fromEntries(message.children.map(c => [c.attributes.get('name'), c.text]))

  const control = (xml: string) => {
    for (const [socket, { images }] of lines) if (!images) socket.write(xml)
  }
  const camera: OddCamera = {
    port: 0,
    onExposure: () => {},
    onAbort: () => {},
    exposure(state, seconds, driverMs) {
      const stamp = new Date(driverMs).toISOString().slice(0, 19)
      control(`<setNumberVector device="Odd" name="CCD_EXPOSURE" state="${state}" timestamp="${stamp}">
<oneNumber name="CCD_EXPOSURE_VALUE">${seconds}</oneNumber></setNumberVector>`)
    },
    abort: state =>
      control(`<setSwitchVector device="Odd" name="CCD_ABORT_EXPOSURE" state="${state}">
<oneSwitch name="ABORT">Off</oneSwitch></setSwitchVector>`),
    message: text => control(`<message device="Odd" message="${text}"/>`),
    image({ startedMs, value, len, format = '.fits', characters, fits = oddFits(startedMs, value) }) {
      const text = Buffer.from(fits).toString('base64').slice(0, characters)
      const head = `size="${fits.length}" len="${len ?? fits.length}" format="${format}"`
      for (const [socket, { images }] of lines) {
        if (!images) continue
        socket.write(`<setBLOBVector device="Odd" name="CCD1" state="Ok"><oneBLOB name="CCD1" ${head}>
${text.replace(/.{72}/g, '$&\n')}
</oneBLOB></setBLOBVector>`)
      }
    },
    async close() {
      for (const socket of lines.keys()) socket.destroy()
      await new Promise<void>(settle => server.close(() => settle()))
    },
  }
  const hear = (socket: Socket, message: Element) => {
    const property = message.attributes.get('name')
    if (message.name === 'getProperties') {
      socket.write(property === undefined ? definitions(dslr) : blobDefinition)
    } else if (message.name === 'enableBLOB') lines.set(socket, { images: true })
    else if (message.name === 'pingRequest') socket.write(`<pingReply uid="${message.attributes.get('uid')}"/>`)
    else if (property === 'CCD_EXPOSURE') camera.onExposure(Number(told(message)['CCD_EXPOSURE_VALUE']))
    else if (property === 'CCD_ABORT_EXPOSURE') camera.onAbort()
    else if (property === 'CCD_ISO') control(isoVector('set', Object.keys(told(message))[0]))
    else if (property === 'CCD_READ_MODE') control(readVector('set', Object.keys(told(message))[0]))
    else if (property && dslr) control(dslr.hear(property, told(message)))
  }
  const server = createServer(socket => {
    lines.set(socket, { images: false })
    const tokenizer = indiTokenizer({ element: message => hear(socket, message), blobStarts: () => undefined })
    socket.on('data', chunk => void tokenizer.push(chunk))
    socket.on('error', () => lines.delete(socket))
    socket.on('close', () => lines.delete(socket))
  })
  await new Promise<void>((settle, reject) => server.once('error', reject).listen(0, '127.0.0.1', settle))
  const address = server.address()
  return Object.assign(camera, { port: typeof address === 'object' && address ? address.port : 0 })
}

/** A mono 16-bit file; DATE-OBS as INDI writes it. */
export function oddFits(startedMs: number, value: number, more: readonly Card[] = []): Uint8Array {
  const header = formatCards([
    { keyword: 'SIMPLE', value: true },
    { keyword: 'BITPIX', value: 16 },
    { keyword: 'NAXIS', value: 2 },
    { keyword: 'NAXIS1', value: width },
    { keyword: 'NAXIS2', value: height },
    { keyword: 'BZERO', value: 32768 },
    { keyword: 'BSCALE', value: 1 },
    { keyword: 'DATE-OBS', value: new Date(startedMs).toISOString().slice(0, 23) },
    ...more,
  ])
  const data = Buffer.alloc(Math.ceil((width * height * 2) / 2880) * 2880)
  for (let i = 0; i < width * height; i++) data.writeInt16BE(value - 32768, i * 2)
  return Buffer.concat([header, data])
}

const blobDefinition = `<defBLOBVector device="Odd" name="CCD1" state="Idle" perm="ro">
<defBLOB name="CCD1"/></defBLOBVector>
`
const ownInfo = `<defNumberVector device="Odd" name="CCD_INFO" state="Idle" perm="ro">
<defNumber name="CCD_MAX_X">${width}</defNumber><defNumber name="CCD_MAX_Y">${height}</defNumber></defNumberVector>`

/** ISO numbers as indi_gphoto names them. */
function isoVector(verb: 'def' | 'set', on: string): string {
  const items = ['Auto', '100', '200', '400', '1600', 'Hi 1', '100 Multi Frame Noise Reduction'].map(
    (label, index) => ({ name: `ISO${index}`, label }),
  )
  return switchVector(verb, 'CCD_ISO', items, on)
}

/** Readout modes as indi_mi_ccd names them. */
function readVector(verb: 'def' | 'set', on: string): string {
  const items = [
    { name: 'LOW_NOISE', label: 'Low noise' },
    { name: 'HIGH_SPEED', label: 'High speed' },
  ]
  return switchVector(verb, 'CCD_READ_MODE', items, on)
}

type Items = readonly { readonly name: string; readonly label: string }[]

function switchVector(verb: 'def' | 'set', name: string, items: Items, on: string): string {
  const tag = verb === 'def' ? 'defSwitch' : 'oneSwitch'
  const elements = items.map(item => `<${tag} ${attributes(item)}>${on === item.name ? 'On' : 'Off'}</${tag}>`)
  const head = `device="Odd" name="${name}" state="Ok" perm="rw" rule="OneOfMany"`
  return `<${verb}SwitchVector ${head}>${elements.join('')}</${verb}SwitchVector>`
}

const attributes = ({ name, label }: Items[number]) => `name="${name}" label="${label}"`

const definitions = (dslr?: Dslr) => `
<defSwitchVector device="Odd" name="CONNECTION" state="Ok" perm="rw" rule="OneOfMany">
<defSwitch name="CONNECT">On</defSwitch><defSwitch name="DISCONNECT">Off</defSwitch></defSwitchVector>
<defNumberVector device="Odd" name="CCD_EXPOSURE" state="Idle" perm="rw">
<defNumber name="CCD_EXPOSURE_VALUE" min="0" max="3600">0</defNumber></defNumberVector>
<defSwitchVector device="Odd" name="CCD_ABORT_EXPOSURE" state="Idle" perm="rw" rule="AtMostOne">
<defSwitch name="ABORT">Off</defSwitch></defSwitchVector>
${dslr ? dslr.definitions() : ownInfo}
${isoVector('def', 'ISO1')}
${readVector('def', 'LOW_NOISE')}
${blobDefinition}`
