// Dashboard rows that tell how things are (N16–N18), read from the feed.
import { Fault } from '../../ports/fault.js'
import type { JsonObject } from '../../ports/json.js'
import type { Call, DashboardRow } from './dashboard.js'
import { goneSignal } from './kept-frame.js'

export const statusRows: readonly DashboardRow[] = [
  {
    method: 'GET',
    path: '/api/stack/status',
    summary: 'How the live stack stands',
    async run({ feed }) {
      const stack = feed.get('stack/main')?.value ?? {}
      return {
        running: stack.running ?? false,
        cancelled: stack.cancelled ?? false,
        frames_target: stack.framesTarget ?? 0,
        frames_stacked: stack.framesAccepted ?? 0,
        frames_total: stack.framesTaken ?? 0,
        frames_rejected: stack.framesRefused ?? 0,
        last_offset: [stack.offsetXPx ?? 0, stack.offsetYPx ?? 0],
        snr_gain: stack.snrGain ?? 1,
        measured_gain: stack.measuredGain,
        error: stack.error ?? null,
        finished: stack.finished ?? false,
        path: stack.path,
      }
    },
  },
  {
    method: 'GET',
    path: '/api/stack/preview',
    summary: 'The live stack as PNG',
    async run({ pictures, pixels, response }) {
      const picture = pictures.latest('stack')
      if (!picture) throw new Fault('not-found', 'No stacked preview available yet', 'Start a stack')
      const png = await pixels.convert(picture.bytes, { as: 'png' }, goneSignal(response))
      response.setHeader('Cache-Control', 'no-store')
      response.type('image/png').send(Buffer.from(png))
    },
  },
  {
    method: 'GET',
    path: '/api/status',
    summary: 'Everything at once',
    async run(call) {
      return snapshot(call)
    },
  },
]

const phases: Readonly<Record<string, readonly [number, string]>> = {
  idle: [0, 'Idle'],
  waiting: [1, 'Waiting'],
  exposing: [2, 'Exposing'],
  reading: [3, 'Reading'],
  downloading: [4, 'Downloading'],
  error: [5, 'Error'],
}

async function snapshot({ feed, store, pictures, archive }: Call) {
  const here = feed.get('observatory')?.value ?? {}
  const inUse = (kind: string, name: unknown): JsonObject => feed.get(`${kind}/${name}`)?.value ?? {}
  const camera = inUse('camera', here.camera)
  const mount = inUse('mount', here.mount)
  const focuser = inUse('focuser', here.focuser)
  const video = inUse('video', here.pierCam)
  const focus = feed.get('focus/main')?.value ?? {}
  const [last] = await store.exposures({ limit: 1 })
  const [state, state_name] = phases[String(camera.phase ?? 'idle')] ?? phases.error
  const cameraReady = camera.condition === 'ready'
  const mountReady = mount.condition === 'ready'
  return {
    server: here.name ?? '',
    connected: cameraReady || mountReady,
    telescope: {
      enabled: here.mount !== undefined,
      connected: mountReady,
      slewing: mount.slewing ?? false,
      parked: mount.parked ?? false,
      tracking: mount.tracking ?? false,
      ra: mount.raHours ?? null,
      dec: mount.decDeg ?? null,
      busy: mount.holder !== undefined,
      arm_state: null,
      arm_busy: false,
    },
    camera: {
      enabled: here.camera !== undefined,
      connected: cameraReady,
      state,
      state_name,
      image_ready: last !== undefined,
      exposing: camera.exposing ?? false,
      exposure_start_ts: typeof camera.exposureStartedMs === 'number' ? camera.exposureStartedMs / 1000 : null,
      exposure_duration: camera.exposureSeconds ?? null,
    },
    focuser: {
      enabled: here.focuser !== undefined,
      connected: focuser.condition === 'ready',
      position: focuser.position ?? null,
      moving: focuser.moving ?? false,
      autofocus_running: focus.running ?? false,
    },
    safety: { enabled: false, safe: null, reason: 'no safety monitor is configured' },
    image_captured: pictures.latest('frame') !== undefined || last !== undefined,
    image_id: last?.id ?? null,
    error: camera.reason ?? mount.reason ?? null,
    pier_cam: { enabled: video.enabled ?? false, streaming: video.streaming ?? false, error: video.error ?? null },
    image_watcher: {
      enabled: true,
      watch_path: archive,
      last_file: last?.path ?? null,
      last_header: last
        ? { OBJECT: last.object ?? '', EXPTIME: last.exposureSeconds, FILTER: last.filter ?? '' }
        : null,
    },
    photometry: { enabled: false, last_result: null, last_export: null, running: false, queued: 0 },
    aavso: { last_submission: null },
  }
}
