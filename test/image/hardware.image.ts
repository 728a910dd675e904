// The drivers of the image, with its rights and in its sandbox, on devices of its own kernel: GPIO relays by both
// doors, a relay board that speaks HID, a camera. Whatever becomes of the agent, outputs are at their safe states
// within 5 s.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { AgentClient } from '../support/agent-client.js'
import { setUpImage } from '../support/image-agent.js'
import type { ImageMachine } from '../support/image-machine.js'

/** What the owner is promised, ms. */
const promisedMs = 5_000

const chip = `set -e
modprobe gpio-sim
mkdir -p /sys/kernel/config/gpio-sim/pier/bank
cd /sys/kernel/config/gpio-sim/pier/bank
echo 54 >num_lines
echo pinctrl-bcm2711 >label
line=0
while [ $line -lt 54 ]; do mkdir line$line; echo GPIO$line >line$line/name; line=$((line + 1)); done
echo 1 >../live
echo /sys/devices/platform/$(cat ../dev_name)/$(cat chip_name)`

// What is kept is kept by sysfs: a simulated chip lets a line go that nobody holds by the character device, where those
// of a Raspberry Pi are told to persist (image-build/boards/rpi.env).
const config = `devices:
  chardev: {driver: gpio, back_end: chardev, channels: {camera: {line: GPIO17}}}
  sysfs:
    driver: gpio
    back_end: sysfs
    channels: {mount: {line: GPIO27}, lamp: {line: GPIO22}, spare: {line: GPIO5, active_low: true}}
  board: {driver: dcttech, channels: {fan: 1, pump: 2}}
  pier: {driver: ffmpeg, source: v4l2, device: /dev/video0, jpeg: ffmpeg}
use: {pier_cam: pier}
pier_cam: {enabled: true}
power:
  channels:
    chardev/camera: {loss: off}
    sysfs/mount: {loss: keep}
    sysfs/lamp: {loss: on}
    sysfs/spare: {loss: off}
    board/fan: {loss: off}
    board/pump: {loss: on}
`
/** Voltages on the lines 17, 27, 22, 5, and the board's two relays. */
const atWork = '1 1 0 0 1 0'
const safe = '0 1 1 1 0 1'

/** What hangs on the pins, as a script that prints it; pins are asked at the chip, not at who drives them. */
const levels = (place: string) =>
  `cat ${[17, 27, 22, 5].map(line => `${place}/sim_gpio${line}/value`).join(' ')} /run/board | xargs`

async function hardwareAtWork(t: Test): Promise<{ machine: ImageMachine; agent: AgentClient; pins: string }> {
  const { machine, agent } = await setUpImage(t)
  const place = await machine.out(chip)
  await machine.out('modprobe vivid n_devs=1; modprobe uhid')
  const board = readFileSync(path.resolve('test/image/hid-relay.mjs')).toString('base64')
  await machine.out(
    `echo ${board} | base64 -d >/run/hid-relay.mjs
# A board of /dev/uhid hangs on no USB, by which the image's own rule knows it.
mkdir -p /run/udev/rules.d
echo 'SUBSYSTEM=="hidraw", DEVPATH=="*/uhid/*", MODE="0660", GROUP="plugdev"' >/run/udev/rules.d/61-uhid.rules
udevadm control --reload
systemd-run --quiet --unit=board /usr/bin/node /run/hid-relay.mjs /run/board
until [ -e /dev/hidraw0 ]; do sleep 0.2; done
udevadm settle`,
    120_000,
  )
  await agent.post('/api/actions/config-save', { text: config })
  return { machine, agent, pins: levels(place) }
}

async function putToWork(t: Test, machine: ImageMachine, agent: AgentClient, pins: string) {
  const wanted = {
    'chardev/camera': 1,
    'sysfs/mount': 1,
    'sysfs/lamp': 0,
    'sysfs/spare': 1,
    'board/fan': 1,
    'board/pump': 0,
  }
  for (const [name, value] of Object.entries(wanted)) {
    const [device, channel] = name.split('/')
    await agent.until(`power/${name}`, ({ condition }) => condition === undefined || condition === 'ready', 120_000)
    await agent.do('power-set', { device, channel, on: value === 1 })
  }
  t.equal(await machine.out(pins), atWork, 'switched')
}

/** Runs `what` and prints after how many ms the pins were at that, or what they were at after 15 s. */
const untilSafe = (what: string, pins: string) => `${what}
began=$(date +%s%3N)
until [ "$(${pins})" = "${safe}" ]; do
  now=$(($(date +%s%3N) - began))
  [ $now -lt 15000 ] || { ${pins}; exit 1; }
done
echo $(($(date +%s%3N) - began))`

t.test('relays, board and camera', async t => {
  const { machine, agent, pins } = await hardwareAtWork(t)
  await t.test('a picture of the kernel camera', async t => {
    await agent.until('video/pier', ({ pictureAtMs }) => pictureAtMs !== undefined, 120_000)
    for (let tries = 0; ; tries++) {
      const response = await agent.raw('GET', '/api/pier-cam/snapshot')
      const bytes = Buffer.from(await response.arrayBuffer())
      if (response.ok) {
        t.equal(bytes.readUInt16BE(0), 0xffd8, 'a JPEG')
        t.ok(bytes.length > 2_000)
        return
      }
      if (tries === 60) throw new Error(`no picture: ${bytes}`)
      await new Promise(settle => setTimeout(settle, 1_000))
    }
  })
  for (const [what, order] of [
    ['is killed', 'kill -9 $(systemctl show --property=MainPID --value pierside)'],
    ['stops in its tracks', 'kill -STOP $(systemctl show --property=MainPID --value pierside)'],
  ]) {
    await t.test(`the agent ${what}`, async t => {
      await machine.pageAnswers()
      await putToWork(t, machine, agent, pins)
      const ms = Number(await machine.out(untilSafe(order, pins), 60_000))
      t.comment(`safe after ${ms} ms`)
      t.ok(ms < promisedMs, `safe ${ms} ms later`)
      // The service's own watchdog then ends what hangs, and systemd starts another.
      await machine.out(
        `old=$(systemctl show --property=NRestarts --value pierside)
until [ "$(systemctl show --property=ActiveState --value pierside)" = active ]; do sleep 1; done`,
        180_000,
      )
    })
  }
})
