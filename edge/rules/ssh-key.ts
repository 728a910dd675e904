// A line of a public SSH key, as people paste it: believed only when it is one, and nothing but one.

const kinds = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com)$/
const longest = 8_192

/**
 * The key in one line, `kind base64 comment`, or undefined when the text is none. Options before the kind (`command=…`,
 * RFC 4716 headers, several lines) are refused: what a key may do is the box's affair.
 */
export function sshKey(text: string): string | undefined {
  if (text.length > longest) return undefined
  const [kind, blob, ...comment] = text.trim().split(/[ \t]+/)
  if (!kinds.test(kind) || blob === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return undefined
  // RFC 4253, 6.6: the blob begins with its own kind, as a string with its length before it.
  const bytes = Buffer.from(blob, 'base64')
  if (bytes.length < 4 || bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1') !== kind) return undefined
  const words = comment.join(' ').replace(/[^\x20-\x7e]/g, '')
  return `${kind} ${blob}${words && ` ${words}`}`
}
