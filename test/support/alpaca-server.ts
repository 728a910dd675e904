// An Alpaca server as ASCOM's API reference describes it and its conformance checker expects it: lower-case paths,
// exact names of PUT parameters, transaction numbers, HTTP 400 for what is no call, error numbers in HTTP 200 for what
// a device refuses. It is ours, and so proves no more than that both of us read the same reference.
import { createSocket } from 'node:dgram'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** An error of the device, with ASCOM's number for it. */
export class AlpacaError extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(message)
  }
}
export const notImplemented = (what: string) => new AlpacaError(0x400, `${what} is not implemented`)
export const invalidValue = (what: string) => new AlpacaError(0x401, `${what} is invalid`)
export const invalidOperation = (what: string) => new AlpacaError(0x40b, what)

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }
export type Params = ReadonlyMap<string, string>
export interface Picture {
  readonly imageType: number
  readonly sentType: number
  /** Width, height and, in colour, planes. */
  readonly dims: readonly number[]
  at(x: number, y: number, plane: number): number
}

export interface FakeDevice {
  readonly type: string
  readonly name: string
  readonly uniqueId: string
  readonly version: number
  /** Platform 7: has Connect and DeviceState. */
  readonly modern: boolean
  readonly get: Record<string, (params: Params) => Value>
  readonly put: Record<string, readonly [names: readonly string[], run: (params: Params) => void | Promise<void>]>
  /** Names in DeviceState, each of them a member in lower case. */
  readonly state: readonly string[]
  picture?(): Picture
  connected: boolean
}

export interface Asked {
  readonly method: string
  readonly type: string
  readonly member: string
  readonly params: Params
  readonly request: IncomingMessage
}

export interface AlpacaOrder {
  readonly devices: readonly FakeDevice[]
  /** UDP port to be found on; not to be found when absent. */
  readonly discovery?: number
  /** The interface on which it is to be found by IPv6, in place of IPv4. */
  readonly zone?: string
  readonly password?: string
  /** Names of its JSON in lower case, and without ImageBytes: allowed to clients' dismay. */
  readonly odd?: boolean
}

export interface FakeAlpaca {
  readonly host: string
  readonly port: number
  /** Every call in its order: `PUT telescope abortslew`. */
  readonly calls: string[]
  readonly wrong: string[]
  /** Answers in place of the server when it gives true. */
  mishap: ((asked: Asked, response: ServerResponse) => boolean | Promise<boolean>) | undefined
  device(type: string): FakeDevice
  close(): Promise<void>
}

interface Teardown {
  teardown(run: () => Promise<void> | void): void
}

/** Near the end of what 32 bits hold, so that it runs over within a test. */
let serverTransaction = 0xffff_fff0

