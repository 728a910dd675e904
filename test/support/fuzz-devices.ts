// Devices for the fault fuzz, as small as their protocols allow: they answer, and some speak by themselves every four
// seconds.
import type { Clock } from '../../edge/ports/clock.js'
import type { Meet, Say } from './faulty-wire.js'
import { cloudWatcherSays } from './sensor-rigs.js'

/** Speaks now and then every `ms`, until it is hung up on. */
function repeating(clock: Clock, ms: number, ended: AbortSignal, run: () => void): void {
  if (ended.aborted) return
  run()
  const timer = clock.every(ms, run)
  ended.addEventListener('abort', () => timer.cancel(), { once: true })
}

/** Hears whole questions: `next` gives the first of them, and `answer` what is said to it. */
function asked(next: (text: string) => string | undefined, answer: (question: string, say: Say) => void) {
  return (say: Say) => {
    let text = ''
    return (bytes: Buffer) => {
      text += bytes.toString('latin1')
      for (let one = next(text); one !== undefined; one = next(text)) {
        text = text.slice(text.indexOf(one) + one.length)
        answer(one, say)
      }
    }
  }
}

export const sqmMeet: Meet = asked(
  text => /rx/.exec(text)?.[0],
  (_, say) => say('r, 20.31m,0000000022Hz,0000021100c,0000000.045s, 012.4C\r\n'),
)

export const aagMeet: Meet = asked(
  text => /[A-Za-z]!/.exec(text)?.[0],
  (question, say) => say(cloudWatcherSays().get(question) ?? ''),
)

export const lcusMeet = (): Meet => {
  const relays = [false, false]
  return asked(
    text => /\xa0[\s\S]{3}|\xff/.exec(text)?.[0],
    (order, say) => {
      if (order === '\xff') say(relays.map((on, at) => `CH${at + 1}: ${on ? 'ON ' : 'OFF'}\r\n`).join(''))
      else relays[order.charCodeAt(1) - 1] = order.charCodeAt(2) === 1
    },
  )
}

/** The PANOPTES board: one order a round of 1.5 s. */
export const pocsMeet = (clock: Clock): Meet => {
  const relays = [1, 0, 0, 1, 1]
  return (say, ended) => {
    const orders: string[] = []
    repeating(clock, 1_500, ended, () => {
      const order = orders.shift()
      if (order) {
        const { relay, power } = JSON.parse(order)
        relays[relay] = power
      }
      const readings = relays.map(on => 40 * on)
      say(`${JSON.stringify({ ac_ok: true, battery_low: false, relays, readings, name: 'power_board' })}\r\n`)
    })
    return asked(
      text => /[^\n]*\n/.exec(text)?.[0],
      line => void orders.push(line),
    )(say)
  }
}

/** gpsd with a receiver, as gpsd_json(5) has it. */
export const gpsdMeet = (clock: Clock): Meet => {
  const line = (report: object) => `${JSON.stringify(report)}\r\n`
  return (say, ended) => {
    say(line({ class: 'VERSION', release: '3.25', proto_major: 3, proto_minor: 15 }))
    return asked(
      text => /\?WATCH=[^;]*;/.exec(text)?.[0],
      () =>
        repeating(clock, 4_000, ended, () => {
          say(
            line({
              class: 'SKY',
              satellites: [
                { PRN: 4, used: true },
                { PRN: 9, used: false },
              ],
            }),
          )
          say(line({ class: 'TPV', mode: 3, lat: 46.5, lon: 8, altMSL: 1200, time: '2026-11-29T20:00:00.000Z' }))
        }),
    )(say)
  }
}

/** An Alpaca weather station of Platform 7, connected already, that tells all it has in one answer. */
export const alpacaMeet: Meet = asked(
  text => /[\s\S]*?\r\n\r\n/.exec(text)?.[0],
  (question, say) => {
    const [, member, transaction] = /\/(\w+)\?\S*ClientTransactionID=(\d+)/.exec(question) ?? []
    const values: Readonly<Record<string, unknown>> = {
      ...{ name: 'Mast', interfaceversion: 2, connected: true, timesincelastupdate: 0, skyquality: 20.31 },
      devicestate: [
        { Name: 'SkyQuality', Value: 20.31 },
        { Name: 'TimeSinceLastUpdate', Value: 0 },
      ],
    }
    const Value = values[member]
    const answer = { Value, ClientTransactionID: Number(transaction), ErrorNumber: Value === undefined ? 0x400 : 0 }
    const body = JSON.stringify(answer)
    say(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  },
)

/** A web server of one document. */
export const jsonMeet: Meet = asked(
  text => /[\s\S]*?\r\n\r\n/.exec(text)?.[0],
  (_, say) => {
    const body = '{"current":{"temp":7.5,"wet":false}}'
    say(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  },
)

/** An MQTT 3.1.1 broker with one topic, of which it tells. Packets here are short: a length is a byte. */
export const mqttMeet = (clock: Clock): Meet => {
  const topic = 'garden/air'
  const payload = '{"t":3.25}'
  const packet = (type: number, body: string | readonly number[]) => {
    const bytes = Buffer.from(body as string, 'latin1')
    return Buffer.concat([Buffer.of(type, bytes.length), bytes])
  }
  return (say, ended) => {
    let rest = Buffer.alloc(0)
    return bytes => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= 2 && rest.length >= 2 + rest[1]) {
        const [type] = rest
        const body = rest.subarray(2, 2 + rest[1])
        rest = rest.subarray(2 + rest[1])
        if (type === 0x10) say(packet(0x20, [0, 0]))
        else if (type === 0xc0) say(packet(0xd0, []))
        else if (type === 0x82) {
          say(packet(0x90, [body[0], body[1], 1]))
          const news = packet(0x30, `\0${String.fromCharCode(topic.length)}${topic}${payload}`)
          repeating(clock, 4_000, ended, () => say(news))
        }
      }
    }
  }
}

/** An INDI server with a sky quality meter that is connected already. */
export const indiMeet = (clock: Clock): Meet => {
  const names = (name: string) => `device="Meter" name="${name}"`
  const is = (name: string, value: string | number) => `<oneNumber name="${name}">${value}</oneNumber>`
  return (say, ended) => {
    let told = false
    return asked(
      text => /<(getProperties|pingRequest)[^>]*>/.exec(text)?.[0],
      question => {
        const uid = /uid="(\d+)"/.exec(question)?.[1]
        if (uid) return say(`<pingReply uid="${uid}"/>\n`)
        say(
          [
            `<defSwitchVector ${names('CONNECTION')} state="Ok" perm="rw" rule="OneOfMany">`,
            '<defSwitch name="CONNECT">On</defSwitch><defSwitch name="DISCONNECT">Off</defSwitch></defSwitchVector>',
            `<defNumberVector ${names('SKY_QUALITY')} state="Ok" perm="ro">`,
            '<defNumber name="SKY_BRIGHTNESS" format="%6.2f" min="-20" max="30" step="0">20.31</defNumber>',
            '</defNumberVector>\n',
          ].join('\n'),
        )
        if (told) return
        told = true
        repeating(clock, 4_000, ended, () =>
          say(`<setNumberVector ${names('SKY_QUALITY')} state="Ok">${is('SKY_BRIGHTNESS', 20.31)}</setNumberVector>\n`),
        )
      },
    )(say)
  }
}

/** A camera whose stream has no frame around it: one picture after the other. */
export const mjpegMeet =
  (clock: Clock, picture: Uint8Array): Meet =>
  (say, ended) => {
    repeating(clock, 4_000, ended, () => say(picture))
    return () => {}
  }
