// A QR code drawn by the page itself: it is needed most when nothing answers any more.
import { encode } from 'uqr'

interface QrProps {
  readonly text: string
  /** What it is, for screen readers. */
  readonly label: string
}

/** Light round it, four modules wide, by which cameras find it (ISO/IEC 18004, 9.1). */
const quiet = 4

export function Qr({ text, label }: QrProps) {
  const { data, size } = encode(text, { ecc: 'M', border: quiet })
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <path d={dark} />
    </svg>
  )
}

/** What phones read as a Wi-Fi network; signs that mean something in it are escaped. */
export const wifiText = (ssid: string, passphrase: string | undefined): string => {
  const escaped = (text: string) => text.replace(/[\\;,:"]/g, '\\$&')
  const secret = passphrase ? `T:WPA;S:${escaped(ssid)};P:${escaped(passphrase)}` : `T:nopass;S:${escaped(ssid)}`
  return `WIFI:${secret};;`
}