export async function startAlpaca(test: Teardown, order: AlpacaOrder): Promise<FakeAlpaca> {
  const { devices, discovery, zone, password, odd = false } = order
  const calls: string[] = []
  const wrong: string[] = []
  const server = createServer((request, response) => {
    answer(request, response).catch(error => {
      response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(String(error))
    })
  })

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://server')
    const refuse = (status: number, words: string) => {
      wrong.push(`${status} ${request.method} ${request.url}: ${words}`)
      response.writeHead(status, { 'content-type': 'text/plain' })
      response.end(words)
    }
    const expected = `Basic ${Buffer.from(`owner:${password}`).toString('base64')}`
    if (password !== undefined && request.headers.authorization !== expected) return refuse(401, 'who are you?')
    const query = request.method === 'PUT' ? new URLSearchParams(await bodyOf(request)) : url.searchParams
    const exact: Params = new Map(query)
    const any: Params = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]))
    const params = request.method === 'PUT' ? exact : any
    const transaction = Number(any.get('clienttransactionid') ?? 0)
    const known = Number.isInteger(transaction) && transaction > 0 ? transaction : 0
    serverTransaction = (serverTransaction + 1) >>> 0
    const reply = (value: Value | undefined, error?: AlpacaError) => {
      const body = {
        ...(value !== undefined && { Value: value }),
        ClientTransactionID: known,
        ServerTransactionID: serverTransaction,
        ErrorNumber: error?.number ?? 0,
        ErrorMessage: error?.message ?? '',
      }
      const named = odd ? Object.fromEntries(Object.entries(body).map(([key, one]) => [key.toLowerCase(), one])) : body
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      response.end(JSON.stringify(named))
    }
    if (url.pathname === '/management/apiversions') return reply([1])
    if (url.pathname === '/management/v1/description') {
      return reply({ ServerName: 'Fake', Manufacturer: 'Pierside tests', ManufacturerVersion: '1', Location: 'here' })
    }
    const asked = (type: string, member: string): Asked => ({
      ...{ method: request.method ?? '', type, member, params, request },
    })
    if (url.pathname === '/management/v1/configureddevices') {
      calls.push('GET management configureddevices')
      if (await fake.mishap?.(asked('management', 'configureddevices'), response)) return
      return reply(
        devices.map(({ type, name, uniqueId }, index) => ({
          ...{ DeviceName: name, DeviceType: typeWords[type] ?? type, UniqueID: uniqueId },
          DeviceNumber: numberOf(devices, index),
        })),
      )
    }
    const [, type, number, member] = /^\/api\/v1\/([a-z]+)\/(\d+)\/([a-z]+)$/.exec(url.pathname) ?? []
    const device = devices.find((one, index) => one.type === type && numberOf(devices, index) === Number(number))
    if (!device || member === undefined) return refuse(400, 'no such device')
    calls.push(`${request.method} ${type} ${member}`)
    if (await fake.mishap?.(asked(type, member), response)) return
    try {
      if (request.method === 'GET' && member === 'imagearray' && device.picture) {
        demandConnected(device)
        const bytes = !odd && request.headers.accept?.includes('application/imagebytes')
        return sendPicture(device.picture(), { response, transaction: known, bytes: bytes === true })
      }
      const shared = common(device)
      if (request.method === 'GET') {
        const read = device.get[member] ?? shared.get[member]
        if (!read) return refuse(400, `no member ${member}`)
        if (!shared.get[member]) demandConnected(device)
        return reply(read(params))
      }
      const write = device.put[member] ?? shared.put[member]
      if (!write) return refuse(400, `no method ${member}`)
      const [names, run] = write
      const missing = names.find(name => !params.has(name))
      if (missing !== undefined) return refuse(400, `${member} lacks ${missing}`)
      if (!shared.put[member]) demandConnected(device)
      await run(params)
      return reply(undefined)
    } catch (error) {
      if (!(error instanceof AlpacaError)) throw error
      return reply(undefined, error)
    }
  }

  await new Promise<void>(settle => server.listen(0, zone ? '::' : '127.0.0.1', () => settle()))
  const { port } = server.address() as AddressInfo
  const found = discovery === undefined ? undefined : await answerDiscovery({ discovery, zone }, port)
  const fake: FakeAlpaca = {
    ...{ host: '127.0.0.1', port, calls, wrong },
    mishap: undefined,
    device: type => devices.find(device => device.type === type)!,
    async close() {
      await found?.()
      server.closeAllConnections()
      if (server.listening) await new Promise<void>(settle => server.close(() => settle()))
    },
  }
  test.teardown(fake.close)
  return fake
}

/** As DeviceType in the list of devices is written. */
const typeWords: Readonly<Record<string, string>> = {
  ...{ camera: 'Camera', telescope: 'Telescope', focuser: 'Focuser', filterwheel: 'FilterWheel', rotator: 'Rotator' },
  ...{ dome: 'Dome', covercalibrator: 'CoverCalibrator', switch: 'Switch', safetymonitor: 'SafetyMonitor' },
  observingconditions: 'ObservingConditions',
}

/** Devices count from 0 within their type. */
function numberOf(devices: readonly FakeDevice[], index: number): number {
  return devices.slice(0, index).filter(({ type }) => type === devices[index].type).length
}

function demandConnected({ connected, name }: FakeDevice): void {
  if (!connected) throw new AlpacaError(0x407, `${name} is not connected`)
}

/** Members of every device. */
function common(device: FakeDevice): Pick<FakeDevice, 'get' | 'put'> {
  const { name, version, modern, state } = device
  const connect = (to: boolean): FakeDevice['put'][string] => [
    [],
    async () => {
      device.connected = to
    },
  ]
  return {
    get: {
      connected: () => device.connected,
      description: () => `${name} of the tests`,
      driverinfo: () => 'a fake',
      driverversion: () => '1.0',
      interfaceversion: () => version,
      name: () => name,
      supportedactions: () => [],
      ...(modern && {
        connecting: () => false,
        devicestate: () => state.flatMap(member => pairOf(device, member)),
      }),
    },
    put: {
      connected: [
        ['Connected'],
        params => {
          device.connected = flagIn(params, 'Connected')
        },
      ],
      ...(modern && { connect: connect(true), disconnect: connect(false) }),
    },
  }
}

