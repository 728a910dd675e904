// The air around a machine of the image: radios of the kernel's own simulation (mac80211_hwsim), which all hear each
// other. The first is the machine's own; each other lives in a network namespace, as somebody's phone or router, and
// runs what the image has: wpa_supplicant, dnsmasq, busybox.
import type { ImageMachine } from './image-machine.js'

/** Who is around. */
export type Owner = 'phone' | 'router' | 'other'
const owners: readonly Owner[] = ['phone', 'router', 'other']
/** Run again at each start, before the machine looks around: routers outlive its power cuts. */
const stayed = '/data/around'

/** For bootImage: before NetworkManager starts the machine has one radio, as a board has, and sees no other. */
export const radios: Readonly<Record<string, string>> = {
  'r.service': `[Unit]
Description=Radios of the machine and of those around it
DefaultDependencies=no
After=systemd-udevd.service
Before=NetworkManager.service
RequiresMountsFor=/data
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '\
modprobe mac80211_hwsim radios=${owners.length + 1}; \
for at in ${owners.map((owner, at) => `${owner}:${at + 1}`).join(' ')}; do \
ip netns add $\${at%%:*}; iw phy phy$\${at#*:} set netns name $\${at%%:*}; \
mkdir -p /run/$\${at%%:*}; done; \
if [ -e ${stayed} ]; then sh ${stayed}; fi'
`,
}

/** Whatever is asked of the machine: a busy computer may make minutes of its seconds. */
const patienceMs = 600_000

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Question {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  /** Name in the address bar; that of the machine itself when absent. */
  readonly host?: string
  readonly body?: object
  readonly token?: string
}

const encoded = (text: string) => `$(echo ${Buffer.from(text).toString('base64')} | base64 -d)`

/** Runs a script of POSIX sh in somebody's network, in a folder of his; `$radio` is his radio. */
const at = (owner: Owner, script: string) =>
  `ip netns exec ${owner} sh -ec "${encoded(`cd /run/${owner}; radio=$(ls /sys/class/net | grep wlan); ${script}`)}"`

/** A script that repeats `what` until it holds; it ends with 1 when that takes too long. */
const until = (what: string, seconds: number) => `
end=$(($(cut -d . -f 1 /proc/uptime) + ${seconds}))
until ${what}; do [ $(cut -d . -f 1 /proc/uptime) -lt $end ]; sleep 0.3; done`

/** Ends what runs of his, if it runs. */
const end = (program: string, signal = 'TERM') => `
if [ -s ${program}.pid ]; then
  pid=$(cat ${program}.pid)
  kill -${signal} $pid
  ${until('! kill -0 $pid 2>/dev/null', 20)}
  rm -f ${program}.pid
fi`

const joined = 'wpa_cli -p $PWD/wpa -i $radio status | grep -q COMPLETED'

/** For one network, and from now on. */
const supplicant = (ssid: string, passphrase: string | undefined, more: string) => `${end('wpa')}
cat >wpa.conf <<'END'
network={
ssid="${ssid}"
${passphrase === undefined ? 'key_mgmt=NONE' : `key_mgmt=WPA-PSK\npsk="${passphrase}"`}
${more}
}
END
ip addr flush dev $radio
wpa_supplicant -B -i $radio -c wpa.conf -C $PWD/wpa -P $PWD/wpa.pid -f wpa.log`

export interface RouterOrder {
  readonly ssid: string
  readonly passphrase: string
  /** Its network, as in `192.168.77`. */
  readonly net: string
  /** It gives no addresses. */
  readonly mute?: boolean
}

/** Somebody's router. */
export function routerIn(machine: ImageMachine, owner: Owner) {
  // Nobody is told: no station hears a farewell, as when its plug is pulled.
  const off = `${end('dnsmasq')}${end('wpa', 'KILL')}
ip link set $radio down`
  const on = ({ ssid, passphrase, net, mute }: RouterOrder) => {
    const serve = `dnsmasq --conf-file=/dev/null --port=0 --interface=$radio --dhcp-range=${net}.10,${net}.90,1h \
--pid-file=$PWD/dnsmasq.pid --dhcp-leasefile=$PWD/leases`
    return at(
      owner,
      `${off}
${supplicant(ssid, passphrase, 'mode=2\nfrequency=2437\nproto=RSN\npairwise=CCMP')}
ip addr add ${net}.1/24 dev $radio
${mute ? '' : serve}
${until(joined, 30)}`,
    )
  }
  return {
    /** Settles when its network is in the air. */
    on: (order: RouterOrder) => machine.out(on(order), patienceMs),
    /** It is on whenever the machine starts. */
    stays: (order: RouterOrder) => machine.out(`cat >${stayed} <<'END'\n${on(order)}\nEND\nsync`),
    off: () => machine.out(at(owner, off), patienceMs),
  }
}

