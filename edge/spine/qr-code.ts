// QR codes, for terminals and for pages.
import { toString as draw } from 'qrcode'

export const qrForTerminal = (text: string): Promise<string> => draw(text, { type: 'terminal', small: true })

/** An SVG document; dark on light, as cameras want it, with the quiet zone around it. */
export const qrAsSvg = (text: string): Promise<string> => draw(text, { type: 'svg', margin: 3 })