/** What is not implemented is not in the state. */
function pairOf(device: FakeDevice, name: string): Value[] {
  demandConnected(device)
  const [, plain, id] = /^([A-Za-z]+?)(\d*)$/.exec(name)!
  try {
    const params = new Map(id === '' ? [] : [['id', id]])
    return [{ Name: name, Value: device.get[plain.toLowerCase()](params) }]
  } catch (error) {
    if (error instanceof AlpacaError) return []
    throw error
  }
}

export function numberIn(params: Params, name: string): number {
  const value = Number(params.get(name) ?? Number.NaN)
  if (!Number.isFinite(value)) throw invalidValue(`${name} ${params.get(name)}`)
  return value
}

export function flagIn(params: Params, name: string): boolean {
  const text = params.get(name)?.toLowerCase()
  if (text !== 'true' && text !== 'false') throw invalidValue(`${name} ${text}`)
  return text === 'true'
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += part
  return text
}

async function answerDiscovery(
  { discovery, zone }: { discovery: number; zone: string | undefined },
  port: number,
): Promise<() => Promise<void>> {
  const socket = createSocket({ type: zone ? 'udp6' : 'udp4', reuseAddr: true })
  socket.on('message', (message, from) => {
    if (message.toString('ascii').startsWith('alpacadiscovery1')) {
      socket.send(JSON.stringify({ AlpacaPort: port }), from.port, from.address)
    }
  })
  await new Promise<void>((settle, reject) => {
    socket.once('error', reject)
    socket.bind(discovery, zone ? '::' : '0.0.0.0', settle)
  })
  if (zone) socket.addMembership('ff12::a1:9aca', `::%${zone}`)
  let open = true
  return async () => {
    if (open) await new Promise<void>(settle => socket.close(settle))
    open = false
  }
}

const writers: Readonly<
  Record<number, readonly [bytes: number, write: (at: DataView, offset: number, value: number) => void]>
> = {
  1: [2, (at, offset, value) => at.setInt16(offset, value, true)],
  2: [4, (at, offset, value) => at.setInt32(offset, value, true)],
  3: [8, (at, offset, value) => at.setFloat64(offset, value, true)],
  4: [4, (at, offset, value) => at.setFloat32(offset, value, true)],
  5: [8, (at, offset, value) => at.setBigUint64(offset, BigInt(value), true)],
  6: [1, (at, offset, value) => at.setUint8(offset, value)],
  7: [8, (at, offset, value) => at.setBigInt64(offset, BigInt(value), true)],
  8: [2, (at, offset, value) => at.setUint16(offset, value, true)],
  9: [4, (at, offset, value) => at.setUint32(offset, value, true)],
}

/** A picture as ImageBytes: columns first, planes innermost. */
export function imageBytes({ imageType, sentType, dims, at }: Picture, transaction: number): Buffer {
  const [width, height, planes = 1] = dims
  const [bytes, write] = writers[sentType]
  const buffer = Buffer.alloc(44 + width * height * planes * bytes)
  const header = [1, 0, transaction, 7, 44, imageType, sentType, dims.length, width, height, dims[2] ?? 0]
  for (const [index, value] of header.entries()) buffer.writeUInt32LE(value, index * 4)
  const view = new DataView(buffer.buffer, buffer.byteOffset)
  let offset = 44
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      for (let plane = 0; plane < planes; plane++, offset += bytes) write(view, offset, at(x, y, plane))
    }
  }
  return buffer
}

export function imageJson({ imageType, dims, at }: Picture, transaction: number): string {
  const [width, height, planes] = dims
  const pixel = (x: number, y: number) =>
    planes === undefined ? at(x, y, 0) : Array.from({ length: planes }, (_, plane) => at(x, y, plane))
  const column = (x: number) => Array.from({ length: height }, (_, y) => pixel(x, y))
  return JSON.stringify({
    ...{ Type: imageType, Rank: dims.length, Value: Array.from({ length: width }, (_, x) => column(x)) },
    ...{ ClientTransactionID: transaction, ServerTransactionID: 8, ErrorNumber: 0, ErrorMessage: '' },
  })
}

function sendPicture(
  picture: Picture,
  { response, transaction, bytes }: { response: ServerResponse; transaction: number; bytes: boolean },
): void {
  response.writeHead(200, { 'content-type': bytes ? 'application/imagebytes' : 'application/json; charset=utf-8' })
  response.end(bytes ? imageBytes(picture, transaction) : imageJson(picture, transaction))
}

/** So that what moves is seen to move. */
export const pauseMs = (ms: number) => sleep(ms)