/** Somebody's phone. */
export function phoneIn(machine: ImageMachine, owner: Owner) {
  const run = (script: string) => machine.out(at(owner, script), patienceMs)
  return {
    /** It goes for that network from now on, and for no other. */
    choose: (ssid: string, passphrase?: string) => run(supplicant(ssid, passphrase, 'scan_ssid=1')),
    /** Settles when it is on its network and has an address; that of whoever gave it. */
    async arrives(withinMs: number): Promise<string> {
      const script = `rm -f router
cat >lease <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev $interface
ip addr add $ip/$mask dev $interface
echo $router >/run/${owner}/router
END
chmod +x lease
${until(`{ ${joined} && busybox udhcpc -i $radio -n -q -f -s $PWD/lease -t 4 -T 2; } >said 2>&1`, withinMs / 1000)}
cat router`
      const { code, text } = await machine.sh(at(owner, script), patienceMs)
      if (code === 0) return text
      throw new Error(`the ${owner} finds no way in: ${await run('cat said; tail -n 8 wpa.log')}`)
    },
    /** Settles when it has lost its network. */
    loses: (withinMs: number) => run(until(`! ${joined}`, withinMs / 1000)),
    /** Of the network it is on, MHz. */
    frequency: async () => Number.parseInt(await run(`iw dev $radio link | sed -n 's/.*freq: //p'`), 10),
    /** @param address of version 4 */
    async ask(address: string, question: Question): Promise<Answer> {
      const { method = 'GET', path, host = address, body, token } = question
      const text = body === undefined ? '' : JSON.stringify(body)
      const lines = [
        `${method} ${path} HTTP/1.1`,
        ...[`Host: ${host}`, 'Connection: close'],
        ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
        ...(text === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`]),
      ]
      const packed = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`).toString('base64')
      // Open at both ends: a line that its asker closes is not answered.
      const said = await run(`rm -f wire; mkfifo wire; exec 3<>wire
echo ${packed} | base64 -d >&3
busybox nc -w 20 ${address} 80 <&3`)
      if (!said.startsWith('HTTP/1.1 ')) throw new Error(`${path} was answered with “${said}”`)
      const [head, ...rest] = said.replaceAll('\r', '').split('\n\n')
      const [first, ...fields] = head.split('\n')
      const named = fields.map(line => /^(.*?): (.*)$/.exec(line)!)
      return {
        status: Number(first.split(' ')[1]),
        headers: Object.fromEntries(named.map(([, name, value]) => [name.toLowerCase(), value])),
        body: rest.join('\n\n'),
      }
    },
    /** The addresses of version 4 that the DNS at that address has for a name. */
    async resolve(server: string, name: string): Promise<string[]> {
      const { text } = await machine.sh(at(owner, `busybox nslookup -type=a ${name} ${server}`), patienceMs)
      return [...new Set([...text.matchAll(/^Name:.*\nAddress: (.*)$/gm)].map(([, address]) => address))]
    },
    /** The address that somebody around calls his by mDNS (RFC 6762, 6.7: a one-shot question). */
    resolveLocal: (name: string) => run(`node -e "${encoded(mdns)}" ${name} $radio`),
    /** Whether somebody listens at a port, and if not, whether that is said at once. */
    async port(address: string, port: number): Promise<'open' | 'refused' | 'silent'> {
      const script = `busybox nc -w 5 ${address} ${port} -e true`
      const { code, text } = await machine.sh(at(owner, script), patienceMs)
      return code === 0 ? 'open' : /refused/.test(text) ? 'refused' : 'silent'
    },
  }
}

const mdns = `
const [name, radio] = process.argv.slice(1)
const socket = require('node:dgram').createSocket('udp4')
const labels = name.split('.').map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
const [head, tail] = ['000100000001000000000000', '0000010001'].map(part => Buffer.from(part, 'hex'))
const question = Buffer.concat([head, ...labels, tail])
socket.on('message', answer => {
  const at = answer.indexOf(Buffer.from('c00c0001', 'hex'))
  if (at < 0) return
  console.log([...answer.subarray(at + 12, at + 16)].join('.'))
  process.exit(0)
})
socket.bind(0, () => {
  socket.setMulticastInterface(require('node:os').networkInterfaces()[radio][0].address)
  socket.send(question, 5353, '224.0.0.251')
})
setTimeout(() => process.exit(1), 10000)
`
