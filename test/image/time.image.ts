// A box that starts without a clock and without a network: a phone tells it the time, the next start goes on from
// there, and a receiver of GPS takes over.
import { createServer } from 'node:net'
import t from 'tap'
import { bootImage, type ImageMachine } from '../support/image-machine.js'

/** Its clock with a battery has none: it says the same at each start, and is long past. */
const noBattery = ['-rtc', 'base=2021-01-01T00:00:00']
const patienceMs = 240_000

interface Time {
  readonly source: string
  readonly synchronised: boolean
  readonly trusted: boolean
  readonly zone?: string
  readonly settable: boolean
}

async function pageOf(machine: ImageMachine) {
  const token = (
    await machine.out(
      'runuser -u pierside -- env PIERSIDE_DATA=/data/pierside pierside token new --role administrator',
      120_000,
    )
  ).match(/[\w-]{32}/)?.[0]
  const get = async <T>(path: string) => (await (await fetch(machine.url + path)).json()) as T
  return {
    nowMs: async () => (await get<{ nowMs: number }>('/api/clock')).nowMs,
    async state<T>(path: string): Promise<T | undefined> {
      const { states } = await get<{ states: { path: string; value: T }[] }>('/api/state')
      return states.find(one => one.path === path)?.value
    },
    async act(name: string, input: object) {
      const answer = await fetch(`${machine.url}/api/actions/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      return { status: answer.status, said: (await answer.json()) as Record<string, unknown> }
    },
  }
}

async function until<T>(what: string, look: () => Promise<T | undefined>, seen: (value: T) => boolean): Promise<T> {
  let last: T | undefined
  for (const endMs = performance.now() + patienceMs; performance.now() < endMs; ) {
    last = await look()
    if (last !== undefined && seen(last)) return last
    await new Promise(settle => setTimeout(settle, 2_000))
  }
  throw new Error(`${what} is still ${JSON.stringify(last)}`)
}

/** NMEA 0183 of a receiver at 46°30′ N 8°00′ E, once a second, by this computer's clock. */
async function receiver(t: { teardown(run: () => void): void }): Promise<number> {
  const sentence = (body: string) => {
    let sum = 0
    for (const letter of body) sum ^= letter.charCodeAt(0)
    return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`
  }
  const server = createServer(wire => {
    const say = () => {
      const [day, clock] = new Date().toISOString().split('T')
      const at = `${clock.replaceAll(':', '').slice(0, 6)}.00`
      const date = day.slice(2).split('-').reverse().join('')
      wire.write(
        sentence(`GPRMC,${at},A,4630.0000,N,00800.0000,E,0.0,0.0,${date},,,A`) +
          sentence(`GPGGA,${at},4630.0000,N,00800.0000,E,1,08,1.0,1200.0,M,48.0,M,,`) +
          sentence('GPGSA,A,3,04,05,09,12,17,19,24,28,,,,,1.8,1.0,1.5'),
      )
    }
    const saying = setInterval(say, 1_000)
    wire.on('error', () => wire.destroy()).on('close', () => clearInterval(saying))
  })
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
  t.teardown(() => void server.close())
  return (server.address() as { port: number }).port
}

t.test('a box that nobody has told the time', async t => {
  const machine = await bootImage(t, { more: noBattery })
  await machine.pageAnswers()
  let page = await pageOf(machine)

  t.test('it says so, and has not gone back before it was made', async t => {
    t.match(await machine.sh('chronyc -c tracking'), { code: 0, text: /Not synchronised$/ }, 'no server is in reach')
    t.match(await page.state<Time>('time'), { source: 'none', trusted: false, settable: true })
    const made = Number(await machine.out('stat -c %Y /usr/lib/clock-epoch')) * 1000
    t.ok((await page.nowMs()) >= made)
    t.equal(await machine.out('readlink -f /etc/localtime'), '/var/lib/pierside-time/localtime', 'no zone yet: UTC')
    t.match(await page.act('mount-sync', { raHours: 1, decDeg: 2 }), { status: 422, said: { code: 'limit' } })
  })

  t.test('a phone sets clock and zone', async t => {
    const beganMs = performance.now()
    const boxMs = await page.nowMs()
    const roundTripMs = performance.now() - beganMs
    // Somebody's tomorrow: nothing of this computer's own time can be taken for it.
    const offsetMs = Math.round(Date.now() + 86_400_000 - roundTripMs / 2 - boxMs)
    const told = await page.act('time-from-phone', { offsetMs, roundTripMs, zone: 'Europe/Zurich' })
    t.equal(told.status, 200, JSON.stringify(told.said))
    const off = (await page.nowMs()) - Date.now() - 86_400_000
    t.ok(Math.abs(off) < 5_000, `${off} ms off`)
    t.match(
      await until(
        'time',
        () => page.state<Time>('time'),
        ({ zone }) => zone === 'Europe/Zurich',
      ),
      {
        source: 'phone',
        trusted: true,
      },
    )
    t.match(await machine.out('date +%Z'), /^CES?T$/)
    const rtc = Number(await machine.out('cat /sys/class/rtc/rtc0/since_epoch')) * 1000
    t.ok(Math.abs(rtc - Date.now() - 86_400_000) < 10_000, 'the clock with the battery, too')
    for (const input of [
      { offsetMs: 1e15, roundTripMs: 1 },
      { offsetMs: -1e12, roundTripMs: 1 },
    ])
      t.match(await page.act('time-from-phone', input), { status: 400 })
  })

  t.test('what stands in the file of the deed is numbers and names only', async t => {
    const ask = async (text: string) => {
      const file = '/run/pierside/set-time.json'
      return machine.sh(`printf %s '${text}' >${file}; systemctl start pierside-do-set-time.service`)
    }
    for (const odd of [
      '',
      '{}',
      '{"by_ms":$(reboot)}',
      '{"zone":"../../../etc/shadow"}',
      '{"zone":"No/Such"}',
      '{"by_ms":99999999999999}',
    ])
      t.not((await ask(odd)).code, 0, odd)
    t.match(await machine.out('date +%Z'), /^CES?T$/)
    await machine.out('systemctl reset-failed pierside-do-set-time.service')
  })

  t.test('after a power cut it goes on from the last time it noted', async t => {
    await machine.out('systemctl start pierside-save-clock.service')
    const notedMs = Number(await machine.out('stat -c %Y /var/lib/systemd/timesync/clock')) * 1000
    await machine.cutPower()
    await machine.powerOn()
    await machine.pageAnswers()
    page = await pageOf(machine)
    t.match(await page.state<Time>('time'), { source: 'last-saved', trusted: false, zone: 'Europe/Zurich' })
    const nowMs = await page.nowMs()
    t.ok(nowMs >= notedMs && nowMs < notedMs + 900_000, `${(nowMs - notedMs) / 1000} s after what was noted`)
    t.notMatch(
      await machine.out('journalctl -b --no-pager -o short-unix | head -n 3'),
      /^16\d{8}\./m,
      'from the first line',
    )
  })

  t.test('a receiver of GPS takes over, and a phone is not asked any more', async t => {
    const port = await receiver(t)
    await machine.out(`gpsdctl add tcp://10.0.2.2:${port}`)
    const time = await until(
      'time',
      () => page.state<Time>('time'),
      ({ source }) => source === 'gps',
    )
    t.match(time, { synchronised: true, trusted: true })
    const off = (await page.nowMs()) - Date.now()
    t.ok(Math.abs(off) < 5_000, `${off} ms off`)
    const refused = { status: 422, said: { error: /follows GPS/ } }
    t.match(await page.act('time-from-phone', { offsetMs: 7_200_000, roundTripMs: 1 }), refused)
    // No device has to be set up: the box asks its own gpsd.
    const settings = { site: { latitude: null, longitude: null } }
    t.match(await page.act('config-merge', { settings }), { status: 200 })
    const place = await until(
      'place',
      () => page.state<{ source?: string }>('place'),
      ({ source }) => source === 'gps',
    )
    t.match(place, { known: true, latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 })
  })

  t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '')
})
