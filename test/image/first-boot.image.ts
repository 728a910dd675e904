// The first boot in the booted image: two boxes of one image share nothing, pierside.txt counts, set-up is walked over
// HTTP, SSH lets in by key alone, and resets leave what they promise.
import { request } from 'node:http'
import t, { type Test } from 'tap'
import { bootImage, type ImageMachine } from '../support/image-machine.js'

const order = { name: 'North pier', passphrase: 'clear skies', country: 'AT', timeZone: 'Europe/Vienna' }

async function stateOf<T>(machine: ImageMachine, path: string): Promise<T | undefined> {
  const answer = await fetch(`${machine.url}/api/state`)
  const { states } = (await answer.json()) as { states: { path: string; value: T }[] }
  return states.find(one => one.path === path)?.value
}

async function post(machine: ImageMachine, path: string, body: object, cookie = '') {
  const answer = await fetch(`${machine.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Cookie: cookie },
    body: JSON.stringify(body),
  })
  const said = (await answer.json()) as Record<string, unknown>
  return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '', ...said }
}

/** As a phone asks whose every name leads to the box. */
function probe(machine: ImageMachine, host: string, path: string): Promise<{ status?: number; location?: string }> {
  const { hostname, port } = new URL(machine.url)
  return new Promise((settle, reject) => {
    const call = request({ hostname, port, path, headers: { Host: host } }, answer => {
      answer.resume()
      settle({ status: answer.statusCode, location: answer.headers.location })
    })
    call.once('error', reject).end()
  })
}

/** All by which a box could be told from another. */
const identity = (machine: ImageMachine) =>
  machine.out(`cat /etc/machine-id /data/system/identity.json
    ssh-keygen -lf /data/system/ssh/ssh_host_ed25519_key.pub | cut -d ' ' -f 2`)

/**
 * Starts anew, as a person would, and waits for the page.
 * @param before sh, done first
 * @param after sh, true once it is the start that is meant
 */
async function again(machine: ImageMachine, before: string, after = 'true'): Promise<void> {
  const boot = await machine.out('cat /proc/sys/kernel/random/boot_id')
  await machine.out(`${before}; sync; systemctl --no-block reboot`)
  const another = `[ "$(cat /proc/sys/kernel/random/boot_id)" != "${boot}" ] && ${after}`
  for (let tries = 0; ; tries++) {
    // While it goes down and comes up there is nobody to answer.
    const { code } = await machine.sh(another, 5_000).catch(() => ({ code: 1 }))
    if (code === 0) break
    if (tries > 100) throw new Error('it does not start anew')
    await new Promise(resolve => setTimeout(resolve, 2_000))
  }
  await machine.pageAnswers()
}

/** Puts a file on the card, where a person's computer would put it. */
const onCard = (name: string, text: string) =>
  [
    'mount -o remount,rw /boot/firmware',
    `printf '%s' '${text}' >/boot/firmware/${name}`,
    'mount -o remount,ro /boot/firmware',
  ].join(' && ')

async function faultless(t: Test, machine: ImageMachine) {
  t.equal(await machine.out('cat /run/pierside/boot-faults 2>/dev/null || true'), '', 'nothing went wrong')
  // The page answers before its service says that it has started.
  await machine.out('while [ "$(systemctl is-active pierside)" = activating ]; do sleep 1; done')
  t.equal(await machine.out('systemctl is-failed pierside-first-boot pierside ssh || true'), 'active\nactive\ninactive')
}

t.test('two boxes of one image share nothing', async t => {
  const first = await bootImage(t)
  await first.pageAnswers()
  const ours = await identity(first)
  t.match(ours, /^[0-9a-f]{32}\n\{"node": "pier-[0-9a-f]{4}", "suffix": "[0-9A-F]{4}"\}\nSHA256:/)
  t.equal(await first.out('ls /etc/ssh | grep host_key || true'), '', 'no image brings a key')
  await faultless(t, first)
  await first.cutPower()
  const second = await bootImage(t)
  await second.pageAnswers()
  const theirs = await identity(second)
  for (const [at, line] of ours.split('\n').entries()) t.not(line, theirs.split('\n')[at], line)
  await second.cutPower()
})

t.test('a box from its first start to its resets', async t => {
  const machine = await bootImage(t)
  await machine.pageAnswers()
  const before = await identity(machine)
  t.match(await stateOf(machine, 'setup'), { done: false, step: 'new', ssid: /^Pierside-[0-9A-F]{4}$/ })
  t.match(await probe(machine, 'captive.apple.com', '/hotspot-detect.html'), {
    status: 302,
    location: /^http:\/\/10\./,
  })
  t.match(await post(machine, '/api/actions/mount-stop', {}), { status: 403, error: /not set up/ })
  t.match(await machine.out('cat /boot/firmware/pierside.txt'), /^#wifi = /m, 'the file is there to be filled in')

  await machine.out('rm -f /tmp/key; ssh-keygen -q -t ed25519 -N "" -C test -f /tmp/key')
  const key = (await machine.out('cat /tmp/key.pub')).trim()
  const login =
    'ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -i /data/key root@127.0.0.1'
  await machine.out('cp /tmp/key /data/key; chmod 600 /data/key')

  await t.test('pierside.txt, as Windows writes it', async t => {
    const lines = [
      'wifi = Dome 1',
      'wifi-password = in the dark',
      'hostname = north',
      'cuntry = AT',
      `ssh-key = ${key}`,
    ]
    await again(machine, onCard('pierside.txt', lines.map(line => `${line}\r\n`).join('')))
    t.equal(await machine.out('cat /run/pierside/boot-faults 2>/dev/null || true'), '')
    t.equal(await machine.out('hostname 2>/dev/null || cat /proc/sys/kernel/hostname'), 'north')
    t.match(await machine.out('nmcli -t -f NAME connection show'), /^Dome 1$/m)
    t.match(await machine.out('nmcli -s -g 802-11-wireless-security.psk connection show "Dome 1"'), /^in the dark$/)
    const card = await machine.out('cat /boot/firmware/pierside.txt')
    t.notMatch(card, /in the dark/)
    t.match(card, /wifi-password = \(taken\)\r/)
    t.match(await machine.out('cat /boot/firmware/pierside-said.txt'), /line 4: “cuntry” .* “country”/)
    t.match(await stateOf(machine, 'setup'), { complaints: [/line 4/] })
    t.match(await machine.sh('touch /boot/firmware/x'), { code: 1, text: /Read-only/ }, 'the card is closed again')
    t.match(await machine.out(`${login} id -un`), /root/, 'SSH lets in by key')
    t.match(await machine.sh(`${login.replace('-i /data/key', '')} true`), { code: 255, text: /Permission denied/ })
  })

  let cookie = ''
  await t.test('set-up, and what an administrator may do then', async t => {
    const answer = await post(machine, '/api/setup', order)
    t.match(answer, { status: 200, code: /^\d{8}$/, byAddress: /^http:\/\/10\.0\.2\.15\/\?pair=\d{8}$/ })
    const paired = await post(machine, '/api/pair', { code: Object(answer).code, name: 'phone' })
    t.match(paired, { status: 200, role: 'administrator' })
    cookie = paired.cookie
    t.match(await stateOf(machine, 'setup'), { done: true })
    t.match(await probe(machine, 'captive.apple.com', '/hotspot-detect.html'), { status: 200 })
    t.match(await post(machine, '/api/actions/ssh-key', { keys: `${key}\n` }, cookie), { status: 200, keys: 1 })
    t.match(await machine.out('cat /data/system/ssh/page-keys'), /^ssh-ed25519 /, 'root has done what it was asked')
    t.match(await post(machine, '/api/actions/ssh-key', { keys: 'x' }, cookie), { status: 400 })
    await machine.out('mkdir -p /data/pierside/archive/n && touch /data/pierside/archive/n/a.fits')
  })

  await t.test('reset-network', async t => {
    await again(machine, onCard('reset-network.txt', ''))
    t.equal(await machine.out('ls /boot/firmware | grep reset || true'), '')
    t.notMatch(await machine.out('nmcli -t -f NAME connection show'), /Dome 1/)
    t.match(await stateOf(machine, 'setup'), { done: false, step: 'new' })
    t.equal(await identity(machine), before)
    t.equal(await machine.out('ls /data/pierside/archive/n'), 'a.fits')
    const session = await fetch(`${machine.url}/api/session`, { headers: { Cookie: cookie } })
    t.match(await session.json(), { paired: true, role: 'administrator' })
    t.match(await post(machine, '/api/actions/mount-stop', {}, cookie), { status: 403 })
  })

  await t.test('reset-everything', async t => {
    const another = `[ "$(cat /etc/machine-id)" != ${before.split('\n')[0]} ]`
    await again(machine, onCard('reset-everything', ''), another)
    const after = await identity(machine)
    for (const [at, line] of before.split('\n').entries()) t.not(line, after.split('\n')[at], line)
    t.equal(await machine.out('ls /data/pierside/archive/n'), 'a.fits', 'frames stay')
    const session = await fetch(`${machine.url}/api/session`, { headers: { Cookie: cookie } })
    t.match(await session.json(), { paired: false })
    t.notOk((await machine.out('ls /data/system/ssh')).includes('page-keys'))
  })
})
