// Names of files and folders that every disk takes.

/**
 * One folder or file name that ext4, exFAT, NTFS and SMB all take: no `<>:"/\|?*` or control characters, no blank or
 * dot at either end, none of Windows' device names. May be empty when nothing is left.
 */
export function safeName(text: string): string {
  const plain = text
    .normalize('NFC')
    .replace(/[<>:"/\\|?*\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/gu, '-')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '')
  const device = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?=\.|$)/i.exec(plain)
  return device ? `${device[0]}_${plain.slice(device[0].length)}` : plain
}
