// A box that starts without a clock and without a network: a phone tells it the time, the next start goes on from
// there, and a receiver of GPS takes over.
import { createServer } from 'node:net'
import t from 'tap'
import { setUpBeforehand, setUpImage } from '../support/image-agent.js'

/** Its clock with a battery has none: it says the same at each start, and is long past. */
const noBattery = ['-rtc', 'base=2021-01-01T00:00:00']
/** Set up by its card, which says nothing of a zone. */
const withoutZone = setUpBeforehand.replace(/^time-zone.*\n/m, '')
const patienceMs = 240_000

interface Time {
  readonly source: string
  readonly synchronised: boolean
  readonly trusted: boolean
  readonly zone?: string
  readonly settable: boolean
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
  const { machine, agent } = await setUpImage(t, { more: noBattery, bootFiles: { 'pierside.txt': withoutZone } })
  const nowMs = async () => (await agent.get<{ nowMs: number }>('/api/clock')).nowMs

  t.test('it says so, and has not gone back before it was made', async t => {
    t.match(await machine.sh('chronyc -c tracking'), { code: 0, text: /Not synchronised$/ }, 'no server is in reach')
    t.match(await agent.state<Time>('time'), { source: 'none', trusted: false, settable: true })
    const made = Number(await machine.out('stat -c %Y /usr/lib/clock-epoch')) * 1000
    t.ok((await nowMs()) >= made)
    t.equal(await machine.out('readlink -f /etc/localtime'), '/var/lib/pierside-time/localtime', 'no zone yet: UTC')
    await t.rejects(agent.do('mount-sync', { raHours: 1, decDeg: 2 }), { message: /^422 .*"limit"/ })
  })

  t.test('a phone sets clock and zone', async t => {
    const beganMs = performance.now()
    const boxMs = await nowMs()
    const roundTripMs = performance.now() - beganMs
    // Somebody's tomorrow: nothing of this computer's own time can be taken for it.
    const offsetMs = Math.round(Date.now() + 86_400_000 - roundTripMs / 2 - boxMs)
    await agent.do('time-from-phone', { offsetMs, roundTripMs, zone: 'Europe/Zurich' })
    const off = (await nowMs()) - Date.now() - 86_400_000
    t.ok(Math.abs(off) < 5_000, `${off} ms off`)
    const time = await agent.until<Time>('time', ({ zone }) => zone === 'Europe/Zurich', patienceMs)
    t.match(time, { source: 'phone', trusted: true })
    t.match(await machine.out('date +%Z'), /^CES?T$/)
    const rtc = Number(await machine.out('cat /sys/class/rtc/rtc0/since_epoch')) * 1000
    t.ok(Math.abs(rtc - Date.now() - 86_400_000) < 10_000, 'the clock with the battery, too')
    for (const input of [
      { offsetMs: 1e15, roundTripMs: 1 },
      { offsetMs: -1e12, roundTripMs: 1 },
    ])
      await t.rejects(agent.do('time-from-phone', input), { message: /^400 / })
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
    t.match(await agent.state<Time>('time'), { source: 'last-saved', trusted: false, zone: 'Europe/Zurich' })
    const wokeMs = await nowMs()
    t.ok(wokeMs >= notedMs && wokeMs < notedMs + 900_000, `${(wokeMs - notedMs) / 1000} s after what was noted`)
    t.notMatch(
      await machine.out('journalctl -b --no-pager -o short-unix | head -n 3'),
      /^16\d{8}\./m,
      'from the first line',
    )
  })

  t.test('a receiver of GPS takes over, and a phone is not asked any more', async t => {
    const port = await receiver(t)
    await machine.out(`gpsdctl add tcp://10.0.2.2:${port}`)
    const time = await agent.until<Time>('time', ({ source }) => source === 'gps', patienceMs)
    t.match(time, { synchronised: true, trusted: true })
    const off = (await nowMs()) - Date.now()
    t.ok(Math.abs(off) < 5_000, `${off} ms off`)
    await t.rejects(agent.do('time-from-phone', { offsetMs: 7_200_000, roundTripMs: 1 }), {
      message: /^422 .*follows GPS/,
    })
    // No device has to be set up: the box asks its own gpsd.
    const settings = { site: { latitude: null, longitude: null } }
    await agent.do('config-merge', { settings })
    const place = await agent.until('place', ({ source }) => source === 'gps', patienceMs)
    t.match(place, { known: true, latitudeDeg: 46.5, longitudeDeg: 8, elevationMetres: 1200 })
  })

  t.equal(await machine.out('systemctl list-units --failed --plain --no-legend'), '')
})
